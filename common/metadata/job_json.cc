#include "common/metadata/job_json.h"

#include <utility>

#include "common/metadata/json_documents.h"

namespace strom::metadata {
namespace {

// A name that is one of those that `from_name` knows.
template <class Enum>
Result<Enum> GetEnum(const json::In& object, const char* key,
                     std::optional<Enum> (*from_name)(std::string_view)) {
  STROM_ASSIGN_OR_RETURN(const std::string name, json::GetString(object, key));
  if (const std::optional<Enum> value = from_name(name)) return *value;
  return Error(ErrorCode::kInvalidTable, "'{}' is '{:.40}', which is none", key, name);
}

Result<JobRecord> ReadJob(const json::In& object, int32_t) {
  JobRecord job;
  JobDefinition& definition = job.definition;
  STROM_ASSIGN_OR_RETURN(definition.name, json::GetString(object, "name"));
  STROM_ASSIGN_OR_RETURN(definition.kind, GetEnum(object, "kind", JobKindFromName));
  STROM_ASSIGN_OR_RETURN(definition.group, json::GetString(object, "group"));
  STROM_ASSIGN_OR_RETURN(definition.target, json::GetString(object, "target"));
  STROM_ASSIGN_OR_RETURN(definition.sources, json::GetStrings(object, "sources"));
  STROM_ASSIGN_OR_RETURN(definition.script, json::GetString(object, "script"));
  STROM_ASSIGN_OR_RETURN(const PropertyMap settings, json::GetProperties(object, "settings"));
  definition.settings = {settings.begin(), settings.end()};
  STROM_RETURN_IF_ERROR(CheckJobDefinition(definition));
  STROM_ASSIGN_OR_RETURN(job.goal, GetEnum(object, "goal", JobGoalFromName));
  STROM_ASSIGN_OR_RETURN(job.registered_ms, document::GetInt64(object, "registered_time"));
  return job;
}

Result<JobGroupRecord> ReadGroup(const json::In& object, int32_t) {
  JobGroupRecord group;
  STROM_ASSIGN_OR_RETURN(group.fence.group, json::GetString(object, "group"));
  STROM_ASSIGN_OR_RETURN(group.fence.epoch, document::GetInt64(object, "epoch"));
  STROM_ASSIGN_OR_RETURN(auto worker, json::FindString(object, "worker"));
  STROM_ASSIGN_OR_RETURN(auto incarnation, json::FindString(object, "incarnation"));
  if (group.fence.epoch < 0 || worker.has_value() != incarnation.has_value()) {
    return Error(ErrorCode::kInvalidTable,
                 "'epoch' is {}, or only one of worker and incarnation is there",
                 group.fence.epoch);
  }
  group.worker = std::move(worker).value_or("");
  group.incarnation = std::move(incarnation).value_or("");
  return group;
}

}  // namespace

std::string ToJson(const JobRecord& job) {
  const JobDefinition& definition = job.definition;
  return json::Dump({{"version", 1},
                     {"name", definition.name},
                     {"kind", JobKindName(definition.kind)},
                     {"group", definition.group},
                     {"target", definition.target},
                     {"sources", definition.sources},
                     {"script", definition.script},
                     {"settings", definition.settings},
                     {"goal", JobGoalName(job.goal)},
                     {"registered_time", job.registered_ms}});
}

std::string ToJson(const JobGroupRecord& group) {
  json::Out out = {{"version", 1}, {"group", group.fence.group}, {"epoch", group.fence.epoch}};
  if (!group.worker.empty()) {
    out["worker"] = group.worker;
    out["incarnation"] = group.incarnation;
  }
  return json::Dump(out);
}

Result<JobRecord> JobRecordFromJson(BytesView json) {
  return document::Read("job", json, {1}, ReadJob);
}
Result<JobGroupRecord> JobGroupRecordFromJson(BytesView json) {
  return document::Read("job group", json, {1}, ReadGroup);
}

}  // namespace strom::metadata
