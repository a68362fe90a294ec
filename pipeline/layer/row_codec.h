#pragma once

#include <cstdint>
#include <span>

#include "common/base/bytes.h"
#include "common/types/value.h"
#include "pipeline/layer/row_view.h"

// Rows as bytes, for state that is kept in memory: short, self-describing, and equal exactly if the
// rows are (floats by bits). Never leaves the process.
//
// A value: one byte of Value::Variant's index, then bool: a byte; int64, Decimal: zig-zag varint (a
// Decimal beyond 64 bits: another byte in the index's place, and its 16 bytes); float, double: their
// 4, 8 bytes; bytes: varint of the size, then they; Timestamp: zig-zag varint of millis, varint of
// nanos; lists, maps, rows: varint of the count, then values.
namespace strom::layer {

void AppendValue(const Value& value, Bytes& out);
Bytes EncodeRow(const Row& row);
Bytes EncodeView(const RowView& row);
Bytes EncodeColumns(const Row& row, std::span<const size_t> columns);
// Equal for values that SQL's = and GROUP BY take for equal: 0.0 and -0.0.
void AppendKey(const RowView& row, std::span<const size_t> columns, Bytes& out);

// Reads what was appended, or steps over it; `in` moves on. The bytes are our own: anything else is
// a bug.
Value ReadValue(BytesView& in);
void SkipValue(BytesView& in);
Row DecodeRow(BytesView encoded);

bool AnyNull(const RowView& row, std::span<const size_t> columns);

}  // namespace strom::layer
