#pragma once

#include <string>
#include <string_view>

namespace strom::testing {

// The absolute path of a file of the source tree, for tests that read data from it:
// SourcePath("tests/data/…"). Where the tree lies is compiled into this one object only, so that
// test objects of different checkouts are equal and a compiler cache serves them all.
std::string SourcePath(std::string_view path);

}  // namespace strom::testing
