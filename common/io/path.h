#pragma once

#include <string>
#include <string_view>

namespace strom::io {

// "a/b" from "a" and "b"; `directory` may end with '/', or be empty: then just `name`.
std::string JoinPath(std::string_view directory, std::string_view name);

// The directory that holds `path`: "/a" of "/a/b", "/" of "/a", "." of "a". Ignores '/' at the end.
std::string ParentPath(std::string_view path);

// The last name of `path`: "b" of "/a/b/". Empty for "/".
std::string_view BaseName(std::string_view path);

}  // namespace strom::io
