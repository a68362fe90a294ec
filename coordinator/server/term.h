#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/metadata/catalog.h"
#include "common/runtime/random.h"
#include "common/service/cluster_view.h"
#include "common/types/job.h"
#include "coordinator/server/answer.h"
#include "coordinator/server/catalog_loader.h"
#include "coordinator/server/event_queue.h"
#include "coordinator/server/replica_counts.h"
#include "coordinator/server/server_notifier.h"
#include "coordinator/server/table_request.h"
#include "coordinator/server/tablet_server_watch.h"
#include "coordinator/server/view_builder.h"
#include "coordinator/server/waits.h"
#include "coordinator/state/cluster_state.h"
#include "coordinator/state/job_registry.h"
#include "coordinator/state/lease_book.h"

namespace strom::coordinator {

// How workers are watched.
struct JobTiming {
  MonoDuration lease = Seconds(5);  // Unheard for so long, a worker loses its jobs.
  MonoDuration heartbeat_interval = Seconds(1);
};

struct TermOptions {
  std::string id;                          // Of this coordinator, a text.
  std::string root;                        // zookeeper.path.root
  std::string internal_listener;           // Name of the listener through which servers are told.
  MonoDuration follow_wait = Seconds(30);  // How long CREATE_TABLE waits for leaders.
  size_t commands_max = 1000;              // Waiting for their turn; more are refused.
  int kv_snapshots_retained = 2;           // kv.snapshot.num-retained
  ServerNotifier::Timing notifier;
  JobTiming jobs;
  LeaseBook::Options leases;
};

// One leadership of a coordinator, from waiting for its turn to losing it: owns the cluster's state
// and the session in which it leads, decides, writes, and tells the tablet servers.
//
// Lives on one strand, as a sequence of events (EventQueue): tablet servers came or went, a command
// wants to change databases or tables. An event decides on `state_`, writes what it decided to the
// metadata store, and only then tells the servers (Apply). A write that fails for reasons that are
// not the command's own ends the term: whoever leads next, maybe this very process, reads the truth
// from the store. What is told to servers is told until acknowledged (ServerNotifier).
//
// Destroying it ends the session, drops what is under way and answers open commands with
// kNotCoordinatorLeader. On the strand, outside its own calls.
//
// In files: term.cc (effects, commands' turn, end), term_start.cc (becoming leader),
// term_servers.cc (servers that come, go and answer), term_replicas.cc (ISRs, servers that stop),
// term_leases.cc, term_snapshots.cc, term_tables.cc, term_databases.cc, term_jobs.cc.
class Term final : private ServerNotifier::Observer {
 public:
  struct World {
    std::shared_ptr<runtime::Strand> strand;
    const runtime::Clock& clock;
    runtime::Random& random;
    rpc::Network& network;
    service::ClusterViewHolder& views;  // Gets every view,
    ReplicaCounts& counts;              // and these as they change.
  };

  // `store` is a session of its own on the strand. `on_lost` is called at most once, possibly
  // inside any call; it must not destroy the term there. `listeners`: where this coordinator is
  // reached.
  Term(World world, TermOptions options, Listeners listeners,
       std::unique_ptr<metadata::MetaStore> store, absl::AnyInvocable<void(Status)> on_lost);
  ~Term() override;

  // Waits until no other coordinator is active, then raises the epoch, reads everything, elects and
  // tells everybody. `on_leading` is called once it leads, if that happens.
  void Start(runtime::Task on_leading);

  // The session is over, or another reason to stop.
  void Lose(Status why);

  bool leading() const { return leading_ && !lost_; }
  CoordinatorEpoch epoch() const { return epoch_; }

  // -- Commands, while leading. Answered once their effect can be seen on every live server, or
  // after a bounded wait; not attempted (kRequestTimeOut) if their turn comes after `deadline`.

  // Errors: kDatabaseAlreadyExist unless ignored.
  void CreateDatabase(std::string name, DatabaseDescriptor descriptor, bool ignore_if_exists,
                      MonoTime deadline, Answer answer);
  // Errors: kDatabaseNotExist unless ignored; kDatabaseNotEmpty unless `cascade`, which drops its
  // tables one by one; kUnknownServerError for the default database.
  void DropDatabase(std::string name, bool ignore_if_not_exists, bool cascade, MonoTime deadline,
                    Answer answer);

