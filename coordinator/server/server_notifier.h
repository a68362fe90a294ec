#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/runtime/strand.h"
#include "common/types/table_path.h"
#include "coordinator/server/notice_queue.h"
#include "coordinator/server/server_line.h"
#include "coordinator/server/view_sender.h"
#include "coordinator/state/cluster_state.h"
#include "proto/cluster.pb.h"
#include "proto/metadata.pb.h"
#include "proto/pb.h"
#include "proto/strom.pb.h"

namespace strom::coordinator {

// Who leads a bucket, for one of its replicas.
struct LeaderNotice {
  PhysicalTablePath path;
  std::vector<ServerId> replicas;
  Leadership leadership;
  // Until then a former leader may show rows: the new one acknowledges and shows none before.
  MonoTime withheld_until = {};
  // The leaders under this epoch and later ones, but for this one, have heard that they lead no
  // more.
  LeaderEpoch ended_since = {};
};

// The epochs of all groups of jobs.
using JobEpochs = std::map<std::string, int64_t>;

// Tells one live tablet server what the coordinator decided, until it has acknowledged all of it:
// leaders (NotifyLeaderAndIsr), replicas to delete (StopReplica), the view (UpdateMetadata), the
// epochs of jobs (UpdateJobEpochs), and, one bucket after another, what part of a changelog may go
// (NotifyKvSnapshotOffset).
//
// Each kind has at most one call under way, over one connection (ServerLine), and is repeated with
// back-off when a call fails. Newer news take the place of older ones that were not sent yet. The
// kinds do not wait for each other (a server that recovers a large log as new leader still gets
// views), but for one thing: a server hears of no leader before it knows the epochs that were there
// when it came, so it takes no write of a job that was taken over before.
//
// On the term's strand; timers and answers find out themselves when the notifier is gone. It is
// dropped when its server goes away, and what was not told with it.
class ServerNotifier : public std::enable_shared_from_this<ServerNotifier> {
 public:
  struct Timing {
    MonoDuration call_timeout = Seconds(60);  // A new leader may recover its log meanwhile.
    MonoDuration retry_min = Millis(100);
    MonoDuration retry_max = Seconds(5);
    ServerLine::Timing line;
  };

  using World = ServerLine::World;

  // Who listens to the answers; outlives the notifier. Called on the strand.
  class Observer {
   public:
    virtual ~Observer() = default;
    // The server has taken the role for the bucket that it was told.
    virtual void OnRoleTaken(ServerId server, const TableBucket& bucket,
                             const Leadership& told) = 0;
    // It could not; it is asked again, unless it is told something newer by then. `told`: under
    // which bucket epoch it was asked.
    virtual void OnRoleRefused(ServerId server, const TableBucket& bucket, BucketEpoch told,
                               const Status& why) = 0;
    virtual void OnReplicaRemoved(ServerId server, const TableBucket& bucket) = 0;
    // It knows another view, or an answer with any of the above is complete.
    virtual void OnProgress() = 0;
    // It has heard of a newer coordinator.
    virtual void OnDeposed(const Status& why) = 0;
    // Connections to it are refused, and then it answers again: in turns.
    virtual void OnRefused(ServerId server) = 0;
    virtual void OnReached(ServerId server) = 0;
  };

  ServerNotifier(World world, ServerId server, rpc::Endpoint endpoint, CoordinatorEpoch epoch,
                 Timing timing, Observer& observer);
  ~ServerNotifier();

  void Publish(uint64_t version, std::shared_ptr<const service::ClusterView> view);
  // Versions ascend. Once at least, before Send.
  void SetJobEpochs(uint64_t version, std::shared_ptr<const JobEpochs> epochs);
  void NotifyLeader(const TableBucket& bucket, LeaderNotice notice);
  void RemoveReplica(const TableBucket& bucket, LeaderEpoch epoch);
  // The bucket's changelog is needed from here on only.
  void NotifyNeededFrom(const TableBucket& bucket, LogOffset offset);
  // The table is gone: nothing has to be said of the bucket's leader and changelog any more.
  void ForgetLeader(const TableBucket& bucket) {
    leaders_.Withdraw(bucket);
    needed_from_.Withdraw(bucket);
  }
  // Sends what the calls above added, as far as it is possible now.
  void Send();

  uint64_t known_version() const { return view_.known_version(); }
  // Of the newest epochs of jobs that the server has acknowledged; none yet.
  std::optional<uint64_t> known_job_version() const { return known_job_version_; }

 private:
  // One kind of message.
  struct Lane {
    bool (ServerNotifier::*start)();  // Makes the next call; false if there is nothing to say.
    bool calling = false;
    runtime::TimerId retry = runtime::kNoTimer;
    MonoDuration delay;
  };

  // The buckets that one answer refuses.
  struct Refusals {
    size_t count = 0;
    TableBucket first_bucket;
    Status first;
    void Note(const TableBucket& bucket, const Status& why);
  };

  bool StartJobEpochs();
  bool StartView();
  bool StartLeaders();
  bool StartRemovals();
  bool StartNeededFrom();
  void OnJobEpochsAnswer(Result<pb::UpdateJobEpochsResponse> answer);
  void OnViewAnswer(Result<pb::UpdateMetadataResponse> answer);
  void OnLeadersAnswer(Result<pb::NotifyLeaderAndIsrResponse> answer);
  void OnRemovalsAnswer(Result<pb::StopReplicaResponse> answer);
  void OnNeededFromAnswer(Result<pb::NotifyKvSnapshotOffsetResponse> answer);

  template <class Method, class Request, class Response>
  void Call(const Method& method, const Request& request,
            void (ServerNotifier::*on_answer)(Result<Response>));
  void Run(Lane& lane);
  // Another process of the server may be behind the connection that there is now.
  void OnConnection();
  // A call of the lane is over.
  void Finish(Lane& lane, const Status& status);
  void RetryLater(Lane& lane);
  void OnNews(ServerLine::News news);
  // Sends what was parked once more after a while.
  void OnRefusals(const Refusals& refusals);
  // Logs it, and tells the observer if the server has a newer coordinator.
  void OnError(const Status& why);

  const World world_;
  const ServerId server_;
  const rpc::Endpoint endpoint_;
  const CoordinatorEpoch epoch_;
  const Timing timing_;
  Observer& observer_;

  const std::shared_ptr<ServerLine> line_;
  uint64_t connection_ = 0;  // That of what is known below.
  ViewSender view_;
  NoticeQueue<LeaderNotice> leaders_;
  NoticeQueue<LeaderEpoch> removals_;
  NoticeQueue<LogOffset> needed_from_;
  std::shared_ptr<const JobEpochs> job_epochs_;
  uint64_t job_version_ = 0;  // Of job_epochs_.
  JobEpochs known_job_epochs_;
  bool job_epochs_told_ = false;  // Over this connection: it may lead.
  std::optional<uint64_t> known_job_version_;
  std::pair<uint64_t, std::shared_ptr<const JobEpochs>>
      taken_job_epochs_;  // In the call under way.
  Lane job_lane_{&ServerNotifier::StartJobEpochs};
  Lane view_lane_{&ServerNotifier::StartView};
  Lane leader_lane_{&ServerNotifier::StartLeaders};
  Lane removal_lane_{&ServerNotifier::StartRemovals};
  Lane needed_from_lane_{&ServerNotifier::StartNeededFrom};
  runtime::TimerId unpark_ = runtime::kNoTimer;
  MonoDuration unpark_delay_;
};

}  // namespace strom::coordinator
