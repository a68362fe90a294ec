#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/types/ids.h"
#include "common/types/table_bucket.h"
#include "common/types/table_descriptor.h"
#include "coordinator/state/assignment.h"
#include "coordinator/state/election.h"

namespace strom::coordinator {

using LeadershipMap = std::map<TableBucket, Leadership>;

// Replicas to be deleted, with the leader epoch to say so under.
using Removals = std::map<TableBucket, LeaderEpoch>;

// What has to happen outside for a transition to be real: first `write` is stored, then the servers
// are told, in any order.
struct Effects {
  LeadershipMap write;                       // Leaderships that changed.
  std::map<ServerId, LeadershipMap> notify;  // Who leads what, to servers with a replica of it.
  std::map<ServerId, Removals> remove;       // Replicas of tables that are gone.

  bool empty() const { return write.empty() && notify.empty() && remove.empty(); }
};

// One replicated log: who has it, and who leads it.
struct BucketState {
  std::vector<ServerId> replicas;        // The preferred leader first.
  std::optional<Leadership> leadership;  // None until a replica was live once.
  std::optional<LeaderEpoch> served;     // The epoch in which its leader has said that it serves.

  bool serves() const {
    return leadership && leadership->leader != kNoServer && served == leadership->leader_epoch;
  }
};

// Everything the leading coordinator knows: tables, their buckets and leaders, and which servers
// live. A table of the reference's state machines would be: a bucket is New without leadership,
// Online with a leader, Offline without one.
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
  // Replicas of a table that no longer is, whose deletion nobody has finished.
  void LoadRemoval(const TableBucket& bucket, const std::vector<ServerId>& replicas);

  // -- Events.

  // The coordinator begins to lead with these servers alive: elects where that is needed and tells
  // all servers everything.
  Effects Start(std::set<ServerId> live);

  // A new table with all its buckets. Path and id are not known yet.
  Effects AddTable(TableInfo info, ReplicaLists replicas);

  // The table exists. Deletions for servers that are away wait for their return.
  Effects RemoveTable(TableId id);

  // Servers went away and came. A server that was started anew is in both.
  Effects ChangeServers(const std::set<ServerId>& lost, const std::set<ServerId>& joined);

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
  // Of the live servers, ascending.
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
  // Tells every live replica of the buckets in effects.write.
  void NotifyWritten(Effects& effects) const;
  // Tells a server all it has to know.
  void NotifyAll(ServerId server, Effects& effects) const;

  std::map<TableId, TableInfo> tables_;
  std::map<TablePath, TableId> ids_;
  std::map<TableBucket, BucketState> buckets_;
  std::map<ServerId, Hosted> hosted_;
  std::map<ServerId, Removals> removals_;    // Not done yet, of servers live or not.
  std::map<TableId, size_t> removals_left_;  // The same by table; none is 0.
  std::set<ServerId> live_;
};

}  // namespace strom::coordinator
