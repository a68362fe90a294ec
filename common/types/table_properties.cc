#include "common/types/table_properties.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "common/base/nearest_name.h"
#include "common/base/units.h"

namespace strom {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Status ReadBool(std::string_view text, bool& out) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower != "true" && lower != "false") {
    return Error(ErrorCode::kInvalidConfig, "'{:.100}' is neither true nor false", text);
  }
  out = lower == "true";
  return Status::Ok();
}

template <class Int>
Status ReadInt(std::string_view text, int64_t min, int64_t max, Int& out) {
  const std::string_view digits = Trim(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Error(ErrorCode::kInvalidConfig, "'{:.100}' is no whole number", text);
  }
  if (value < min || value > max) {
    return Error(ErrorCode::kInvalidConfig, "{} is not between {} and {}", value, min, max);
  }
  out = static_cast<Int>(value);
  return Status::Ok();
}

Status ReadDuration(std::string_view text, int64_t& millis) {
  STROM_ASSIGN_OR_RETURN(millis, ParseDurationMillis(text));
  return Status::Ok();
}

template <class Enum>
Status ReadOption(std::string_view text, Enum& out) {
  STROM_ASSIGN_OR_RETURN(out, ParseOption<Enum>(Trim(text)));
  return Status::Ok();
}

// Reads into a value that may be absent, and now is not.
template <class T, class Read>
Status ReadInto(std::optional<T>& out, Read read) {
  return read(out.emplace());
}

Status ReadText(std::string_view text, std::optional<std::string>& out) {
  out = Trim(text);
  if (out->empty()) return Error(ErrorCode::kInvalidConfig, "the value is empty");
  return Status::Ok();
}

Status ReadColumns(std::string_view text, StatisticsColumns& out) {
  if (Trim(text) == "*") {
    out.all = true;
    return Status::Ok();
  }
  for (std::string_view rest = text; !Trim(rest).empty();) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view name = Trim(rest.substr(0, comma));
    if (name.empty())
      return Error(ErrorCode::kInvalidConfig, "'{:.100}' has an empty column", text);
    out.names.emplace_back(name);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return Status::Ok();
}

using Text = std::string_view;
using Props = TableProperties;

// One table.* property: how its text gets into TableProperties, and whether ALTER_TABLE may set it.
struct Property {
  std::string_view key;
  bool alterable;
  Status (*read)(Text text, Props& p);
};

constexpr int32_t kMin = INT32_MIN, kMax = INT32_MAX;

