#include "cli/text_width.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include <fmt/core.h>

#include "common/types/utf8.h"

namespace strom::cli {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

// Characters without a width of their own: marks that stand over others, joiners, selectors.
constexpr Range kZero[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},
                           {0x0E34, 0x0E3A}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
                           {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20FF}, {0x302A, 0x302D},
                           {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};

// Wide and full-width characters (Unicode Standard Annex 11), in coarse blocks.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <size_t N>
bool In(const Range (&ranges)[N], uint32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [code](Range r) { return r.first <= code && code <= r.last; });
}

// Bytes of the character that begins with `lead`, and 1 for a byte that begins none.
size_t LengthByLead(unsigned char lead) {
  if (lead >= 0xF0) return 4;
  if (lead >= 0xE0) return 3;
  return lead >= 0xC0 ? 2 : 1;
}

// The character at the front of `text`; empty if no character is there.
std::string_view FrontCharacter(std::string_view text) {
  const std::string_view character = text.substr(0, LengthByLead(text.front()));
  return IsUtf8(character) ? character : std::string_view();
}

uint32_t CodePoint(std::string_view character) {
  if (character.size() == 1) return static_cast<unsigned char>(character[0]);
  uint32_t code = static_cast<unsigned char>(character[0]) & (0x7F >> character.size());
  for (const char c : character.substr(1))
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
  return code;
}

}  // namespace

size_t TextWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const std::string_view character = FrontCharacter(text);
    if (character.empty()) {
      ++width;
      text.remove_prefix(1);
      continue;
    }
    const uint32_t code = CodePoint(character);
    width += In(kZero, code) ? 0 : In(kWide, code) ? 2 : 1;
    text.remove_prefix(character.size());
  }
  return width;
}

std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view character = FrontCharacter(text);
    const auto byte = static_cast<unsigned char>(text.front());
    const uint32_t code = character.empty() ? 0 : CodePoint(character);
    if (character == "\n") {
      out += "\\n";
    } else if (character == "\t") {
      out += "\\t";
    } else if (code < 0x20 || code == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else if ((0x80 <= code && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
               (0x202A <= code && code <= 0x202E)) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      out += character;
    }
    text.remove_prefix(std::max<size_t>(1, character.size()));
  }
  return out;
}

}  // namespace strom::cli
