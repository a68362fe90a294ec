#include "common/types/utf8.h"

#include <cstdint>

namespace strom {
namespace {

// What may follow a lead byte: `count` bytes of 0x80..0xBF, the first of them within [low, high].
struct Continuation {
  int count;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
};

Continuation After(uint8_t lead) {
  if (lead < 0x80) return {0};
  if (lead >= 0xC2 && lead <= 0xDF) return {1};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};  // Shorter forms exist below.
  if (lead == 0xED) return {2, 0x80, 0x9F};  // Surrogates above.
  if (lead >= 0xE1 && lead <= 0xEF) return {2};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead == 0xF4) return {3, 0x80, 0x8F};  // Beyond U+10FFFF above.
  if (lead >= 0xF1 && lead <= 0xF3) return {3};
  return {-1};
}

}  // namespace

bool IsUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const Continuation next = After(static_cast<uint8_t>(text[i++]));
    if (next.count < 0 || static_cast<size_t>(next.count) > text.size() - i) return false;
    for (int k = 0; k < next.count; ++k, ++i) {
      const auto byte = static_cast<uint8_t>(text[i]);
      if (byte < (k == 0 ? next.low : 0x80) || byte > (k == 0 ? next.high : 0xBF)) return false;
    }
  }
  return true;
}

}  // namespace strom
