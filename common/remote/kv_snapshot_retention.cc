#include "common/remote/kv_snapshot_retention.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/mutation.h"

namespace strom::remote {

KvRetention PlanKvRetention(std::vector<CompletedKvSnapshot> completed,
                            const std::set<KvSnapshotId>& in_use, int retained_count) {
  STROM_CHECK(retained_count >= 1) << retained_count;
  std::sort(completed.begin(), completed.end());
  const size_t wanted = static_cast<size_t>(retained_count);
  const size_t first_retained = completed.size() > wanted ? completed.size() - wanted : 0;
  KvRetention plan;
  for (size_t i = 0; i < completed.size(); ++i) {
    const bool stays = i >= first_retained || in_use.contains(completed[i].id);
    (stays ? plan.kept : plan.dropped).push_back(completed[i]);
  }
  if (completed.size() >= wanted) plan.changelog_needed_from = completed[first_retained].log_offset;
  if (Mutated(Mutant::kChangelogTrimmedByNewest) && !completed.empty()) {
    plan.changelog_needed_from = completed.back().log_offset;
  }
  return plan;
}

}  // namespace strom::remote
