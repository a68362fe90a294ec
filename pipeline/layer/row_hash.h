#pragma once

#include <cstdint>
#include <span>

#include "pipeline/layer/row_view.h"

// Hashes of rows as they are, without encoding them. Never leave the process.
namespace strom::layer {

// Equal for equal rows (Value's ==: floats by bits).
uint64_t HashRow(const RowView& row);

// Equal for values that SQL's = and GROUP BY take for equal: 0.0 and -0.0.
uint64_t HashKey(const RowView& row, std::span<const size_t> columns);

}  // namespace strom::layer