  // Answered once all leaders of the table serve. Errors: kTableAlreadyExist unless ignored (then
  // too a table that is being created is waited for), kDatabaseNotExist,
  // kInvalidReplicationFactor; kRequestTimeOut if the leaders do not serve in time: the table
  // exists then.
  void CreateTable(NewTable table, bool ignore_if_exists, MonoTime deadline, Answer answer);
  // Its files go soon after, on servers that are away when they return; the table's assignment
  // stays in the store as a note of them until then. Errors: kTableNotExist unless ignored.
  void DropTable(TablePath path, bool ignore_if_not_exists, MonoTime deadline, Answer answer);

  // Errors: those of JobRegistry; kInvalidConfig. Answered once it is stored.
  void RegisterJob(JobDefinition job, MonoTime deadline, Answer answer);
  void SetJobGoal(std::string name, JobGoal goal, MonoTime deadline, Answer answer);
  // All jobs, or the one of this name, into `jobs`. Errors: kJobNotExist.
  void ListJobs(std::optional<std::string> name, std::shared_ptr<std::vector<JobInfo>> jobs,
                MonoTime deadline, Answer answer);
  // Puts what the worker shall host into `orders`. If it shall host a group that it was not told
  // of, and that some tablet server has not heard of under its new epoch, the answer waits for
  // that, or for one interval between heartbeats. Errors: those of JobRegistry.
  void Heartbeat(WorkerReport report, std::shared_ptr<WorkerOrders> orders, MonoTime deadline,
                 Answer answer);

  // -- Of tablet servers, while leading.

  // What became of each proposal, in their order.
  using IsrAnswers = std::vector<Result<Leadership>>;
  // Fills `answers`, then answers OK once all that was accepted is stored. Requests that wait for
  // their turn are decided together. Errors in `answers`: those of ClusterState::AdjustIsr; of the
  // whole: kRequestTimeOut and kOperationNotAttempted, when nothing was decided.
  void AdjustIsr(std::vector<IsrProposal> proposals, std::shared_ptr<IsrAnswers> answers,
                 MonoTime deadline, Answer answer);

  // `server` wants to stop, in the life with this start epoch (none: in whatever life). Others
  // lead what it leads, as far as they can, and it is not elected any more; answered when they
  // serve, or after a bounded wait. `led`: what is left to it. Errors: kServerNotExist.
  void StopServer(ServerId server, std::optional<int64_t> start_epoch,
                  std::shared_ptr<std::vector<TableBucket>> led, MonoTime deadline, Answer answer);

  // What `server`, in the life with this start epoch, says of its replicas.
  struct ReplicaNews {
    std::vector<TableBucket> failed;  // Out of service: nobody waits for them any more,
    std::vector<std::string> why;     // for these reasons, as far as they are told,
    std::vector<TableBucket> mended;  // and in service again.
  };
  // Answered once what follows is stored. Errors: kServerNotExist.
  void TakeReplicaNews(ServerId server, int64_t start_epoch, ReplicaNews news, MonoTime deadline,
                       Answer answer);

  // A leader's snapshot of a primary-key bucket, with the epochs under which it was begun.
  struct KvSnapshotCommit {
    TableBucket bucket;
    metadata::KvSnapshotHandle snapshot;
    CoordinatorEpoch coordinator_epoch;
    LeaderEpoch leader_epoch;
  };
  // Stores it as completed, so that replicas are restored from it, and forgets those that are too
  // many; then tells the replicas from where on their changelog is still needed. The same again is
  // fine. Errors: kUnknownTableOrBucket; kFencedLeaderEpoch for an older leader;
  // kInvalidCoordinator for epochs not known here; kInvalidUpdateVersion if there is a newer
  // snapshot, or another one of this number: with these it never will be completed.
  void CommitKvSnapshot(KvSnapshotCommit commit, MonoTime deadline, Answer answer);

