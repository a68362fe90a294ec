#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/ranges.h>

#include "common/convert/bucket.h"
#include "common/metadata/zk_json.h"
#include "common/rpc/methods.h"
#include "proto/cluster.pb.h"
#include "tests/unit/coordinator/server/coordinator_world.h"

namespace strom::coordinator {

inline const metadata::ZkPaths kPaths("/fluss");

inline Status CreateReplicated(CoordinatorWorld& world, const std::string& table, int buckets,
                               int replicas) {
  const std::string property = fmt::format(R"("table.replication.factor":"{}")", replicas);
  return world
      .Call(rpc::kCreateTable, CoordinatorWorld::TableRequest("fluss", table, buckets, property))
      .status();
}

inline bool IsIn(const std::vector<ServerId>& servers, int32_t server) {
  return std::ranges::find(servers, ServerId(server)) != servers.end();
}

// The leader of `bucket`, which knows what it was told, wants this ISR.
inline void AddProposal(const TableBucket& bucket, const TabletFake::Leader& told,
                        CoordinatorEpoch epoch, const std::vector<int32_t>& isr,
                        pb::AdjustIsrRequest* request) {
  pb::PbAdjustIsrReqForTable& table = *request->add_tables_req();
  table.set_table_id(bucket.table.value());
  pb::PbAdjustIsrReqForBucket& entry = *table.add_buckets_req();
  convert::SetBucket(bucket, &entry);
  entry.set_leader_epoch(told.leader_epoch.value());
  entry.set_bucket_epoch(told.bucket_epoch.value());
  entry.set_coordinator_epoch(epoch.value());
  for (const int32_t member : isr) entry.add_new_isr(member);
}

// What a proposal came to, as text.
inline std::string Accepted(int32_t bucket_epoch, const std::vector<int32_t>& isr) {
  return fmt::format("bucket epoch {}, ISR {}", bucket_epoch, fmt::join(isr, " "));
}
inline std::string Refused(ErrorCode code) {
  return fmt::format("error {}", static_cast<int>(code));
}

// A table with one bucket whose replicas are on three servers, and who leads it.
struct Replicated {
  explicit Replicated(uint64_t seed = 1, std::string directory = "") : world(seed) {
    for (int id = 1; id <= 3; ++id) {
      TabletFake& server = world.MakeServer(id);
      if (!directory.empty()) server.directory_id = directory;
      server.start_epoch = 100 + id;
      server.Start();
    }
    world.Lead();
    // Where the first replica goes is drawn: here server 1 leads.
    for (int attempt = 0;; ++attempt) {
      REQUIRE(attempt < 100);
      REQUIRE(CreateReplicated(world, "t", 1, 3).ok());
      bucket = BucketOf(world.IdOf("fluss", "t"), 0);
      world.Settle();
      seen = world.tablet(1).leaders.at(bucket);
      if (seen.leader == ServerId(1)) break;
      REQUIRE(world.DropTable("fluss", "t").ok());
    }
    coordinator_epoch = world.tablet(1).epoch;
  }

  pb::AdjustIsrRequest Request(const std::vector<int32_t>& isr) const {
    pb::AdjustIsrRequest request;
    request.set_serverid(proposer);
    AddProposal(bucket, seen, coordinator_epoch, isr, &request);
    return request;
  }
  std::string Propose(const std::vector<int32_t>& isr) {
    const auto answer = world.Call(rpc::kAdjustIsr, Request(isr), "coordinator", "INTERNAL");
    REQUIRE(answer.ok());
    const auto& entry = answer->tables_resp(0).buckets_resp(0);
    CHECK(entry.bucket_id() == bucket.bucket.value());
    if (entry.has_error_code()) return Refused(static_cast<ErrorCode>(entry.error_code()));
    CHECK(entry.leader_id() == proposer);
    return Accepted(entry.bucket_epoch(), {entry.isr().begin(), entry.isr().end()});
  }
  metadata::LeaderAndIsr Stored() {
    return metadata::LeaderAndIsrFromJson(world.Read(kPaths.LeaderAndIsr(bucket)).value.data)
        .value();
  }

  CoordinatorWorld world;
  TableBucket bucket;
  int32_t proposer = 1;
  TabletFake::Leader seen;  // What proposals are made in view of,
  CoordinatorEpoch coordinator_epoch;  // and under this one.
};

}  // namespace strom::coordinator
