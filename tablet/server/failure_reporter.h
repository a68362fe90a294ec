#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/strand.h"
#include "common/service/cluster_view.h"
#include "common/types/table_bucket.h"

namespace strom::tablet {

// Tells the leading coordinator which replicas of this server are out of service, so that others
// lead them and no ISR waits for them: one call in flight with all there are, repeated with
// back-off, at the address that the view then has, until one is answered.
//
// Any thread may call; lives on a strand of its own. Timers and answers find out themselves when
// it is gone.
class FailureReporter : public std::enable_shared_from_this<FailureReporter> {
 public:
  struct Options {
    ServerId self;
    std::string internal_listener;           // Its address of the coordinator is used.
    MonoDuration call_timeout = Seconds(5);  // The coordinator writes it to the metadata store.
    MonoDuration retry_min = Millis(50);     // After an error, doubling
    MonoDuration retry_max = Seconds(1);     // up to this.
  };

  // All outlive the reporter and what it has under way.
  struct World {
    runtime::Executor& executor;
    const runtime::Clock& clock;
    rpc::Network& network;
    const service::ClusterViewHolder& views;
  };

  FailureReporter(World world, Options options);

  // The life of this server that the coordinator knows: nothing is said before the first one.
  void SetStartEpoch(int64_t start_epoch);

  void Report(const TableBucket& bucket);

  // Says nothing any more.
  void Stop();

 private:
  // All below on the strand.
  void Send();
  void OnAnswer(const Status& status);
  void RetryLater(const Status& why);

  const World world_;
  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;

  std::optional<int64_t> start_epoch_;
  std::set<TableBucket> pending_;
  std::set<TableBucket> sent_;  // In the call in flight.
  std::shared_ptr<rpc::Channel> channel_;
  bool calling_ = false;
  bool stopped_ = false;
  runtime::TimerId retry_ = runtime::kNoTimer;
  MonoDuration delay_;
};

}  // namespace strom::tablet
