// Rules of the tree that a compiler does not check. Each failure names file, line and rule.
#include <algorithm>
#include <regex>

#include <catch2/catch_test_macros.hpp>

#include "tests/testing/source_tree.h"
#include "tests/tidy/tree.h"

namespace strom::tidy {
namespace {

const std::string kRoot = testing::SourcePath("");

const std::vector<SourceFile>& Tree() {
  static const std::vector<SourceFile> tree = ReadTree(kRoot);
  return tree;
}

bool IsTest(const SourceFile& file) {
  return file.path.starts_with("tests/") || file.path.starts_with("bench/");
}

// The folder an include names: "common/base" for "common/base/status.h".
std::string FolderOf(const std::string& include) {
  const size_t slash = include.rfind('/');
  return slash == std::string::npos ? "" : include.substr(0, slash);
}

std::string Join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

#define EXPECT_NONE(problems)                  \
  do {                                         \
    INFO((problems).size() << Join(problems)); \
    CHECK((problems).empty());                 \
  } while (false)

}  // namespace

TEST_CASE("the tree is where the test looks for it", "[tidy]") {
  REQUIRE(Tree().size() > 50);
  CHECK(std::any_of(Tree().begin(), Tree().end(),
                    [](const SourceFile& f) { return f.path == "common/base/status.h"; }));
}

TEST_CASE("includes follow the arrows", "[tidy]") {
  std::map<std::string, std::vector<std::string>> arrows;
  for (auto& [folder, allowed] : ReadTable(kRoot + "/tests/tidy/arrows.txt")) {
    arrows[folder] = allowed;
  }
  REQUIRE(arrows.contains("common/base"));
  static const std::regex kInclude("^\\s*#\\s*include \"([^\"]+)\"");
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp()) continue;
    const std::string folder =
        IsTest(file) ? file.path.substr(0, file.path.find('/')) : file.folder();
    const auto row = arrows.find(folder);
    if (row == arrows.end()) {
      problems.push_back(file.path + ": folder has no row in tests/tidy/arrows.txt");
      continue;
    }
    for (size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(file.lines[i], match, kInclude)) continue;
      const std::string target = FolderOf(match[1]);
      if (target.empty()) continue;  // A generated header beside the source.
      if (target == folder || Names(row->second, target)) continue;
      problems.push_back(file.path + ":" + std::to_string(i + 1) + ": " + folder +
                         " may not include " + target);
    }
  }
  EXPECT_NONE(problems);
}

TEST_CASE("libraries, threads and clocks stay in their homes", "[tidy]") {
  std::vector<std::string> problems;
  for (const auto& [row, homes] : ReadTable(kRoot + "/tests/tidy/homes.txt")) {
    const bool binds_tests = row.starts_with('!');
    const std::regex pattern(binds_tests ? row.substr(1) : row);
    for (const SourceFile& file : Tree()) {
      if (!file.IsCpp() || file.path.starts_with("tests/tidy/")) continue;
      if ((IsTest(file) && !binds_tests) || Names(homes, file.folder())) continue;
      for (size_t i = 0; i < file.lines.size(); ++i) {
        const std::string code = file.lines[i].substr(0, file.lines[i].find("//"));
        if (std::regex_search(code, pattern)) {
          problems.push_back(file.path + ":" + std::to_string(i + 1) + ": '" + row +
                             "' belongs in" + Join(homes));
        }
      }
    }
  }
  EXPECT_NONE(problems);
}

TEST_CASE("headers guard themselves", "[tidy]") {
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (!file.path.ends_with(".h")) continue;
    if (file.lines.empty() || file.lines[0] != "#pragma once") {
      problems.push_back(file.path + ":1: does not begin with #pragma once");
    }
  }
  EXPECT_NONE(problems);
}

// Slow third-party headers may stand in headers that say "For sources only", and those only in
// sources and in each other.
TEST_CASE("heavy third-party headers do not travel through our headers", "[tidy]") {
  static const std::regex kHeavy(
      "#include "
      "<(grpc|rocksdb/|asio|spdlog/|nlohmann/|CLI/|yaml-cpp/|zookeeper/|duckdb|libpq|httplib)");
  static const std::regex kInclude("^#include \"([^\"]+)\"");
  std::set<std::string> for_sources;
  for (const SourceFile& file : Tree()) {
    const bool says_so = std::any_of(file.lines.begin(), file.lines.end(), [](const auto& line) {
      return line.find("For sources only") != std::string::npos;
    });
    if (file.path.ends_with(".h") && says_so) for_sources.insert(file.path);
  }
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (!file.path.ends_with(".h") || for_sources.contains(file.path)) continue;
    for (const std::string& line : file.lines) {
      std::smatch match;
      if (std::regex_search(line, kHeavy) ||
          (std::regex_search(line, match, kInclude) && for_sources.contains(match[1]))) {
        problems.push_back(file.path + ": '" + line + "' but does not say \"For sources only\"");
      }
    }
  }
  EXPECT_NONE(problems);
}

