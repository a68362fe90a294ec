#pragma once

#include <cstdint>
#include <span>

#include "common/types/value.h"

// Hashes of rows as they are, without encoding them. Never leave the process.
namespace strom::layer {

// Equal for equal rows (Value's ==: floats by bits).
uint64_t HashRow(const Row& row);
uint64_t HashRow(const Row& row, std::span<const size_t> columns);

// Equal for values that SQL's = and GROUP BY take for equal: 0.0 and -0.0.
uint64_t HashKey(const Row& row, std::span<const size_t> columns);

}  // namespace strom::layer
