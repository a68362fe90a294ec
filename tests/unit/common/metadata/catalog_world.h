#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/metadata/catalog.h"
#include "common/types/json_codec.h"
#include "tests/unit/common/metadata/meta_world.h"

namespace strom::metadata {

// A coordinator's catalog in a world of its own: every call is made on the strand and waited for.
class CatalogWorld : public MetaWorld {
 public:
  static constexpr int64_t kNow = 1735538268000;

  explicit CatalogWorld(uint64_t seed = 1) : MetaWorld(seed) { Start(); }

  void Start() {
    store = Connect();
    catalog = std::make_unique<CatalogWriter>(*store, "/fluss");
  }
  void RestartProcess() {
    catalog.reset();
    store.reset();
    Restart();
    Start();
  }

  // A second coordinator, with its own session.
  struct Other {
    std::unique_ptr<MetaStore> store;
    std::unique_ptr<CatalogWriter> catalog;
  };
  Other MakeOther() {
    Other other{.store = Connect(), .catalog = nullptr};
    other.catalog = std::make_unique<CatalogWriter>(*other.store, "/fluss");
    return other;
  }

  CoordinatorEpoch BecomeLeader() { return BecomeLeader(*catalog); }
  CoordinatorEpoch BecomeLeader(CatalogWriter& writer) {
    return Await<CoordinatorEpoch>([&](auto done) { writer.BecomeLeader(std::move(done)); })
        .value();
  }
  Status CreateDatabase(std::string name, DatabaseDescriptor descriptor = {}) {
    return Await<std::monostate>(
               [&](auto done) { catalog->CreateDatabase(name, descriptor, kNow, std::move(done)); })
        .status();
  }
  Status EnsureDatabase(std::string name, int64_t now_ms = kNow) {
    return Await<std::monostate>(
               [&](auto done) { catalog->EnsureDatabase(name, now_ms, std::move(done)); })
        .status();
  }
  Status DropDatabase(std::string name) {
    return Await<std::monostate>([&](auto done) { catalog->DropDatabase(name, std::move(done)); })
        .status();
  }
  Result<std::vector<std::string>> ListDatabases() {
    return Await<std::vector<std::string>>(
        [&](auto done) { catalog->ListDatabases(std::move(done)); });
  }
  Result<std::vector<std::string>> ListTables(std::string database) {
    return Await<std::vector<std::string>>(
        [&](auto done) { catalog->ListTables(database, std::move(done)); });
  }
  Result<TableInfo> CreateTable(TablePath path, Assignment assignment = OneReplica(1)) {
    return CreateTable(path, LogTable(), std::move(assignment));
  }
  Result<TableInfo> CreateTable(TablePath path, TableDescriptor descriptor, Assignment assignment) {
    return Await<TableInfo>([&](auto done) {
      catalog->CreateTable(path, descriptor, assignment, kNow, std::move(done));
    });
  }
  Status DropTable(TableInfo table) {
    return Await<std::monostate>([&](auto done) { catalog->DropTable(table, std::move(done)); })
        .status();
  }
  Result<TableInfo> GetTable(TablePath path) {
    return Await<TableInfo>([&](auto done) { catalog->GetTable(path, std::move(done)); });
  }
  Result<std::pair<SchemaId, Schema>> GetSchema(TablePath path, std::optional<SchemaId> id) {
    return Await<std::pair<SchemaId, Schema>>(
        [&](auto done) { catalog->GetSchema(path, id, std::move(done)); });
  }
  Result<Assignment> GetAssignment(TableId table) {
    return Await<Assignment>([&](auto done) { catalog->GetAssignment(table, std::move(done)); });
  }
  Result<LeaderAndIsr> GetLeader(TableBucket bucket) {
    return Await<LeaderAndIsr>(
        [&](auto done) { catalog->GetLeaderAndIsr(bucket, std::move(done)); });
  }
  Status SetLeaders(std::map<TableBucket, LeaderAndIsr> leaders) {
    return Await<std::monostate>(
               [&](auto done) { catalog->SetLeaderAndIsr(leaders, std::move(done)); })
        .status();
  }

  static TableDescriptor LogTable() {
    return TableDescriptorFromJson(
               R"({"version":1,"schema":{"version":1,"columns":[
                {"name":"a","data_type":{"type":"INTEGER"},"id":0}],"highest_field_id":0},
                "partition_key":[],"bucket_key":[],"bucket_count":3,
                "properties":{"table.replication.factor":"1"},"custom_properties":{"k":"v"}})")
        .value();
  }
  static Assignment OneReplica(int32_t buckets) {
    Assignment assignment;
    for (int32_t bucket = 0; bucket < buckets; ++bucket) {
      assignment[BucketId(bucket)] = {ServerId(0)};
    }
    return assignment;
  }

  std::unique_ptr<MetaStore> store;
  std::unique_ptr<CatalogWriter> catalog;  // Destroyed before its store.
};

}  // namespace strom::metadata
