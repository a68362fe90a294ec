#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace strom::tidy {

// One text file of the source tree; `path` is relative to the repository's root.
struct SourceFile {
  std::string path;
  std::vector<std::string> lines;

  // "common/base" for "common/base/status.h".
  std::string folder() const;
  bool IsCpp() const;
};

// Every C++, CMake, script and Markdown file below `root`, sorted by path; build folders, data and
// hidden folders are left out.
std::vector<SourceFile> ReadTree(const std::string& root);

// "key: word word" rows of a table file; '#' starts a comment only at the line's start.
std::vector<std::pair<std::string, std::vector<std::string>>> ReadTable(const std::string& path);

// True if `folder` is named by one of `patterns`: "a/b" names that folder and those below it,
// "a/*" every folder below a, "*" everything.
bool Names(const std::vector<std::string>& patterns, const std::string& folder);

}  // namespace strom::tidy
