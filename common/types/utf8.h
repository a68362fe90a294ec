#pragma once

#include <string_view>

namespace strom {

// True if `text` is well-formed UTF-8: no over-long forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

}  // namespace strom
