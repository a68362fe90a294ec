#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/types/ids.h"
#include "common/types/table_bucket.h"
#include "common/types/table_descriptor.h"
#include "coordinator/state/assignment.h"
#include "coordinator/state/election.h"

namespace strom::coordinator {

using LeadershipMap = std::map<TableBucket, Leadership>;

// Replicas to be deleted, with the leader epoch to say so under.
using Removals = std::map<TableBucket, LeaderEpoch>;

// A server that led a bucket under this leader epoch does so no more, since this bucket epoch.
struct Deposal {
  LeaderEpoch led;
  BucketEpoch since;

  friend bool operator==(const Deposal&, const Deposal&) = default;
};

// What has to happen outside for a transition to be real: first `write` is stored, then
// `directories`, then the servers are told, in any order.
struct Effects {
  LeadershipMap write;                          // Leaderships that changed.
  std::map<ServerId, std::string> directories;  // Ids of the servers' data directories.
  std::map<ServerId, LeadershipMap> notify;     // Who leads what, to servers with a replica of it.
  std::map<ServerId, Removals> remove;          // Replicas of tables that are gone.
  // Buckets of primary-key tables that servers lead no more, whether they know or not. Counts at
  // once.
  std::map<ServerId, std::map<TableBucket, Deposal>> deposed;

  bool empty() const {
    return write.empty() && directories.empty() && notify.empty() && remove.empty();
  }
  // Those of a later transition too, which are the newer ones where both say something.
  void Add(Effects later);
};

// What becomes of all replicas.
struct ReplicaTotals {
  int64_t buckets = 0;
  int64_t led = 0;     // Buckets that somebody leads.
  int64_t bereft = 0;  // Buckets that await a lost data directory.
  int64_t shrunk = 0;  // Buckets whose ISR lacks a replica.
  int64_t replicas = 0;
  int64_t in_sync = 0;  // Replicas that are in the ISR of a bucket that is led.
};

// What the leader of a bucket wants its ISR to be, and in view of which leadership.
struct IsrProposal {
  TableBucket bucket;
  ServerId leader;
  CoordinatorEpoch coordinator_epoch;
  LeaderEpoch leader_epoch;
  BucketEpoch bucket_epoch;
  std::vector<ServerId> isr;
};

// One replicated log: who has it, and who leads it.
struct BucketState {
  std::vector<ServerId> replicas;        // The preferred leader first.
  std::optional<Leadership> leadership;  // None until a replica was live once.
  std::optional<LeaderEpoch> served;     // The epoch in which its leader has said that it serves.
  std::set<ServerId> failed;             // Replicas out of service on servers that live.
  LeaderEpoch known_since;  // All who led under this epoch and later ones did so before our eyes.

  bool serves() const {
    return leadership && leadership->leader != kNoServer && served == leadership->leader_epoch;
  }
};

// Everything the leading coordinator knows: tables, their buckets and leaders, and which servers
// live. A table of the reference's state machines would be: a bucket is New without leadership,
// Online with a leader, Offline without one.
//
// A live server (one with a registration) is able to lead and to join ISRs, unless connections to
// it are refused or it wants to stop. What one that is not able leads goes to others as far as
// there are any; it keeps the rest, and is told as any other.
//
// Pure bookkeeping: no I/O, no locks. The term of the coordinator owns it and calls it on its
// strand, one event at a time: an event's effects are done, at least those in `write`, before the
// next event.
//
// Always true: a leader is live; buckets belong to a known table; only live servers are notified.
class ClusterState {
 public:
  // -- Before Start: as it was stored.

  void LoadTable(TableInfo info, ReplicaLists replicas);
  // The bucket was loaded; leaderships of others are ignored.
  void LoadLeadership(const TableBucket& bucket, Leadership leadership);
  // The directory with which the server was last here.
  void LoadDirectory(ServerId server, std::string id);

  // -- Events.

  // Servers that are not live yet come with these data directories. Whoever comes with another one
  // than last time has lost what it had: before anything is elected it leaves all ISRs; buckets of
  // which it alone had all records get no leader until that directory is back (see Leadership). Of
  // a server that is seen for the first time the id is noted, so that the next one can be told
  // from it. The effects, all of them, are stored before the servers join.
  Effects TakeDirectories(const std::map<ServerId, std::string>& ids);

  // The coordinator begins to lead with these servers alive: elects where that is needed and tells
  // all servers everything.
  Effects Start(std::set<ServerId> live);

  // Replicas of a table that no longer is, whose deletion nobody has finished. Also before Start,
  // then without effects.
  Effects RemoveReplicas(TableId id, const ReplicaLists& replicas);
  // A new table with all its buckets. Path and id are not known yet.
  Effects AddTable(TableInfo info, ReplicaLists replicas);

  // The table exists. Deletions for servers that are away wait for their return.
  Effects RemoveTable(TableId id);

  // Servers went away and came. A server that was started anew is in both.
  Effects ChangeServers(const std::set<ServerId>& lost, const std::set<ServerId>& joined);

