#include "pipeline/cdc/job_plan.h"

#include <optional>

#include <nlohmann/json.hpp>

namespace strom::cdc {
namespace {

using Json = nlohmann::json;

Json ToJson(const EventPosition& position) {
  return Json::array({position.commit_lsn.ToString(), position.ordinal});
}

Status Corrupt(std::string_view what) {
  return Error(ErrorCode::kCorruptRecord, "the stored progress has no usable \"{}\"", what);
}

Result<EventPosition> PositionOf(const Json& json, const char* name) {
  const auto at = json.find(name);
  if (at == json.end() || !at->is_array() || at->size() != 2 || !(*at)[0].is_string() ||
      !(*at)[1].is_number_unsigned()) {
    return Corrupt(name);
  }
  STROM_ASSIGN_OR_RETURN(const Lsn lsn, Lsn::Parse((*at)[0].get<std::string>()));
  return EventPosition{lsn, (*at)[1].get<uint64_t>()};
}

// Keys of JSON objects are texts; ours are ids.
std::optional<int64_t> IdOf(const std::string& key) {
  if (key.empty() || key.size() > 18) return std::nullopt;
  if (key.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::stoll(key);
}

Result<Json> Parse(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Corrupt("object");
  return json;
}

}  // namespace

BatchSequence BatchPlan::SequenceOf(TableId table, BucketId bucket) const {
  const auto buckets = sequences.find(table);
  if (buckets == sequences.end()) return BatchSequence(0);
  const auto at = buckets->second.find(bucket);
  return at == buckets->second.end() ? BatchSequence(0) : at->second;
}

SequenceBook BatchPlan::Advanced() const {
  SequenceBook book = sequences;
  for (const auto& [table, buckets] : touched) {
    for (const BucketId bucket : buckets) {
      const int32_t last = SequenceOf(table, bucket).value();
      book[table][bucket] = BatchSequence(last == INT32_MAX ? 0 : last + 1);
    }
  }
  return book;
}

std::string BatchPlan::ToText() const {
  Json book = Json::object();
  for (const auto& [table, buckets] : sequences) {
    Json& entry = book[std::to_string(table.value())] = Json::object();
    for (const auto& [bucket, sequence] : buckets) {
      entry[std::to_string(bucket.value())] = sequence.value();
    }
  }
  Json touching = Json::object();
  for (const auto& [table, buckets] : touched) {
    Json& entry = touching[std::to_string(table.value())] = Json::array();
    for (const BucketId bucket : buckets) entry.push_back(bucket.value());
  }
  Json emptied = Json::array();
  for (const TableId table : truncated) emptied.push_back(table.value());
  return Json{{"from", ToJson(from)},           {"to", ToJson(to)},
              {"writer", writer.value()},       {"writer_since", writer_since_ms},
              {"sequences", std::move(book)},   {"touched", std::move(touching)},
              {"truncated", std::move(emptied)}}
      .dump();
}

Result<BatchPlan> BatchPlan::FromText(const std::string& text) {
  STROM_ASSIGN_OR_RETURN(const Json json, Parse(text));
  BatchPlan plan;
  STROM_ASSIGN_OR_RETURN(plan.from, PositionOf(json, "from"));
  STROM_ASSIGN_OR_RETURN(plan.to, PositionOf(json, "to"));
  if (!json.contains("writer") || !json["writer"].is_number_integer()) return Corrupt("writer");
  plan.writer = WriterId(json["writer"].get<int64_t>());
  if (!json.contains("writer_since") || !json["writer_since"].is_number_integer()) {
    return Corrupt("writer_since");
  }
  plan.writer_since_ms = json["writer_since"].get<int64_t>();
  for (const char* const name : {"sequences", "touched"}) {
    if (!json.contains(name) || !json[name].is_object()) return Corrupt(name);
  }
  for (const auto& [table, buckets] : json["sequences"].items()) {
    const std::optional<int64_t> id = IdOf(table);
    if (!id || !buckets.is_object()) return Corrupt("sequences");
    for (const auto& [bucket, sequence] : buckets.items()) {
      const std::optional<int64_t> number = IdOf(bucket);
      if (!number || *number > INT32_MAX || !sequence.is_number_integer()) {
        return Corrupt("sequences");
      }
      plan.sequences[TableId(*id)][BucketId(static_cast<int32_t>(*number))] =
          BatchSequence(sequence.get<int32_t>());
    }
  }
  for (const auto& [table, buckets] : json["touched"].items()) {
    const std::optional<int64_t> id = IdOf(table);
    if (!id || !buckets.is_array()) return Corrupt("touched");
    for (const Json& bucket : buckets) {
      if (!bucket.is_number_integer()) return Corrupt("touched");
      plan.touched[TableId(*id)].insert(BucketId(bucket.get<int32_t>()));
    }
  }
  if (!json.contains("truncated") || !json["truncated"].is_array()) return Corrupt("truncated");
  for (const Json& table : json["truncated"]) {
    if (!table.is_number_integer()) return Corrupt("truncated");
    plan.truncated.insert(TableId(table.get<int64_t>()));
  }
  return plan;
}

std::string TableState::ToText() const {
  return Json{{"start", start.ToString()}, {"target", target.value()}}.dump();
}

Result<TableState> TableState::FromText(const std::string& text) {
  STROM_ASSIGN_OR_RETURN(const Json json, Parse(text));
  if (!json.contains("start") || !json["start"].is_string()) return Corrupt("start");
  if (!json.contains("target") || !json["target"].is_number_integer()) return Corrupt("target");
  STROM_ASSIGN_OR_RETURN(const Lsn start, Lsn::Parse(json["start"].get<std::string>()));
  return TableState{start, TableId(json["target"].get<int64_t>())};
}

}  // namespace strom::cdc
