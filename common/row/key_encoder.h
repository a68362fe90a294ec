#pragma once

#include <span>
#include <vector>

#include "common/types/value.h"

namespace strom {

// How the values of key columns become bytes.
//
//   kCompacted   the values as in a compacted row (compacted_row.h), without null bits
//   kPaimon      an aligned row (aligned_row.h) of the key columns
//   kIceberg     exactly one column (iceberg_key.h)
//   kHudi        a hash of the values (hudi_key.h); cannot be decoded, for bucket keys only
//
// Encoded keys are compared for equality; only the compacted form keeps prefixes. None keeps order.
// Which one a table uses: table_keys.h.
enum class KeyEncoding : uint8_t { kCompacted, kPaimon, kIceberg, kHudi };

std::string_view ToName(KeyEncoding encoding);  // "compacted", "paimon", "iceberg", "hudi".

// Encodes and decodes the key columns of rows of one type. Immutable, so threads may share it.
class KeyEncoder {
 public:
  // `row_type` is the ROW of all columns (Schema::row_type()), `columns` are positions in it, in
  // key order. For rows that have only the key columns, pass their type and the positions 0, 1, ...
  // Errors: kInvalidTable for no columns, a column that does not exist, or types or a number of
  // columns that the encoding does not support.
  static Result<KeyEncoder> Make(KeyEncoding encoding, const DataType& row_type,
                                 std::span<const size_t> columns);

  KeyEncoding encoding() const { return encoding_; }
  const std::vector<size_t>& columns() const { return columns_; }
  // Types of the key columns, in key order.
  const std::vector<DataType>& types() const { return types_; }

  // Appends the key of `row`, which has a value for each column of the row type. Other columns are
  // not looked at. On error `out` is as before.
  // Errors: kCorruptRecord naming the column: NULL (but kHudi) or a value that does not fit.
  Status AppendKey(Bytes& out, const Row& row) const;
  Result<Bytes> EncodeKey(const Row& row) const;

  bool can_decode() const { return encoding_ != KeyEncoding::kHudi; }
  // The values of the key columns, in key order. Requires can_decode(). What kIceberg cuts off
  // (nanoseconds below a microsecond) does not come back.
  // Errors: kCorruptRecord, kCorruptMessage for bytes that are no key.
  Result<Row> DecodeKey(BytesView key) const;

 private:
  KeyEncoder(KeyEncoding encoding, size_t row_width, std::vector<size_t> columns,
             std::vector<DataType> types)
      : encoding_(encoding),
        row_width_(row_width),
        columns_(std::move(columns)),
        types_(std::move(types)) {}

  Status Append(Bytes& out, const Row& row) const;

  KeyEncoding encoding_;
  size_t row_width_;
  std::vector<size_t> columns_;
  std::vector<DataType> types_;
};

}  // namespace strom
