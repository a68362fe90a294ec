#pragma once

#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/types/job.h"

// What the nodes of jobs and their groups hold (ZkPaths::Job, ZkPaths::JobGroup); ours alone:
//
//   {"version":1,"name":"dwd.meters","kind":"layer","group":"dwd.meters","target":"dwd.meters",
//    "sources":["ods.meters"],"script":"INSERT INTO …","settings":{"strom.clock":"…"},
//    "goal":"run","registered_time":1700000000000}
//   {"version":1,"group":"dwd.meters","epoch":7,"worker":"w1","incarnation":"5f0c…"}
//
// Reading ignores unknown keys and is total. Errors: kUnknownServerError naming the document and
// the key.
namespace strom::metadata {

std::string ToJson(const JobRecord& job);
std::string ToJson(const JobGroupRecord& group);

Result<JobRecord> JobRecordFromJson(BytesView json);
Result<JobGroupRecord> JobGroupRecordFromJson(BytesView json);

}  // namespace strom::metadata
