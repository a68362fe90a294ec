#pragma once

#include <limits>

#include "common/base/endian.h"
#include "common/types/value.h"

// What the row formats share below the level of a row: null bits, fixed-width values, decimals as
// bytes, and the check that a value fits its type. Used inside common/row only; pure functions.
//
// One rule holds for every encoder and decoder: what a decoder returns, the encoder of the same
// format accepts. Values that do not fit are kCorruptRecord on both ways.
namespace strom::internal {

inline constexpr size_t kDecimalBytesMax = 16;
inline constexpr int64_t kLengthMax = std::numeric_limits<int32_t>::max();

// Null bits: bit i is in byte i / 8, mask 1 << (i mod 8), set = null.
constexpr size_t NullBytes(size_t count) { return (count + 7) / 8; }
inline bool TestBit(const char* bits, size_t i) { return (bits[i / 8] >> (i % 8) & 1) != 0; }
inline void SetBit(char* bits, size_t i) {
  bits[i / 8] = static_cast<char>(bits[i / 8] | (1 << (i % 8)));
}

constexpr size_t RoundUpTo8(size_t size) { return (size + 7) & ~size_t{7}; }

// The error for a value that cannot be stored as `type`.
Status Misfit(const Value& value, const DataType& type);
// OK if a variable-length part of `size` bytes can be described by 31 bits, else kRecordTooLarge.
Status CheckLength(size_t size);

// The value's alternative if it fits the type, else nullptr.
template <class Int>
const int64_t* FittingInt(const Value& value) {
  const auto* v = value.get_if<int64_t>();
  return v != nullptr && *v >= std::numeric_limits<Int>::min() &&
                 *v <= std::numeric_limits<Int>::max()
             ? v
             : nullptr;
}
// INT, DATE or TIME; the latter within one day.
const int64_t* FittingInt32(const Value& value, const DataType& type);
const Decimal* FittingDecimal(const Value& value, const DataType& type);
// A compact timestamp has no nanoseconds of the millisecond: they would be lost.
const Timestamp* FittingTimestamp(const Value& value, const DataType& type);

// The opposite direction: `to` becomes the value, if it fits.
Status LoadInt32(int32_t number, const DataType& type, Value& to);
Status LoadDecimal(__int128 unscaled, const DataType& type, Value& to);
Status LoadTimestamp(int64_t millis, int32_t nanos_of_milli, const DataType& type, Value& to);

// Bytes a non-null value takes where values have a fixed width (all little-endian): 1 BOOLEAN and
// TINYINT; 2 SMALLINT; 4 INT, DATE, TIME, FLOAT; 8 BIGINT, DOUBLE, compact DECIMAL and compact
// timestamps. 0 for all other types.
size_t FixedWidthOf(const DataType& type);
// FixedWidthOf(type) > 0 bytes at `to` or `from` belong to the value.
Status StoreFixed(char* to, const Value& value, const DataType& type);
Status LoadFixed(const char* from, const DataType& type, Value& to);

// Two's complement, big-endian, as few bytes as keep the sign: Java's BigInteger.toByteArray.
void AppendMinimalBigEndian(Bytes& to, __int128 value);
// Errors: kCorruptRecord for no bytes or more than 16.
Result<__int128> FromBigEndian(BytesView bytes);
// FromBigEndian and LoadDecimal.
Status LoadDecimalBytes(BytesView bytes, const DataType& type, Value& to);

}  // namespace strom::internal
