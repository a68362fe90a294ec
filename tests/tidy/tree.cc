#include "tests/tidy/tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace strom::tidy {
namespace fs = std::filesystem;
namespace {

bool IsText(const fs::path& path) {
  static const std::set<std::string> kEndings = {".h",    ".cc", ".inc", ".proto",
                                                 ".fbs",  ".sh", ".py",  ".cmake",
                                                 ".java", ".md", ".txt", ".xml"};
  return kEndings.contains(path.extension().string()) || path.filename() == "run";
}

std::vector<std::string> ReadLines(const fs::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::string SourceFile::folder() const {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool SourceFile::IsCpp() const {
  return path.ends_with(".h") || path.ends_with(".cc") || path.ends_with(".inc");
}

std::vector<SourceFile> ReadTree(const std::string& root) {
  std::vector<SourceFile> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator();
       ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory()) {
      if (name.starts_with('.') || name == "build" || name == "data" || name == "target") {
        it.disable_recursion_pending();
      }
      continue;
    }
    if (!it->is_regular_file() || !IsText(it->path())) continue;
    files.push_back({fs::relative(it->path(), root).string(), ReadLines(it->path())});
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<std::pair<std::string, std::vector<std::string>>> ReadTable(const std::string& path) {
  std::vector<std::pair<std::string, std::vector<std::string>>> rows;
  for (const std::string& line : ReadLines(path)) {
    if (line.empty() || line.starts_with("# ")) continue;
    // The last ": " (or a colon at the line's end) separates, so that patterns may hold colons.
    size_t colon = line.ends_with(':') ? line.size() - 1 : line.rfind(": ");
    if (colon == std::string::npos) continue;
    std::istringstream words(line.substr(colon + 1));
    std::vector<std::string> values;
    for (std::string word; words >> word;) values.push_back(word);
    rows.emplace_back(line.substr(0, colon), values);
  }
  return rows;
}

bool Names(const std::vector<std::string>& patterns, const std::string& folder) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    if (pattern == "*" || pattern == folder) return true;
    const bool all = pattern.ends_with("/*");
    return all ? folder.starts_with(pattern.substr(0, pattern.size() - 1)) : false;
  });
}

}  // namespace strom::tidy
