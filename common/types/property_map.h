#pragma once

#include <functional>
#include <map>
#include <string>

namespace strom {

// Properties of a table, database or function: texts by key, in the order of the keys.
using PropertyMap = std::map<std::string, std::string, std::less<>>;

}  // namespace strom
