#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/metadata/known_tables.h"
#include "common/metadata/meta_store.h"
#include "common/metadata/recipes.h"
#include "common/metadata/zk_json.h"
#include "common/metadata/zk_paths.h"
#include "common/types/table_bucket.h"
#include "common/types/table_descriptor.h"

namespace strom::metadata {

struct DatabaseInfo {
  std::string name;
  DatabaseDescriptor descriptor;
  int64_t created_ms = 0;
  int64_t modified_ms = 0;

  friend bool operator==(const DatabaseInfo&, const DatabaseInfo&) = default;
};

struct PartitionInfo {
  std::string name;  // "2024$us". See partition.h.
  PartitionId id;
  std::optional<std::string> remote_data_dir;

  friend bool operator==(const PartitionInfo&, const PartitionInfo&) = default;
};

// The database that every cluster has from the start; it cannot be dropped.
inline constexpr std::string_view kDefaultDatabase = "fluss";

// Databases, tables and their schemas as nodes of a MetaStore: Fluss's paths and JSON (zk_paths.h,
// zk_json.h). Reads, for every server.
//
// All calls and callbacks run on the strand of the session; a callback is called exactly once
// unless the session ends first. Callbacks touch the catalog for as long as the store lives: on the
// strand (or when nothing runs on it any more), destroy the store and the catalog in one go.
//
// Errors: kDatabaseNotExist, kTableNotExist, kSchemaNotExist naming what is missing;
// those of MetaError if the store fails; kUnknownServerError if a node holds no such document.
class Catalog {
 public:
  // `root` is zookeeper.path.root, "/fluss".
  Catalog(MetaStore& store, std::string root) : store_(store), paths_(std::move(root)) {}

  const ZkPaths& paths() const { return paths_; }

  // Names, sorted.
  void ListDatabases(Callback<std::vector<std::string>> done);
  void GetDatabase(std::string name, Callback<DatabaseInfo> done);
  void DatabaseExists(std::string name, Callback<bool> done);
  void ListTables(std::string database, Callback<std::vector<std::string>> done);
  // At its newest schema.
  void GetTable(TablePath path, Callback<TableInfo> done);
  // Also of a table whose schema is missing.
  void GetTableId(TablePath path, Callback<TableId> done);
  void TableExists(TablePath path, Callback<bool> done);
  // The newest schema if `id` is absent.
  void GetSchema(TablePath path, std::optional<SchemaId> id,
                 Callback<std::pair<SchemaId, Schema>> done);
  // The same for who only wants to know what there is: while the store is away (kNetwork), what was
  // last read through this catalog, if anything (KnownTables).
  void GetKnownTable(TablePath path, Callback<TableInfo> done);
  void GetKnownSchema(TablePath path, std::optional<SchemaId> id,
                      Callback<std::pair<SchemaId, Schema>> done);

  // By name; none for a table that is not partitioned or not there.
  void ListPartitions(TablePath path, Callback<std::vector<PartitionInfo>> done);

  // The completed KV snapshots of a bucket, oldest first; none if nothing is known of it.
  void ListKvSnapshots(TableBucket bucket, Callback<std::vector<KvSnapshotHandle>> done);

 protected:
  // A table's registration and its node, as they were read.
  struct TableNode {
    bool exists = false;  // The node; without data it is no table (a leftover of a Fluss server).
    std::optional<TableRegistration> registration;
    Stat stat;
  };
  void ReadTableNode(const TablePath& path, Callback<TableNode> done);
  // Errors: kDatabaseNotExist, kTableNotExist.
  static Status NoDatabase(std::string_view name);
  static Status NoTable(const TablePath& path);

  MetaStore& store_;
  const ZkPaths paths_;

 private:
  using NumberedSchema = std::pair<SchemaId, Schema>;
  void ReadSchema(TablePath path, SchemaId id, Callback<NumberedSchema> done);
  void ReadNewestSchema(TablePath path, Callback<NumberedSchema> done);

  KnownTables known_;
};

// What only the leading coordinator writes. Every change is a multi that also checks the version of
// the coordinator epoch's node, so that a deposed coordinator changes nothing: it gets
// kNotCoordinatorLeader, as does one that is not leader yet.
//
// Changes run one after another, in the order they were asked for; no more than kChangesQueuedMax
// wait (kOperationNotAttempted). After kNetwork, which names a lost connection, a change
// may have been made or not. A callback must not destroy the writer.
class CatalogWriter : public Catalog {
 public:
  using Catalog::Catalog;

  // Makes the fixed parents if they are missing and raises the coordinator epoch by one (the first
  // is 0). To be called by the winner of the election, before anything below.
  void BecomeLeader(Callback<CoordinatorEpoch> done);

  // Errors: kInvalidDatabase for a name that cannot be stored; kDatabaseAlreadyExist.
  void CreateDatabase(std::string name, DatabaseDescriptor descriptor, int64_t now_ms,
                      Callback<std::monostate> done);
  // CreateDatabase with nothing in its descriptor, unless it is there: for kDefaultDatabase, at the
  // start.
  void EnsureDatabase(std::string name, int64_t now_ms, Callback<std::monostate> done);
  // Errors: kDatabaseNotExist; kDatabaseNotEmpty; kUnknownServerError for kDefaultDatabase, as in
  // Fluss.
  void DropDatabase(std::string name, Callback<std::monostate> done);

