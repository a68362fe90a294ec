#include "tests/unit/common/record/record_vectors.h"

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "tests/testing/source_tree.h"

namespace strom::record {

namespace {

std::map<std::string, Bytes, std::less<>> ReadVectors() {
  const std::string path = testing::SourcePath("tests/data/record_vectors.txt");
  std::ifstream file(path);
  STROM_CHECK(file.good()) << path;
  std::map<std::string, Bytes, std::less<>> vectors;
  std::map<std::string, size_t> sizes;
  std::string name;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '@') {
      std::istringstream words(line.substr(1));
      words >> name;
      words >> sizes[name];
    } else {
      vectors[name] += FromHex(line).value();
    }
  }
  for (const auto& [vector_name, bytes] : vectors) {
    STROM_CHECK(bytes.size() == sizes[vector_name]) << vector_name;
  }
  return vectors;
}

}  // namespace

const Bytes& Vector(std::string_view name) {
  static const auto* const vectors = new std::map(ReadVectors());
  const auto found = vectors->find(name);
  STROM_CHECK(found != vectors->end()) << name;
  return found->second;
}

}  // namespace strom::record
