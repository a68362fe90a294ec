#include "common/config/config.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <yaml-cpp/yaml.h>

#include "common/base/nearest_name.h"
#include "common/base/units.h"

namespace strom::config {
namespace {

const OptionInfo* FindOption(std::string_view key) {
  for (const OptionInfo* option : AllOptions()) {
    if (option->key == key) return option;
  }
  return nullptr;
}

// Nested mappings become dotted keys; sequences become comma separated texts.
Status Flatten(const YAML::Node& node, const std::string& prefix,
               std::vector<std::pair<std::string, std::string>>& out) {
  if (node.IsMap()) {
    for (const auto& entry : node) {
      const std::string key = entry.first.as<std::string>();
      STROM_RETURN_IF_ERROR(Flatten(entry.second, prefix.empty() ? key : prefix + "." + key, out));
    }
    return Status::Ok();
  }
  if (prefix.empty()) return Error(ErrorCode::kInvalidConfig, "configuration is no YAML mapping");
  if (node.IsSequence()) {
    std::string joined;
    for (const auto& item : node) {
      if (!item.IsScalar()) {
        return Error(ErrorCode::kInvalidConfig, "option {}: a list may hold only texts", prefix);
      }
      joined += (joined.empty() ? "" : ",") + item.as<std::string>();
    }
    out.emplace_back(prefix, joined);
    return Status::Ok();
  }
  out.emplace_back(prefix, node.IsNull() ? "" : node.as<std::string>());
  return Status::Ok();
}

template <class T>
Result<T> ParseNumber(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error(ErrorCode::kInvalidConfig, "'{}' is no number", text);
  }
  return value;
}

}  // namespace

Result<Config> Config::Parse(std::string_view yaml, const std::vector<std::string>& overrides) {
  std::vector<std::pair<std::string, std::string>> entries;
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (!root.IsNull()) STROM_RETURN_IF_ERROR(Flatten(root, "", entries));
  } catch (const YAML::Exception& e) {
    return Error(ErrorCode::kInvalidConfig, "configuration is no YAML: {}", e.what());
  }
  Config config;
  std::set<std::string> seen;
  for (const auto& [key, text] : entries) {
    if (!seen.insert(key).second) {
      return Error(ErrorCode::kInvalidConfig, "option {} is given twice", key);
    }
    STROM_RETURN_IF_ERROR(config.Set(key, text));
  }
  for (const std::string& entry : overrides) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos) {
      return Error(ErrorCode::kInvalidConfig, "override '{}' is not of the form key=value", entry);
    }
    STROM_RETURN_IF_ERROR(config.Set(entry.substr(0, equals), entry.substr(equals + 1)));
  }
  return config;
}

Status Config::Set(const std::string& key, const std::string& text) {
  const OptionInfo* option = FindOption(key);
  if (!option) {
    const auto ignored = IgnoredFlussKeys();
    if (std::find(ignored.begin(), ignored.end(), key) != ignored.end()) {
      ignored_.push_back(key);
      return Status::Ok();
    }
    std::vector<std::string_view> known;
    for (const OptionInfo* info : AllOptions()) known.push_back(info->key);
    const std::string_view nearest = NearestName(key, known);
    return Error(ErrorCode::kInvalidConfig, "unknown option {}{}{}", key,
                 nearest.empty() ? "" : "; did you mean ",
                 nearest.empty() ? "" : std::string(nearest) + "?");
  }
  STROM_RETURN_IF_ERROR(ParseValue(*option, text).status());
  texts_[key] = text;
  return Status::Ok();
}

Result<Config::Value> Config::ParseValue(const OptionInfo& option, std::string_view text) {
  const auto wrap = [&](auto result) -> Result<Value> {
    if (result.ok()) return Value(*result);
    return Error(ErrorCode::kInvalidConfig, "option {} ({}): {}", option.key,
                 OptionTypeName(option.type), result.status().message());
  };
  switch (option.type) {
    case OptionType::kBool:
      if (text == "true") return Value(true);
      if (text == "false") return Value(false);
      return Error(ErrorCode::kInvalidConfig, "option {} (boolean): '{}' is neither true nor false",
                   option.key, text);
    case OptionType::kInt:
      return wrap(ParseNumber<int64_t>(text));
    case OptionType::kDouble:
      return wrap(ParseNumber<double>(text));
    case OptionType::kString:
      return Value(std::string(text));
    case OptionType::kDuration:
      return wrap(ParseDurationMillis(text));
    case OptionType::kMemory:
      return wrap(ParseMemorySize(text));
  }
  STROM_UNREACHABLE();
}

Config::Value Config::ValueOf(const OptionInfo& option) const {
  const auto it = texts_.find(option.key);
  const std::string_view text =
      it == texts_.end() ? option.default_text : std::string_view(it->second);
  return ParseValue(option, text).value();  // Defaults are checked by a test, the rest by Set.
}

std::string Config::ToString() const {
  std::string out;
  for (const OptionInfo* option : AllOptions()) {
    const auto it = texts_.find(option->key);
    const bool is_set = it != texts_.end();
    out += fmt::format("{}: {}{}\n", option->key,
                       is_set ? std::string_view(it->second) : option->default_text,
                       is_set ? "" : "  # default");
  }
  return out;
}

}  // namespace strom::config