constexpr Property kProperties[] = {
    {kReplicationFactorKey, false,
     [](Text t, Props& p) {
       return ReadInto(p.replication_factor, [t](auto& v) { return ReadInt(t, 1, kMax, v); });
     }},
    {"table.log.format", false, [](Text t, Props& p) { return ReadOption(t, p.log_format); }},
    {"table.log.arrow.compression.type", false,
     [](Text t, Props& p) { return ReadOption(t, p.arrow_compression); }},
    {"table.log.arrow.compression.zstd.level", false,
     [](Text t, Props& p) { return ReadInt(t, 1, 22, p.zstd_level); }},
    {"table.log.ttl", true, [](Text t, Props& p) { return ReadDuration(t, p.log_ttl_ms); }},
    {"table.log.local-ttl", true,
     [](Text t, Props& p) {
       return ReadInto(p.log_local_ttl_ms, [t](auto& v) { return ReadDuration(t, v); });
     }},
    {"table.log.tiered.local-segments", true,
     [](Text t, Props& p) { return ReadInt(t, 1, kMax, p.log_tiered_local_segments); }},
    {"table.statistics.columns", true,
     [](Text t, Props& p) { return ReadColumns(t, p.statistics); }},
    {"table.kv.format", false, [](Text t, Props& p) { return ReadOption(t, p.kv_format); }},
    {kKvFormatVersionKey, false,
     [](Text t, Props& p) {
       return ReadInto(p.kv_format_version, [t](auto& v) { return ReadInt(t, 1, 2, v); });
     }},
    {kKvStandbyReplicaKey, true,
     [](Text t, Props& p) { return ReadBool(t, p.kv_standby_replica); }},
    {"table.merge-engine", false, [](Text t, Props& p) { return ReadOption(t, p.merge_engine); }},
    {"table.merge-engine.versioned.ver-column", false,
     [](Text t, Props& p) { return ReadText(t, p.version_column); }},
    {kDeleteBehaviorKey, false,
     [](Text t, Props& p) {
       return ReadInto(p.delete_behavior, [t](auto& v) { return ReadOption(t, v); });
     }},
    {"table.changelog.image", false,
     [](Text t, Props& p) { return ReadOption(t, p.changelog_image); }},
    {"table.auto-increment.cache-size", false,
     [](Text t, Props& p) { return ReadInt(t, 1, INT64_MAX, p.auto_increment_cache_size); }},
    {"table.auto-partition.enabled", true,
     [](Text t, Props& p) { return ReadBool(t, p.auto_partition.enabled); }},
    {"table.auto-partition.key", false,
     [](Text t, Props& p) { return ReadText(t, p.auto_partition.key); }},
    {"table.auto-partition.time-unit", false,
     [](Text t, Props& p) { return ReadOption(t, p.auto_partition.unit); }},
    {"table.auto-partition.time-format", false,
     [](Text t, Props& p) { return ReadText(t, p.auto_partition.time_format); }},
    {"table.auto-partition.time-zone", false,
     [](Text t, Props& p) { return ReadText(t, p.auto_partition.time_zone); }},
    {kPrecreateKey, true,
     [](Text t, Props& p) {
       return ReadInto(p.auto_partition.num_precreate,
                       [t](auto& v) { return ReadInt(t, 0, kPrecreatedPartitionsMax, v); });
     }},
    {"table.auto-partition.num-retention", true,
     [](Text t, Props& p) { return ReadInt(t, kMin, kMax, p.auto_partition.num_retention); }},
    {"table.datalake.enabled", true, [](Text t, Props& p) { return ReadBool(t, p.lake.enabled); }},
    {"table.datalake.historical-partition.enabled", true,
     [](Text t, Props& p) { return ReadBool(t, p.lake.historical_partition); }},
    {kLakeFormatKey, false,
     [](Text t, Props& p) {
       return ReadInto(p.lake.format, [t](auto& v) { return ReadOption(t, v); });
     }},
    {"table.datalake.freshness", true,
     [](Text t, Props& p) { return ReadDuration(t, p.lake.freshness_ms); }},
    {"table.datalake.auto-compaction", true,
     [](Text t, Props& p) { return ReadBool(t, p.lake.auto_compaction); }},
    {"table.datalake.auto-expire-snapshot", false,
     [](Text t, Props& p) { return ReadBool(t, p.lake.auto_expire_snapshot); }},
};

const Property* FindProperty(std::string_view key) {
  const auto* found = std::ranges::find(kProperties, key, &Property::key);
  return found != std::end(kProperties) ? found : nullptr;
}

// For messages: ", did you mean table.log.ttl?", or nothing.
std::string Suggestion(std::string_view key) {
  std::vector<std::string_view> keys;
  for (const Property& property : kProperties) keys.push_back(property.key);
  const std::string_view nearest = NearestName(key, keys);
  return nearest.empty() ? "" : ", did you mean " + std::string(nearest) + "?";
}

}  // namespace

Result<TableProperties> TableProperties::Parse(const PropertyMap& properties, UnknownKeys unknown) {
  TableProperties result;
  for (const auto& [key, value] : properties) {
    const Property* property = FindProperty(key);
    if (property != nullptr) {
      STROM_RETURN_IF_ERROR(property->read(value, result).WithContext("property " + key));
    } else if (unknown == UnknownKeys::kRefuse) {
      return Error(ErrorCode::kInvalidConfig, "'{:.100}' is no table property (value '{:.100}'){}",
                   key, value, Suggestion(key));
    }
  }
  return result;
}

Status TableProperties::ReadCustom(const PropertyMap& custom_properties) {
  const auto found = custom_properties.find(std::string(kDurabilityKey));
  if (found == custom_properties.end()) return Status::Ok();
  return ReadOption(found->second, durability.emplace())
      .WithContext("property " + std::string(kDurabilityKey));
}

DeleteBehavior TableProperties::EffectiveDeleteBehavior() const {
  const bool merges = merge_engine != MergeEngine::kLastRow;
  return delete_behavior.value_or(merges ? DeleteBehavior::kIgnore : DeleteBehavior::kAllow);
}

Status CheckAlterableProperty(std::string_view key) {
  if (!key.starts_with("table.")) return Status::Ok();
  const Property* property = FindProperty(key);
  if (property == nullptr) {
    return Error(ErrorCode::kInvalidAlterTable, "'{:.100}' is no table property{}", key,
                 Suggestion(key));
  }
  if (!property->alterable) {
    return Error(ErrorCode::kInvalidAlterTable,
                 "property {} of an existing table cannot be changed", key);
  }
  return Status::Ok();
}

}  // namespace strom