  // Connections to a live server are refused: its process is dead, or as good as dead for others.
  // What it leads goes to others at once: its late writes are fenced by epoch, its late lookups by
  // its lease (see Effects::deposed). Until OnReached, or a new life. Nothing if that is no news.
  Effects OnRefused(ServerId server);
  // It answers after all, in the same life: it is able again, and hears everything once more.
  Effects OnReached(ServerId server);

  // A live server wants to stop: others lead what it leads, as far as they can, for the rest of its
  // life. May be repeated when there may be somebody who can.
  Effects OnStopping(ServerId server);

  // These replicas of a live server are out of service, until they are mended or its life ends.
  // Each leaves its ISR, in which the last one stays, and is elected no more; where it led, another
  // one does, or nobody. Those of which that is no news, or which are none of its replicas, are
  // passed over.
  Effects OnReplicasFailed(ServerId server, const std::vector<TableBucket>& buckets);

  // These are in service again: they can lead what they are in the ISR of, and join ISRs. Those of
  // which that is no news are passed over.
  Effects OnReplicasMended(ServerId server, const std::vector<TableBucket>& buckets);

  // Leaders refuse these epochs, under which they wrote before they were started anew, unnoticed
  // here: each leads on under the next one. Where another epoch holds by now nothing happens.
  Effects OnEpochsSpent(const std::map<TableBucket, LeaderEpoch>& spent);

  // The leader of a bucket wants another ISR. The leadership that holds once `effects`, to which
  // this adds, are stored; a repeated proposal that was accepted already gets it too. Followers are
  // not told: they need not know. `epoch`: of this coordinator.
  // Errors: kUnknownTableOrBucket; kFencedLeaderEpoch for an older leader; kInvalidUpdateVersion
  // for one that has not heard of the newest change, which it is then told again;
  // kIneligibleReplica if a new member is not assigned, not able or failed, or the leader is
  // missing; kInvalidCoordinator if it knows later epochs than this coordinator.
  Result<Leadership> AdjustIsr(const IsrProposal& proposal, CoordinatorEpoch epoch,
                               Effects& effects);

  // `server` says that it serves as leader of `bucket`. False if that is no news.
  bool OnLeaderServes(const TableBucket& bucket, ServerId server, LeaderEpoch epoch);

  // `server` has deleted its replica. True if it was the last one of its table to go.
  bool OnRemoved(const TableBucket& bucket, ServerId server);

  // -- Questions.

  const TableInfo* Find(const TablePath& path) const;
  const TableInfo* Find(TableId id) const;
  const std::map<TableId, TableInfo>& tables() const { return tables_; }
  std::vector<TablePath> TablesIn(const std::string& database) const;

  const BucketState* Find(const TableBucket& bucket) const;
  // In the order of partitions and bucket ids.
  std::vector<std::pair<TableBucket, const BucketState*>> BucketsOf(TableId id) const;
  // Whether replicas of a table that is gone have not been deleted yet.
  bool AwaitsRemovals(TableId id) const { return removals_left_.contains(id); }
  // How many of the table's buckets have no leader that serves.
  size_t CountUnserved(TableId id) const;

  const std::set<ServerId>& live() const { return live_; }
  bool is_able(ServerId server) const { return able_.contains(server); }
  bool is_refused(ServerId server) const { return refused_.contains(server); }
  // Whether a server that comes with this directory (empty: it tells none) brings no news with it.
  bool KnowsDirectory(ServerId server, const std::string& id) const;
  ReplicaTotals Count() const;
  std::vector<TableBucket> LedBy(ServerId server) const;
  // Of the able servers, ascending.
  std::vector<ServerLoad> Loads() const;

 private:
  // What a server, live or not, has by assignment.
  struct Hosted {
    std::set<TableBucket> buckets;
    int64_t preferred = 0;  // Buckets of which it is the first replica.
  };

  void Insert(TableInfo info, ReplicaLists replicas);
  void AddRemoval(const TableBucket& bucket, ServerId server, LeaderEpoch epoch);
  std::map<TableBucket, BucketState>::const_iterator FirstBucket(TableId id) const;
  void Elect(const TableBucket& bucket, std::optional<Leadership> next, Effects& effects);
  // Elects where the server, which can serve now, can be of use.
  void ElectFor(ServerId server, Effects& effects);
  void UpdateAble();
  // The servers that can serve this bucket.
  std::set<ServerId> AbleFor(const BucketState& bucket) const;
  // Tells every live replica of the buckets in effects.write.
  void NotifyWritten(Effects& effects) const;
  // Tells a server all it has to know. It is live.
  void NotifyAll(ServerId server, Effects& effects) const;

  std::map<TableId, TableInfo> tables_;
  std::map<TablePath, TableId> ids_;
  std::map<TableBucket, BucketState> buckets_;
  std::map<ServerId, Hosted> hosted_;
  std::map<ServerId, Removals> removals_;    // Not done yet, of servers live or not.
  std::map<TableId, size_t> removals_left_;  // The same by table; none is 0.
  std::map<ServerId, std::string> directories_;
  std::set<ServerId> live_;
  std::set<ServerId> refused_;   // Of live_: connections to it are refused.
  std::set<ServerId> stopping_;  // Of live_.
  std::set<ServerId> able_;      // live_ without those two.
};

}  // namespace strom::coordinator
