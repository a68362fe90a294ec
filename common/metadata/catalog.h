#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/base/result.h"
#include "common/metadata/meta_store.h"
#include "common/types/table_bucket.h"
#include "common/types/table_descriptor.h"

namespace strom::metadata {

template <class T>
using Callback = absl::AnyInvocable<void(Result<T>)>;

struct DatabaseInfo {
  std::string name;
  DatabaseDescriptor descriptor;
  int64_t created_ms = 0;
  int64_t modified_ms = 0;
};

// Replicas of each bucket, the preferred leader first.
using Assignment = std::map<BucketId, std::vector<ServerId>>;

// Who leads a bucket. Stored per bucket; leader kNoServer: none.
struct LeaderAndIsr {
  ServerId leader = kNoServer;
  LeaderEpoch leader_epoch;
  std::vector<ServerId> isr;
  CoordinatorEpoch coordinator_epoch;
  BucketEpoch bucket_epoch;
  std::vector<ServerId> standby_replicas;

  friend bool operator==(const LeaderAndIsr&, const LeaderAndIsr&) = default;
};

// Databases, tables and their schemas as nodes of a MetaStore: Fluss's paths and JSON
// (fluss-record-formats, sections 6 and 7). Reads, for every server.
//
// All calls and callbacks run on the strand of the session. Errors: kDatabaseNotExist,
// kTableNotExist, kSchemaNotExist naming what is missing; kUnknownServerError if the store fails or
// a node holds no such document.
class Catalog {
 public:
  // `root` is zookeeper.path.root, "/fluss". Both outlive the catalog.
  Catalog(MetaStore& store, std::string root);

  void ListDatabases(Callback<std::vector<std::string>> done);
  void GetDatabase(std::string name, Callback<DatabaseInfo> done);
  void ListTables(std::string database, Callback<std::vector<std::string>> done);
  void GetTable(TablePath path, Callback<TableInfo> done);
  // The newest schema if `id` is absent.
  void GetSchema(TablePath path, std::optional<SchemaId> id,
                 Callback<std::pair<SchemaId, Schema>> done);

 protected:
  MetaStore& store_;
  const std::string root_;
};

// What only the leading coordinator writes. Every change is one multi that also checks the
// coordinator epoch's node, so that a deposed coordinator changes nothing: it gets
// kNotCoordinatorLeader.
class CatalogWriter : public Catalog {
 public:
  using Catalog::Catalog;

  // Makes the fixed parents if they are missing and raises the coordinator epoch by one.
  void BecomeLeader(Callback<CoordinatorEpoch> done);

  void CreateDatabase(std::string name, DatabaseDescriptor descriptor, int64_t now_ms,
                      Callback<std::monostate> done);
  // The database must be empty (kDatabaseNotEmpty).
  void DropDatabase(std::string name, Callback<std::monostate> done);
  // Takes a table id and writes schema 1, the assignment and the table, all or nothing.
  // Errors: kTableAlreadyExist, kDatabaseNotExist.
  void CreateTable(TablePath path, TableDescriptor descriptor, Assignment assignment,
                   int64_t now_ms, Callback<TableInfo> done);
  // Removes the table's nodes, its assignment and leaders.
  void DropTable(TableInfo table, Callback<std::monostate> done);
  void GetAssignment(TableId table, Callback<Assignment> done);

  // kLeaderNotAvailable if none was written yet.
  void GetLeaderAndIsr(TableBucket bucket, Callback<LeaderAndIsr> done);
  void SetLeaderAndIsr(std::map<TableBucket, LeaderAndIsr> leaders, Callback<std::monostate> done);

 private:
  std::vector<Op> Guarded(std::vector<Op> ops) const;

  int32_t epoch_node_version_ = -1;  // Of the coordinator epoch's node, once leader.
};

// Takes the next `count` ids of a counter node ("/metadata/writer_id"): the first of them. Any
// server. Retries when another one took some at the same time.
void TakeIds(MetaStore& store, std::string path, int64_t count, Callback<int64_t> done);

}  // namespace strom::metadata
