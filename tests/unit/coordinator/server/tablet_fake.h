#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/metadata/meta_store.h"
#include "common/metadata/zk_paths.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/rpc/network.h"
#include "common/service/cluster_view.h"
#include "common/types/table_bucket.h"
#include "proto/cluster.pb.h"
#include "proto/metadata.pb.h"
#include "proto/strom.pb.h"
#include "proto/types.pb.h"
#include "tests/sim/world/sim_network.h"

namespace strom::coordinator {

// A tablet server as the coordinator sees it from across the network: it registers, notes what it
// is told, and answers as the script says.
class TabletFake {
 public:
  TabletFake(sim::SimScheduler& scheduler, sim::SimNetwork& wires, const runtime::Clock& clock,
             metadata::MetaStoreFactory& sessions, ServerId id);
  ~TabletFake();

  ServerId id() const { return id_; }
  const std::string& host() const { return host_; }

  // -- Life.

  // Opens its port and registers. It knows nothing.
  void Start(std::string internal_listener = "INTERNAL");
  // Dies: its registration goes, its connections break.
  void Die();
  // Dies as a process does that is killed: connections break and are refused, but its registration
  // stays until Die or ComeBack.
  void Crash();
  // The crash was none: the same life goes on, at the same address.
  void ComeBack();
  // Another process at the same address, which knows nothing and has not registered yet: the
  // registration of the one before is still there.
  void Replace();
  bool running() const { return session_ != nullptr; }

  // -- What it was told in this life.

  struct Leader {
    std::string path;
    ServerId leader;
    LeaderEpoch leader_epoch;
    BucketEpoch bucket_epoch;
    std::vector<ServerId> replicas;
    std::vector<ServerId> isr;
    friend bool operator==(const Leader&, const Leader&) = default;
  };
  std::map<TableBucket, Leader> leaders;  // The newest accepted word.
  // What the last word on each bucket said to withhold; not in here: nothing.
  std::map<TableBucket, int64_t> withhold_ms;
  std::map<TableBucket, LeaderEpoch> ended_since;  // Of the same.
  std::set<TableBucket> removed;                 // By StopReplica with delete.
  std::map<TableBucket, LogOffset> needed_from;  // As NotifyKvSnapshotOffset said last.
  service::ClusterView view;
  CoordinatorEpoch epoch{-1};  // The highest heard.
  int leader_calls = 0;        // Calls, not buckets.
  int view_calls = 0;
  int removal_calls = 0;
  int epoch_calls = 0;
  std::map<std::string, int64_t> job_epochs;
  std::vector<std::string> order;  // "view", "leaders", "removals", "epochs": as handlers saw them.

  // -- The script, for all lives.

  std::optional<std::string> directory_id;  // In its registration.
  std::optional<int64_t> start_epoch;
  bool hold_leaders = false;  // Keep calls until Release.
  bool hold_views = false;
  bool hold_epochs = false;
  std::optional<Status> leader_error;   // Of every bucket.
  LeaderEpoch spent_epoch{-1};          // Leads nothing under this one or an older one.
  std::optional<Status> removal_error;  // Of every bucket.
  std::optional<Status> call_error;     // Of every call as a whole.
  void Release();
  size_t held_count() const { return held_.size(); }

 private:
  void Update(rpc::Ref<pb::UpdateMetadataRequest> request,
              rpc::Responder<pb::UpdateMetadataResponse> respond);
  void Lead(rpc::Ref<pb::NotifyLeaderAndIsrRequest> request,
            rpc::Responder<pb::NotifyLeaderAndIsrResponse> respond);
  void Remove(rpc::Ref<pb::StopReplicaRequest> request,
              rpc::Responder<pb::StopReplicaResponse> respond);
  void UpdateEpochs(rpc::Ref<pb::UpdateJobEpochsRequest> request,
                    rpc::Responder<pb::UpdateJobEpochsResponse> respond);
  void NeedFrom(rpc::Ref<pb::NotifyKvSnapshotOffsetRequest> request,
                rpc::Responder<pb::NotifyKvSnapshotOffsetResponse> respond);
  void Forget();
  Status CheckEpoch(int32_t sent);
  void Listen(uint16_t port);

  sim::SimScheduler& scheduler_;
  sim::SimNetwork& wires_;
  metadata::MetaStoreFactory& sessions_;
  const ServerId id_;
  const std::string host_;
  runtime::Strand strand_;
  std::unique_ptr<rpc::Network> network_;
  rpc::Dispatcher dispatcher_;
  std::unique_ptr<rpc::Listener> listener_;
  std::unique_ptr<metadata::MetaStore> session_;
  std::deque<runtime::Task> held_;
  int life_ = 0;
  uint16_t port_ = 0;
};

}  // namespace strom::coordinator
