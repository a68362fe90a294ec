#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/base/check.h"

namespace strom::testing {

// A new, empty directory on the real disk; removed with all that is in it at the end of the scope.
class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "strom-test-XXXXXX").string();
    STROM_CHECK(::mkdtemp(name.data()) != nullptr) << name;
    path_ = std::move(name);
  }
  ~TempDir() {
    std::error_code ignored;  // What is left over there harms nobody.
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace strom::testing