  // `server` asks for a lease (see LeaseBook), of which the answer, if it is OK, says how long.
  // Errors: kNotCoordinatorLeader if somebody else may lead by now; kOperationNotAttempted while
  // the server has not answered to the loss of a bucket.
  Result<MonoDuration> RenewLease(ServerId server);

  // nullptr if there is no such table.
  const TableInfo* FindTable(const TablePath& path) const { return state_.Find(path); }

 private:
  struct Server {
    LiveServer life;
    std::shared_ptr<ServerNotifier> notifier;
  };
  // A command in its turn: exactly one of them answers, then `finished` is called.
  using Command = absl::AnyInvocable<void(Answer answer, runtime::Task finished)>;
  struct IsrRequest {
    std::vector<IsrProposal> proposals;
    std::shared_ptr<IsrAnswers> answers;
    MonoTime deadline;
    Answer answer;
  };

  // term.cc
  void Enqueue(Command command, MonoTime deadline, Answer answer);
  void AddEvent(EventQueue::Event event);
  // Stores what has to be stored, then publishes a view and tells the servers; then `done`.
  void Apply(Effects effects, runtime::Task done);
  // The first part of it; a failure ends the term.
  void Store(const Effects& effects, runtime::Task done);
  void StoreDirectories(const std::map<ServerId, std::string>& ids, runtime::Task done);
  void Publish();
  void Tell(const Effects& effects);
  LeaderNotice NoticeOf(const TableBucket& bucket) const;
  // For a write that failed: true if the command is to blame, false if the term was lost by it.
  bool IsRefusal(const Status& failed);
  // Answers once every live server knows the newest view, or after a while.
  void AnswerWhenKnown(MonoTime deadline, Answer answer);
  bool AllKnow(uint64_t version) const;
  MonoTime WaitUntil(MonoTime deadline) const;

  // term_start.cc
  void ClaimActive();
  void AwaitVacancy();
  void RemoveFormerSelf(const std::string& path, int32_t version);
  void RaiseEpoch();
  void LoadDirectories(runtime::Task finished);
  void Load(runtime::Task finished);
  void OnLoaded(LiveServers servers, runtime::Task finished);

  // term_servers.cc
  void OnServers(LiveServers servers);
  void ChangeServers(runtime::Task finished);
  void Join(const LiveServers& joined, const std::set<ServerId>& lost, runtime::Task finished);
  // Servers that are about to join come with directories: stores what follows from that.
  void TakeDirectories(const LiveServers& servers, runtime::Task done);
  void AddServer(const LiveServer& server);
  void OnRoleTaken(ServerId server, const TableBucket& bucket, const Leadership& told) override;
  void OnRoleRefused(ServerId server, const TableBucket& bucket, BucketEpoch told,
                     const Status& why) override;
  void OnReplicaRemoved(ServerId server, const TableBucket& bucket) override;
  void OnProgress() override;
  void OnDeposed(const Status& why) override;
  void OnRefused(ServerId server) override;
  void OnReached(ServerId server) override;
  // The leader of the bucket refuses the epoch that it is told: an event will raise it.
  void RaiseEpochOf(const TableBucket& bucket, LeaderEpoch spent);
  // An event about a server in the life that it has now, unless another one begins before.
  void AddServerEvent(ServerId server, absl::AnyInvocable<Effects()> change);

  // term_replicas.cc
  void DecideIsrs(runtime::Task finished);
  // kServerNotExist unless `server` is here, in the life with this start epoch if there is one.
  Status CheckLife(ServerId server, std::optional<int64_t> start_epoch) const;
  void AnswerStopping(ServerId server, std::vector<TableBucket> moved,
                      std::shared_ptr<std::vector<TableBucket>> led, MonoTime deadline,
                      Answer answer);

  // term_snapshots.cc
  Status CheckCommit(const KvSnapshotCommit& commit) const;
  void StoreSnapshot(KvSnapshotCommit commit, std::vector<metadata::KvSnapshotHandle> known,
                     Answer answer, runtime::Task finished);
  void TellNeededFrom(const TableBucket& bucket, LogOffset offset);

