#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/runtime/time.h"

namespace strom::cli {

// What a command was called with: the texts of its options and positionals, by their names
// ("--server", "TABLE"). All were checked against the command's table while they were parsed, so
// the getters below cannot fail; asking for a name that the command does not have is our mistake.
class Arguments {
 public:
  using Texts = std::vector<std::string>;

  Arguments() = default;
  explicit Arguments(std::map<std::string, Texts, std::less<>> texts) : texts_(std::move(texts)) {}

  // Given on the command line, or having a default.
  bool Has(std::string_view name) const { return !Of(name).empty(); }
  bool Flag(std::string_view name) const { return Has(name); }
  // The only text; empty if there is none.
  std::string Text(std::string_view name) const;
  const Texts& All(std::string_view name) const { return Of(name); }
  // Of arguments with one of the checks below.
  int64_t Int(std::string_view name) const;
  MonoDuration Duration(std::string_view name) const;

 private:
  const Texts& Of(std::string_view name) const;

  std::map<std::string, Texts, std::less<>> texts_;
};

// "a,b, c" as its parts, without space around them.
std::vector<std::string> SplitList(std::string_view text);

// Checks of an argument's text; the message says what is wrong with it, not where it stands.
Status CheckCount(const std::string& text);      // A whole number from 1 on.
Status CheckDuration(const std::string& text);   // "10 s"; more than nothing.
Status CheckKeyValue(const std::string& text);   // "key=value".
Status CheckAddress(const std::string& text);    // "host:port", ":port", "[::1]:port".
Status CheckAddresses(const std::string& text);  // One or several of them: "a:1,b:2".
Status CheckTablePath(const std::string& text);  // "database.table".

}  // namespace strom::cli
