#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/runtime/strand.h"
#include "tablet/replica/replica_duties.h"
#include "tablet/server/peer_endpoint.h"

namespace strom::tablet {

// Has the leading coordinator take over snapshots of this server's replicas as completed.
//
// A commit that is not answered, or whose coordinator does not lead, is repeated with back-off, at
// the address that the view then has, for up to Options::commit_for.
//
// Any thread may call; lives on a strand of its own. Timers and answers find out themselves when it
// is gone.
class SnapshotCommitter : public std::enable_shared_from_this<SnapshotCommitter> {
 public:
  struct Options {
    std::string internal_listener;            // Its address of the coordinator is used.
    MonoDuration call_timeout = Seconds(10);  // The coordinator writes it to the metadata store.
    MonoDuration retry_min = Millis(100);     // After an error, doubling
    MonoDuration retry_max = Seconds(5);      // up to this.
    MonoDuration commit_for = Seconds(60);
  };

  using World = PeerWorld;

  SnapshotCommitter(World world, Options options);

  // See ReplicaDuties. A refusal is only told if no call before had an unknown outcome.
  void Commit(ReplicaDuties::SnapshotCommit commit, absl::AnyInvocable<void(Status)> done);
  // Answers all commits, of which then nobody knows what became, and takes no more.
  void Stop();

 private:
  struct Pending {
    ReplicaDuties::SnapshotCommit commit;
    absl::AnyInvocable<void(Status)> done;
    MonoTime give_up_at;
    MonoDuration delay;
    std::shared_ptr<rpc::Channel> channel = nullptr;  // While it is called.
    bool maybe_taken = false;                         // A call with it was not answered.
  };
  using PendingPtr = std::shared_ptr<Pending>;

  // All below on the strand.
  void Send(const PendingPtr& pending);
  void OnAnswer(const PendingPtr& pending, const Status& status);
  void RetryLater(const PendingPtr& pending, const Status& why);
  void Settle(const PendingPtr& pending, Status status);

  const World world_;
  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;
  std::vector<PendingPtr> pending_;
  bool stopped_ = false;
};

}  // namespace strom::tablet
