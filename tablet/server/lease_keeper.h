#pragma once

#include <memory>
#include <string>

#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/strand.h"
#include "common/service/cluster_view.h"
#include "proto/strom.pb.h"
#include "tablet/replica/read_lease.h"

namespace strom::tablet {

// Keeps this server's lease (ReadLease): asks the leading coordinator for it, again and again, at
// the address that the view then has. Each time anew, without waiting for answers, which may never
// come; what is asked in vain is just asked once more.
//
// Lives on a strand of its own. Timers and answers find out themselves when it is gone.
class LeaseKeeper : public std::enable_shared_from_this<LeaseKeeper> {
 public:
  struct Options {
    ServerId self;
    std::string internal_listener;           // Its address of the coordinator is used.
    MonoDuration interval = Millis(200);     // Between two times.
    MonoDuration call_timeout = Seconds(1);  // A lease that comes later is over.
  };

  // All outlive the keeper and what it has under way.
  struct World {
    runtime::Executor& executor;
    const runtime::Clock& clock;
    rpc::Network& network;
    const service::ClusterViewHolder& views;
  };

  LeaseKeeper(World world, Options options);

  // Any thread; each at most once.
  void Start();
  void Stop();

  const ReadLease& lease() const { return lease_; }

 private:
  // All below on the strand.
  void Ask();
  // `asked` over the connection with this number.
  void OnAnswer(MonoTime asked, uint64_t connection, const Result<pb::RenewLeaseResponse>& answer);

  const World world_;
  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;
  ReadLease lease_;

  std::shared_ptr<rpc::Channel> channel_;
  uint64_t connection_ = 0;  // Number of channel_.
  bool stopped_ = false;
  bool failing_ = false;  // The last answer was none.
};

}  // namespace strom::tablet