  // term_leases.cc
  // Asks the store for a sign that it still has the session, unless it gave one a moment ago.
  void KeepCertain();
  void OnContact(MonoTime asked);
  // When a leader of the bucket may acknowledge and show rows.
  MonoTime WithheldUntil(const TableBucket& bucket, const BucketState& state) const;
  // The server does not lead the bucket under a leadership older than this one.
  void OnHeard(ServerId server, const TableBucket& bucket, BucketEpoch told);

  // term_tables.cc
  void PlaceTable(NewTable table, MonoTime deadline, Answer answer, runtime::Task finished);
  void OnTableStored(const TableInfo& info, ReplicaLists replicas, MonoTime deadline, Answer answer,
                     runtime::Task finished);
  void AnswerWhenServing(TableId id, MonoTime deadline, Answer answer);
  Status NotServing(TableId id) const;
  // If all replicas of a table that is gone are deleted, so is the note of them.
  void FinishRemoval(TableId id);
  // As DropTable, but answers without waiting for the servers.
  void RemoveTable(TablePath path, bool ignore_if_not_exists, MonoTime deadline, Answer answer);
  void RemoveUnreadable(const TablePath& path, Answer answer, runtime::Task finished);
  // Lets servers delete the replicas of a table that is gone, as its assignment has them.
  void RemoveReplicasOf(TableId id, runtime::Task finished);

  // term_databases.cc
  void DropTablesOf(std::string name, int rounds_left, bool ignore_if_not_exists, MonoTime deadline,
                    Answer answer);

  // term_jobs.cc
  void LoadJobs(runtime::Task finished);
  void LoadJobGroups(runtime::Task finished);
  void BeginJobs();
  // Stores the effects, then begins to tell servers of new epochs; then `done`.
  void StoreJobs(JobEffects effects, runtime::Task done);
  void ChangeJobs(absl::AnyInvocable<Result<JobEffects>()> change, MonoTime deadline,
                  Answer answer);
  void TellJobEpochs();
  bool KnowJobEpoch(const std::string& group) const;
  void AnswerHeartbeat(const std::string& worker, std::shared_ptr<WorkerOrders> orders,
                       MonoTime deadline, Answer answer);
  void WatchLeases();
  int64_t NowMs() const { return world_.clock.Now().nanos() / 1'000'000; }

  const World world_;
  const TermOptions options_;
  const Listeners listeners_;
  absl::AnyInvocable<void(Status)> on_lost_;
  runtime::Task on_leading_;

  const std::unique_ptr<metadata::MetaStore> store_;
  metadata::CatalogWriter catalog_;
  TabletServerWatch watch_;

  bool leading_ = false;
  bool lost_ = false;
  CoordinatorEpoch epoch_;
  ClusterState state_;
  // Not in state_: nobody leads them, and they do not exist for clients but for being dropped.
  std::map<TablePath, LoadedCatalog::Unreadable> unreadable_;
  EventQueue events_;
  std::map<ServerId, Server> servers_;         // As of the last event; those in state_.live().
  std::optional<LiveServers> newest_servers_;  // As the watch saw them; an event will look.

  ViewBuilder view_builder_;
  uint64_t view_version_ = 0;
  std::shared_ptr<const service::ClusterView> view_;

  JobRegistry jobs_;
  uint64_t job_version_ = 0;  // Of the epochs below.
  std::shared_ptr<const JobEpochs> job_epochs_;
  std::map<std::string, uint64_t> job_epoch_versions_;  // In which version a group's epoch came.
  bool watching_leases_ = false;

  LeaseBook leases_;
  MonoTime certain_until_;  // Nobody else leads before.
  MonoTime contact_asked_;  // When the store was last asked for a sign ...
  bool asking_ = false;     // ... which has not come.

  std::vector<IsrRequest> isr_requests_;             // An event will decide them.
  std::map<TableBucket, LeaderEpoch> spent_epochs_;  // And raise these.
  std::set<TableId> being_created_;                  // Somebody waits for their leaders.
  std::map<TableBucket, std::pair<ServerId, Status>> refusals_;  // Last ones, of leaders to be.
  Waits waits_;
};

}  // namespace strom::coordinator