  // Takes a table id and writes schema 1, the assignment and the table, all in one multi: all or
  // nothing, and no id is used twice. `descriptor` has a bucket count (checked); a partitioned
  // table's assignment is empty and not written.
  // Errors: kInvalidTable for a name that cannot be stored; kTableAlreadyExist, kDatabaseNotExist.
  void CreateTable(TablePath path, TableDescriptor descriptor, Assignment assignment,
                   int64_t now_ms, Callback<TableInfo> done);
  // Removes the table's nodes, then its assignment and leaders (several multis if there are many
  // buckets). What a crash leaves is an assignment that belongs to no table: ListAssignedTables.
  // Errors: kTableNotExist, also if the path now belongs to a table with another id.
  void DropTable(TableInfo table, Callback<std::monostate> done);
  // The first half of it: the assignment stays, as a note of the replicas whose files have to go.
  // DropAssignment is the other half. Errors: as DropTable.
  void DropTableKeepingAssignment(TableInfo table, Callback<std::monostate> done);
  // The same of whatever is stored at the path, be it no table that can be read.
  void DropUnreadableTable(TablePath path, Callback<std::monostate> done);

  // The tables that have an assignment; ascending.
  void ListAssignedTables(Callback<std::vector<TableId>> done);
  // Removes assignment and leaders of a table whose node is gone; OK if there are none.
  void DropAssignment(TableId table, Callback<std::monostate> done);
  // Errors: kTableNotExist if there is none.
  void GetAssignment(TableId table, Callback<Assignment> done);

  // kLeaderNotAvailable if none was written yet.
  void GetLeaderAndIsr(TableBucket bucket, Callback<LeaderAndIsr> done);
  // All buckets or none of them; more than kLeadersPerMulti take several multis, in the order of
  // the buckets. Errors: kTableNotExist if there is no assignment that a bucket could belong to.
  void SetLeaderAndIsr(std::map<TableBucket, LeaderAndIsr> leaders, Callback<std::monostate> done);

  // Stores `added` as a completed snapshot of the bucket and forgets `dropped`, all or nothing.
  void SetKvSnapshots(TableBucket bucket, KvSnapshotHandle added,
                      std::vector<KvSnapshotId> dropped, Callback<std::monostate> done);

  // Makes these persistent nodes, below parents that are there, hold these data; without data they
  // go. In the order of their paths, all or none if they are no more than kOpsPerMulti; more take
  // several multis.
  void SetNodes(std::map<std::string, std::optional<std::string>> nodes,
                Callback<std::monostate> done);

  static constexpr size_t kOpsPerMulti = 1000;     // ZooKeeper takes 1024.
  static constexpr size_t kLeadersPerMulti = 300;  // Of up to three operations each.
  static constexpr size_t kChangesQueuedMax = 10000;

 private:
  static constexpr int kAttemptsMax = 10;  // When others change the same nodes meanwhile.

  // What became of a guarded multi. A failed index is that of the caller's operations.
  struct Written {
    Status status;
    MetaCode code = MetaCode::kOk;
    size_t failed_index = 0;

    bool ok() const { return status.ok(); }
    bool FailedWith(MetaCode what) const { return !ok() && code == what; }
    // Somebody else changed what the operations were made for: worth another try.
    bool conflict() const;
  };
  using WriteDone = absl::AnyInvocable<void(Written)>;

  // `ops`, behind the check of the epoch's node.
  void Write(std::vector<Op> ops, WriteDone done);
  // Deletes these nodes in as many multis as it takes, front to back; stops at the first failure.
  void DeleteNodes(std::vector<std::string> paths, WriteDone done);
  // Deletes a node and all below it, also what others add meanwhile.
  void DeleteTree(std::string path, int attempts_left, Callback<std::monostate> done);

  // Runs `change` once the changes before it have ended.
  template <class T>
  void InTurn(Callback<T> done, absl::AnyInvocable<void(Callback<T>)> change);
  void RunQueued();

  struct TableDraft;
  void TryBecomeLeader(int attempts_left, Callback<CoordinatorEpoch> done);
  void RaiseEpoch(Node node, int attempts_left, Callback<CoordinatorEpoch> done);
  using NodeData = std::vector<std::pair<std::string, std::optional<std::string>>>;
  void SetNodesFrom(std::shared_ptr<const NodeData> nodes, size_t from, int attempts_left,
                    Callback<std::monostate> done);
  void DropEmptyDatabase(std::string name, Callback<std::monostate> done);
  void DropTableNodes(TableInfo table, bool keep_assignment, Callback<std::monostate> done);
  void PrepareTable(TableDraft draft, Callback<TableInfo> done);
  void FindDatabase(TableDraft draft, Callback<TableInfo> done);
  void ClearPlace(TableDraft draft, Callback<TableInfo> done);
  void WriteTable(TableDraft draft, int attempts_left, Callback<TableInfo> done);
  using Leaders = std::vector<std::pair<TableBucket, LeaderAndIsr>>;
  void SetLeaders(std::shared_ptr<const Leaders> leaders, size_t from,
                  Callback<std::monostate> done);

  std::optional<int32_t> epoch_node_version_;       // Of the coordinator epoch's node, once leader.
  std::deque<absl::AnyInvocable<void()>> changes_;  // The front one runs, if `changing_`.
  bool changing_ = false;
};

template <class T>
void CatalogWriter::InTurn(Callback<T> done, absl::AnyInvocable<void(Callback<T>)> change) {
  if (changes_.size() >= kChangesQueuedMax) {
    return done(Error(ErrorCode::kOperationNotAttempted, "{} metadata changes wait already",
                      changes_.size()));
  }
  changes_.push_back([this, done = std::move(done), change = std::move(change)]() mutable {
    change([this, done = std::move(done)](Result<T> result) mutable {
      done(std::move(result));
      changing_ = false;
      RunQueued();
    });
  });
  RunQueued();
}

}  // namespace strom::metadata
