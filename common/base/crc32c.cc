#include "common/base/crc32c.h"

#include <array>

#include "common/base/endian.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace strom {
namespace {

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = MakeTable();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t ExtendHardware(uint32_t crc, BytesView bytes) {
  uint64_t state = crc ^ 0xffffffffu;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  for (; end - at >= 8; at += 8) state = _mm_crc32_u64(state, LoadLittle<uint64_t>(at));
  auto tail = static_cast<uint32_t>(state);
  for (; at != end; ++at) tail = _mm_crc32_u8(tail, static_cast<uint8_t>(*at));
  return tail ^ 0xffffffffu;
}
#endif

}  // namespace

uint32_t ExtendCrc32cPortable(uint32_t crc, BytesView bytes) {
  crc ^= 0xffffffffu;
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  return crc ^ 0xffffffffu;
}

uint32_t ExtendCrc32c(uint32_t crc, BytesView bytes) {
#if defined(__x86_64__)
  static const bool has_sse42 = __builtin_cpu_supports("sse4.2");
  if (has_sse42) return ExtendHardware(crc, bytes);
#endif
  return ExtendCrc32cPortable(crc, bytes);
}

uint32_t Crc32c(BytesView bytes) { return ExtendCrc32c(0, bytes); }

}  // namespace strom
