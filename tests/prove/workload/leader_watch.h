#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "common/metadata/meta_store.h"
#include "common/metadata/zk_paths.h"
#include "common/runtime/strand.h"
#include "tests/prove/workload/prove_world.h"
#include "tests/sim/checkers/history.h"

namespace strom::prove {

// Follows who leads the buckets of a round and who is in sync, as it stands in ZooKeeper: looks ten
// times a second, so it may miss a state that another one replaced quickly. Any thread. Destroyed
// when nothing runs in the world any more.
class LeaderWatch {
 public:
  // `written` is told of each new state. Errors: kInvalidConfig for an address that cannot be.
  static Result<std::unique_ptr<LeaderWatch>> Open(
      ProveWorld& world, const std::string& zookeeper,
      std::function<void(sim::LeadershipWrite)> written);

  // These from now on, and no others.
  void Follow(std::vector<TableBucket> buckets);

  // As they were seen last; buckets that were not seen yet are missing.
  std::map<TableBucket, metadata::LeaderAndIsr> current() const;

  // A bucket that does not have this many replicas in sync, or was not looked at since `since`, as
  // text; or "".
  std::string NotFull(size_t replicas, MonoTime since) const;

 private:
  LeaderWatch(ProveWorld& world, std::unique_ptr<metadata::MetaStoreFactory> sessions,
              std::function<void(sim::LeadershipWrite)> written);

  void Look();
  void OnNode(const TableBucket& bucket, MonoTime asked,
              const metadata::MetaResult<metadata::Node>& node);

  struct Seen {
    metadata::LeaderAndIsr leadership;
    MonoTime at;
  };

  ProveWorld& world_;
  const metadata::ZkPaths paths_{"/fluss"};
  const std::function<void(sim::LeadershipWrite)> written_;
  runtime::Strand strand_;
  const std::unique_ptr<metadata::MetaStoreFactory> sessions_;
  std::unique_ptr<metadata::MetaStore> store_;
  size_t unanswered_ = 0;  // On the strand.
  mutable absl::Mutex mutex_;
  std::vector<TableBucket> buckets_ ABSL_GUARDED_BY(mutex_);
  std::map<TableBucket, Seen> seen_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::prove
