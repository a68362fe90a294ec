#pragma once

#include <string>
#include <string_view>

namespace strom::cli {

// How many columns of a terminal `text` takes: 2 for a Chinese, Japanese or Korean character and
// for an emoji, 0 for a combining mark, else 1. `text` is UTF-8 without control characters; a byte
// that is none counts 1.
size_t TextWidth(std::string_view text);

// `text` as it can be shown in one line of a terminal, and does nothing there: line breaks and
// other control characters as \n, \t, \x1b; bytes that are no UTF-8 as \xff.
std::string Printable(std::string_view text);

}  // namespace strom::cli
