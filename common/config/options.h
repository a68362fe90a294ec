#pragma once

#include "common/config/option.h"

namespace strom::config {

#define STROM_OPTION(name, cpp_type, type, key, default_text, doc) \
  inline constexpr Option<cpp_type> name{{key, OptionType::type, default_text, doc}};
#include "common/config/options.inc"
#undef STROM_OPTION

}  // namespace strom::config
