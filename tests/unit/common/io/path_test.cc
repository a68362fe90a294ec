#include "common/io/path.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::io {

TEST_CASE("paths are joined with one slash", "[io]") {
  CHECK(JoinPath("/a", "b") == "/a/b");
  CHECK(JoinPath("/a/", "b") == "/a/b");
  CHECK(JoinPath("/", "b") == "/b");
  CHECK(JoinPath("", "b") == "b");
  CHECK(JoinPath("a", "b/c") == "a/b/c");
}

TEST_CASE("a path splits into parent and name", "[io]") {
  struct Row {
    const char* path;
    const char* parent;
    const char* name;
  };
  for (const Row& row : {
           Row{"/a/b", "/a", "b"},
           Row{"/a/b//", "/a", "b"},
           Row{"/a//b", "/a", "b"},
           Row{"/a", "/", "a"},
           Row{"a", ".", "a"},
           Row{"a/b", "a", "b"},
           Row{".", ".", "."},
           Row{"/", "/", ""},
           Row{"//", "/", ""},
           Row{"", ".", ""},
       }) {
    INFO(row.path);
    CHECK(ParentPath(row.path) == row.parent);
    CHECK(BaseName(row.path) == row.name);
  }
}

}  // namespace strom::io
