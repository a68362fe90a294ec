#include "tests/testing/source_tree.h"

namespace strom::testing {

std::string SourcePath(std::string_view path) {
  return std::string(STROM_SOURCE_DIR "/").append(path);
}

}  // namespace strom::testing
