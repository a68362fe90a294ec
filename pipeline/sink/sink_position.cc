#include <string_view>

#include <nlohmann/json.hpp>

#include "pipeline/sink/sink.h"

namespace strom::sink {

using Json = nlohmann::json;

std::string SinkPosition::ToText() const {
  Json json = Json::object();
  for (const auto& [name, source] : sources) {
    Json next = Json::object();
    for (const auto& [bucket, offset] : source.next) next[std::to_string(bucket)] = offset;
    json[name] = {{"table_id", source.table_id}, {"next", std::move(next)}};
    if (source.clock_ms) json[name]["clock_ms"] = *source.clock_ms;
  }
  return json.dump();
}

Result<SinkPosition> SinkPosition::FromText(const std::string& text) {
  const auto corrupt = [&](std::string_view why) {
    return Error(ErrorCode::kCorruptRecord, "{} is no position of a sink: {}",
                 std::string_view(text).substr(0, 200), why);
  };
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return corrupt("not a JSON object");
  SinkPosition position;
  for (const auto& [name, entry] : json.items()) {
    if (!entry.is_object() || !entry.contains("table_id") || !entry.contains("next") ||
        !entry["table_id"].is_number_integer() || !entry["next"].is_object()) {
      return corrupt("source " + name + " lacks table_id or next");
    }
    Source source{.table_id = entry["table_id"].get<int64_t>(), .next = {}};
    if (entry.contains("clock_ms")) {
      if (!entry["clock_ms"].is_number_integer()) return corrupt("source " + name + ", clock_ms");
      source.clock_ms = entry["clock_ms"].get<int64_t>();
    }
    for (const auto& [bucket, offset] : entry["next"].items()) {
      const bool digits = !bucket.empty() && bucket.size() < 9 &&
                          bucket.find_first_not_of("0123456789") == std::string::npos;
      // A number above INT64_MAX reads as one below 0.
      if (!digits || !offset.is_number_integer() || offset.get<int64_t>() < 0) {
        return corrupt("source " + name + ", bucket " + bucket);
      }
      source.next.emplace(std::stoi(bucket), offset.get<int64_t>());
    }
    position.sources.emplace(name, std::move(source));
  }
  return position;
}

}  // namespace strom::sink
