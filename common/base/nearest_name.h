#pragma once

#include <span>
#include <string_view>

namespace strom {

// The one of `names` that is most like `name` by edit distance, for "did you mean"; empty if none
// is close. Ignores names of more than 100 characters.
std::string_view NearestName(std::string_view name, std::span<const std::string_view> names);

}  // namespace strom
