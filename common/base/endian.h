#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <type_traits>

#include "common/base/bytes.h"

namespace strom {

static_assert(std::endian::native == std::endian::little, "Strom runs on little-endian machines");

template <class T>
concept FixedWidth = std::is_arithmetic_v<T>;

namespace internal {
template <FixedWidth T>
T ByteSwap(T value) {
  if constexpr (sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return std::bit_cast<T>(__builtin_bswap16(std::bit_cast<uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(__builtin_bswap32(std::bit_cast<uint32_t>(value)));
  } else {
    return std::bit_cast<T>(__builtin_bswap64(std::bit_cast<uint64_t>(value)));
  }
}
}  // namespace internal

// Fixed-width numbers at any alignment. The caller has checked that sizeof(T) bytes are there.
template <FixedWidth T>
T LoadLittle(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <FixedWidth T>
T LoadBig(const char* from) {
  return internal::ByteSwap(LoadLittle<T>(from));
}

template <FixedWidth T>
void StoreLittle(char* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

template <FixedWidth T>
void StoreBig(char* to, T value) {
  StoreLittle(to, internal::ByteSwap(value));
}

template <FixedWidth T>
void AppendLittle(Bytes& to, T value) {
  char raw[sizeof(T)];
  StoreLittle(raw, value);
  to.append(raw, sizeof(T));
}

template <FixedWidth T>
void AppendBig(Bytes& to, T value) {
  char raw[sizeof(T)];
  StoreBig(raw, value);
  to.append(raw, sizeof(T));
}

}  // namespace strom
