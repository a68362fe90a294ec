#include "tests/sim/checkers/whole_log.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace strom::sim {

ReplicaLog JoinTrimmed(std::span<const TrimmedSegment> trimmed, const TableBucket& bucket) {
  ReplicaLog all;
  std::map<LogOffset, std::pair<LoggedBatch, ServerId>> batches;
  std::map<LogOffset, LoggedRecord> records;
  for (const TrimmedSegment& segment : trimmed) {
    if (segment.bucket != bucket) continue;
    if (!segment.log.damage.empty()) all.damage = segment.log.damage;
    for (const LoggedBatch& batch : segment.log.batches) {
      const auto [known, is_new] =
          batches.insert({batch.base_offset, {batch, segment.server}});
      if (is_new || known->second.first.hash == batch.hash) continue;
      all.damage = fmt::format("servers {} and {} had different batches at {}",
                               known->second.second, segment.server, batch.base_offset);
    }
    for (const LoggedRecord& record : segment.log.records) records.insert({record.offset, record});
  }
  for (const auto& [base, batch] : batches) all.batches.push_back(batch.first);
  for (const auto& [offset, record] : records) all.records.push_back(record);
  return all;
}

LogOffset StartOf(const ReplicaLog& log, const ReplicaLog& trimmed) {
  if (!log.batches.empty()) return log.batches.front().base_offset;
  return trimmed.batches.empty() ? LogOffset(0) : trimmed.batches.back().next_offset;
}

std::vector<LoggedRecord> WholeLog(const FinalBucket& bucket) {
  const ReplicaLog& leader = bucket.replicas.at(bucket.leader);
  const LogOffset start = StartOf(leader, bucket.trimmed);
  std::vector<LoggedRecord> whole;
  whole.reserve(bucket.trimmed.records.size() + leader.records.size());
  for (const LoggedRecord& record : bucket.trimmed.records) {
    if (record.offset < start) whole.push_back(record);
  }
  whole.insert(whole.end(), leader.records.begin(), leader.records.end());
  return whole;
}

}  // namespace strom::sim
