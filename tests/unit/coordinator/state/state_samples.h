#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/state/cluster_state.h"

namespace strom::coordinator {

inline TableInfo Table(int64_t id, std::string name, bool has_primary_key = false) {
  SchemaSpec spec;
  spec.columns.push_back({.name = "a", .type = DataType::Int().WithNullable(!has_primary_key)});
  if (has_primary_key) spec.primary_key = {"a"};
  return {.path = {"db", std::move(name)},
          .id = TableId(id),
          .schema_id = SchemaId(1),
          .descriptor = {.schema = Schema::Make(std::move(spec)).value()}};
}

inline TableBucket Bucket(int64_t table, int32_t bucket) {
  return {.table = TableId(table), .partition = std::nullopt, .bucket = BucketId(bucket)};
}

inline std::vector<ServerId> List(std::initializer_list<int> ids) {
  std::vector<ServerId> servers;
  for (const int id : ids) servers.emplace_back(id);
  return servers;
}

inline std::set<ServerId> Ids(std::initializer_list<int> ids) {
  std::set<ServerId> servers;
  for (const int id : ids) servers.insert(ServerId(id));
  return servers;
}

// One list of replicas for each bucket.
inline ReplicaLists Lists(const std::vector<std::vector<int>>& buckets) {
  ReplicaLists lists;
  for (size_t b = 0; b < buckets.size(); ++b) {
    for (const int server : buckets[b]) {
      lists[BucketId(static_cast<int32_t>(b))].emplace_back(server);
    }
  }
  return lists;
}

inline Leadership Of(int leader, int leader_epoch, int bucket_epoch, std::initializer_list<int> isr,
                     std::string awaited = {}) {
  return {ServerId(leader), LeaderEpoch(leader_epoch), BucketEpoch(bucket_epoch), List(isr),
          std::move(awaited)};
}

}  // namespace strom::coordinator
