#pragma once

namespace strom::cli {

inline constexpr const char* kVersion = STROM_VERSION;

}  // namespace strom::cli
