#pragma once

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/config/option.h"

namespace strom::config {

// The effective options of a process: defaults, then a YAML file, then overrides. Immutable once
// built; read by mains, which hand plain structs to constructors.
class Config {
 public:
  Config() = default;  // Defaults only.

  // `yaml` is a flat or nested mapping ("log.segment.file-size: 64mb" and "log: {segment: …}" mean
  // the same); empty text is fine. `overrides` are key=value texts and win. Errors: kInvalidConfig
  // for text that is no YAML mapping, an unknown key (with the nearest known one), a key given
  // twice in the file, a value that does not read as its type.
  static Result<Config> Parse(std::string_view yaml,
                              const std::vector<std::string>& overrides = {});

  template <class T>
  T Get(const Option<T>& option) const {
    return std::get<T>(ValueOf(option.info));
  }

  // Whether the option was given rather than defaulted.
  bool IsSet(const OptionInfo& option) const { return texts_.contains(option.key); }

  // Keys that Fluss knows and Strom ignores, found in the input: for one warning each.
  const std::vector<std::string>& ignored_keys() const { return ignored_; }

  // "key: value" lines of all options in table order, for the log at start and `--print-config`.
  std::string ToString() const;

 private:
  using Value = std::variant<bool, int64_t, double, std::string>;

  static Result<Value> ParseValue(const OptionInfo& option, std::string_view text);
  Status Set(const std::string& key, const std::string& text);
  Value ValueOf(const OptionInfo& option) const;

  std::map<std::string, std::string, std::less<>> texts_;
  std::vector<std::string> ignored_;
};

}  // namespace strom::config
