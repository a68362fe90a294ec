#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <absl/functional/any_invocable.h>

#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/strand.h"
#include "common/service/cluster_view.h"
#include "proto/cluster.pb.h"
#include "proto/pb.h"

namespace strom::tablet {

// Whether a server that stops has anything to hand over: a bucket with replicas on others, while
// others live.
bool HasPeers(const service::ClusterView& view, ServerId self);

// Before a server stops: asks the leading coordinator to do without it (ControlledShutdown), which
// answers once others lead what it led, as far as anybody can. Until then the server serves and
// follows as ever: so no client meets a bucket without a leader.
//
// A courtesy, which must not keep the server from stopping: it is over at the limit, and much
// earlier if there is no coordinator. Asked again, at the address that the view then has, while
// the coordinator cannot be reached or does not lead.
//
// Lives on a strand of its own. Timers and answers find out themselves when it is gone.
class Handover : public std::enable_shared_from_this<Handover> {
 public:
  struct Options {
    ServerId self;
    std::string internal_listener;    // Its address of the coordinator is used.
    MonoDuration limit = Seconds(5);  // Of all of it.
    // While no coordinator can be reached at all: one that stops in order is followed at once by
    // another one, and one that died by the limit at best. Or the whole cluster stops.
    MonoDuration unreached_limit = Seconds(1);
    MonoDuration retry_min = Millis(50);   // After an error, doubling
    MonoDuration retry_max = Millis(400);  // up to this.
  };

  // All outlive the handover and what it has under way.
  struct World {
    runtime::Executor& executor;
    const runtime::Clock& clock;
    rpc::Network& network;
    const service::ClusterViewHolder& views;
  };

  // Once it is over: how many buckets are left to this server, or what kept the coordinator from
  // saying so.
  using Done = absl::AnyInvocable<void(Result<int>)>;

  Handover(World world, Options options);

  // `start_epoch`: of this server's life, as the coordinator knows it. `done` runs once, on the
  // strand, never inside this call. At most one call.
  void Run(int64_t start_epoch, Done done);

 private:
  // All below on the strand.
  void Ask();
  void OnAnswer(const Result<pb::ControlledShutdownResponse>& answer);
  void AskLater(const Status& why);
  void Finish(Result<int> outcome);

  const World world_;
  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;

  int64_t start_epoch_ = 0;
  Done done_;  // Until it is over.
  std::shared_ptr<rpc::Channel> channel_;
  MonoTime end_;
  MonoTime unreached_end_;
  MonoDuration delay_;
};

}  // namespace strom::tablet