TEST_CASE("files stay small, and every library is included by some test", "[tidy]") {
  std::vector<std::string> problems;
  std::set<std::string> libraries;
  std::set<std::string> tested;
  static const std::regex kInclude("^#include \"([^\"]+)/[^/\"]+\"");
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp()) continue;
    if (file.lines.size() > 900) {
      problems.push_back(file.path + ": " + std::to_string(file.lines.size()) + " lines");
    }
    if (!IsTest(file)) {
      if (file.path.ends_with(".cc") && !file.path.ends_with("/main.cc") &&
          !file.path.starts_with("examples/")) {
        libraries.insert(file.folder());
      }
      continue;
    }
    for (const std::string& line : file.lines) {
      std::smatch match;
      if (std::regex_search(line, match, kInclude)) tested.insert(match[1]);
    }
  }
  for (const std::string& library : libraries) {
    if (!tested.contains(library) && library != "common/platform") {
      problems.push_back(library + ": no test includes a header of it");
    }
  }
  EXPECT_NONE(problems);
}

// A mutant is one bug at one place, which the list of tests/sim names; products switch none on.
TEST_CASE("every mutant is at the one place that its list names", "[tidy]") {
  static const std::regex kListed("Mutant::(k[A-Za-z]+),");
  static const std::regex kPlace("\"([a-z_/]+\\.cc)\"");
  static const std::regex kUse("Mutated\\(Mutant::(k[A-Za-z]+)\\)");
  static const std::regex kEnumerator("^  (k[A-Za-z]+),$");
  std::set<std::string> mutants;
  std::map<std::string, std::string> listed;
  std::map<std::string, std::vector<std::string>> places;
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    if (!file.IsCpp() || file.path.starts_with("tests/tidy/")) continue;
    std::string last_listed;
    for (const std::string& line : file.lines) {
      std::smatch match;
      if (file.path == "common/base/mutation.h") {
        if (std::regex_search(line, match, kEnumerator)) mutants.insert(match[1]);
        continue;
      }
      if (file.path == "tests/sim/main/mutants.cc") {
        if (std::regex_search(line, match, kListed)) last_listed = match[1];
        if (std::regex_search(line, match, kPlace)) listed[last_listed] = match[1];
        continue;
      }
      if (IsTest(file)) continue;
      std::string rest = line;
      for (; std::regex_search(rest, match, kUse); rest = match.suffix()) {
        places[match[1]].push_back(file.path);
      }
      if (line.find("SwitchOn(") != std::string::npos) {
        problems.push_back(file.path + ": only tests switch mutants on");
      }
    }
  }
  mutants.erase("kNone");
  REQUIRE(mutants.size() >= 16);
  CHECK(listed.size() == mutants.size());
  for (const std::string& mutant : mutants) {
    if (places[mutant] == std::vector<std::string>{listed[mutant]}) continue;
    problems.push_back(mutant + " is listed at '" + listed[mutant] +
                       "', and it is in:" + Join(places[mutant]));
  }
  EXPECT_NONE(problems);
}

TEST_CASE("nothing unfinished and no registry's host is committed", "[tidy]") {
  // Spelled in pieces, so that this file passes its own test.
  const std::regex unfinished(std::string("\\bTO") + "DO\\b|\\bFIX" + "ME\\b|\\bXX" + "X\\b");
  const std::regex host(std::string("deb\\.deb") + "ian|registry\\.np" + "mjs|pypi\\.o" +
                        "rg|repo1?\\.mav" + "en|proxy\\.gol" + "ang|crates\\.i" + "o");
  std::vector<std::string> problems;
  for (const SourceFile& file : Tree()) {
    for (size_t i = 0; i < file.lines.size(); ++i) {
      const std::string place = file.path + ":" + std::to_string(i + 1);
      if (std::regex_search(file.lines[i], unfinished)) problems.push_back(place + ": unfinished");
      if (std::regex_search(file.lines[i], host)) problems.push_back(place + ": names a registry");
    }
  }
  EXPECT_NONE(problems);
}

TEST_CASE("folder patterns name what they should", "[tidy]") {
  CHECK(Names({"common/base"}, "common/base"));
  CHECK_FALSE(Names({"common/rpc"}, "common/rpc/grpc"));
  CHECK(Names({"common/*"}, "common/rpc/grpc"));
  CHECK_FALSE(Names({"common/*"}, "commonplace"));
  CHECK(Names({"*"}, "tablet/log"));
}

}  // namespace strom::tidy
