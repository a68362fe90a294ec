#include "pipeline/layer/row_hash.h"

#include <bit>
#include <string_view>
#include <type_traits>

#include <absl/hash/hash.h>

namespace strom::layer {
namespace {

// For a given `hash` no two words give the same, and each bit of it comes to count in the upper
// ones, which the shift brings down.
uint64_t Mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15;
  return hash ^ (hash >> 32);
}

uint64_t Add(uint64_t hash, const Value& value, bool zeros_are_one);

uint64_t AddAll(uint64_t hash, const std::vector<Value>& values, bool zeros_are_one) {
  hash = Mix(hash, values.size());
  for (const Value& value : values) hash = Add(hash, value, zeros_are_one);
  return hash;
}

// `zeros_are_one`: 0.0 and -0.0 hash alike.
uint64_t Add(uint64_t hash, const Value& value, bool zeros_are_one) {
  // What the value is, and, beside it, what it holds: the same number as another type is another.
  hash = std::rotl(hash, 23) + value.variant().index() * 0xD6E8FEB86659FD93;
  return std::visit(
      [&]<class T>(const T& v) -> uint64_t {
        if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, int64_t>) {
          return Mix(hash, static_cast<uint64_t>(v));
        } else if constexpr (std::is_same_v<T, float>) {
          return Mix(hash, std::bit_cast<uint32_t>(zeros_are_one && v == 0 ? 0 : v));
        } else if constexpr (std::is_same_v<T, double>) {
          return Mix(hash, std::bit_cast<uint64_t>(zeros_are_one && v == 0 ? 0 : v));
        } else if constexpr (std::is_same_v<T, Decimal>) {
          const auto low = static_cast<uint64_t>(v.unscaled);
          const auto high = static_cast<int64_t>(v.unscaled >> 64);
          hash = Mix(hash, low);
          // Of most the upper half only repeats the sign.
          return high == static_cast<int64_t>(low) >> 63 ? hash
                                                         : Mix(hash, static_cast<uint64_t>(high));
        } else if constexpr (std::is_same_v<T, Bytes>) {
          return Mix(hash, absl::HashOf(std::string_view(v)));
        } else if constexpr (std::is_same_v<T, Timestamp>) {
          return Mix(Mix(hash, static_cast<uint64_t>(v.millis)),
                     static_cast<uint64_t>(v.nanos_of_milli));
        } else if constexpr (std::is_same_v<T, Value::MapPtr>) {
          hash = Mix(hash, v->size());
          for (const auto& [key, mapped] : *v) {
            hash = Add(Add(hash, key, zeros_are_one), mapped, zeros_are_one);
          }
          return hash;
        } else if constexpr (std::is_same_v<T, Value::ListPtr>) {
          return AddAll(hash, *v, zeros_are_one);
        } else if constexpr (std::is_same_v<T, Value::RowPtr>) {
          return AddAll(hash, *v.row, zeros_are_one);
        } else {
          return Mix(hash, 0);  // NULL.
        }
      },
      value.variant());
}

constexpr uint64_t kSeed = 0x2545F4914F6CDD1D;

uint64_t Finish(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
  return hash ^ (hash >> 33);
}

}  // namespace

uint64_t HashRow(const RowView& row) {
  uint64_t hash = kSeed;
  for (size_t i = 0; i < row.size(); ++i) hash = Add(hash, row[i], false);
  return Finish(hash);
}

uint64_t HashKey(const RowView& row, std::span<const size_t> columns) {
  uint64_t hash = kSeed;
  for (const size_t column : columns) hash = Add(hash, row[column], true);
  return Finish(hash);
}

}  // namespace strom::layer
