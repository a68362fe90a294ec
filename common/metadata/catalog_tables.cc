#include <algorithm>
#include <set>

#include "common/base/check.h"
#include "common/metadata/catalog.h"
#include "common/types/json_codec.h"

// What CatalogWriter does with tables, their assignments and their leaders.
namespace strom::metadata {

// A table on its way into the tree.
struct CatalogWriter::TableDraft {
  TableInfo info;  // Without its id.
  Assignment assignment;
  // Found on the way:
  std::vector<Op> first;  // Makes room: removes leftovers, adds the parent.
};

void CatalogWriter::CreateTable(TablePath path, TableDescriptor descriptor, Assignment assignment,
                                int64_t now_ms, Callback<TableInfo> done) {
  if (NameProblem(path.database)) return done(NoDatabase(path.database));
  if (const auto problem = NameProblem(path.table)) {
    return done(Error(ErrorCode::kInvalidTable, "a table's name {}", *problem));
  }
  STROM_CHECK(descriptor.bucket_count()) << "table " << path << " has no bucket count";
  TableDraft draft{.info = {.path = std::move(path),
                            .id = TableId(-1),
                            .schema_id = SchemaId(1),
                            .descriptor = std::move(descriptor),
                            .created_ms = now_ms,
                            .modified_ms = now_ms,
                            .remote_data_dir = std::nullopt},
                   .assignment = std::move(assignment),
                   .first = {}};
  InTurn<TableInfo>(std::move(done),
                    [this, draft = std::move(draft)](Callback<TableInfo> done) mutable {
                      PrepareTable(std::move(draft), std::move(done));
                    });
}

void CatalogWriter::PrepareTable(TableDraft draft, Callback<TableInfo> done) {
  const TablePath path = draft.info.path;
  ReadTableNode(path, [this, path, draft = std::move(draft),
                       done = std::move(done)](Result<TableNode> table) mutable {
    if (!table.ok()) return done(table.status());
    if (table->registration) {
      return done(Error(ErrorCode::kTableAlreadyExist, "table {} already exists", path));
    }
    // A Fluss server that died may have left nodes without a table.
    if (table->exists) return ClearPlace(std::move(draft), std::move(done));
    FindDatabase(std::move(draft), std::move(done));
  });
}

void CatalogWriter::FindDatabase(TableDraft draft, Callback<TableInfo> done) {
  const std::string database = draft.info.path.database;
  DatabaseExists(database, [this, database, draft = std::move(draft),
                            done = std::move(done)](Result<bool> exists) mutable {
    if (!exists.ok()) return done(exists.status());
    if (!*exists) return done(NoDatabase(database));
    const std::string tables = paths_.Tables(database);
    store_.Exists(tables, nullptr,
                  [this, tables, draft = std::move(draft),
                   done = std::move(done)](MetaResult<Stat> stat) mutable {
                    // Fluss makes the parent of the tables with the first of them.
                    if (stat.code == MetaCode::kNoNode) {
                      draft.first.emplace_back(CreateOp{tables, ""});
                    } else if (!stat.ok()) {
                      return done(MetaError(stat.code, "look for", tables));
                    }
                    WriteTable(std::move(draft), kAttemptsMax, std::move(done));
                  });
  });
}

void CatalogWriter::ClearPlace(TableDraft draft, Callback<TableInfo> done) {
  const std::string place = paths_.Table(draft.info.path);
  ListTree(store_, place,
           [this, draft = std::move(draft),
            done = std::move(done)](Result<std::vector<std::string>> leftovers) mutable {
             if (!leftovers.ok()) return done(leftovers.status());
             for (std::string& path : *leftovers) {
               draft.first.emplace_back(DeleteOp{std::move(path)});
             }
             WriteTable(std::move(draft), kAttemptsMax, std::move(done));
           });
}

void CatalogWriter::WriteTable(TableDraft draft, int attempts_left, Callback<TableInfo> done) {
  const std::string counter = paths_.TableIds();
  store_.Get(counter, nullptr,
             [this, counter, draft = std::move(draft), attempts_left,
              done = std::move(done)](MetaResult<Node> node) mutable {
               // The id is taken in the multi that uses it: none is lost, none is given twice.
               Result<int64_t> id = 0;
               if (node.ok()) id = CounterFromBytes(node.value.data);
               if (!id.ok()) return done(id.status().WithContext(counter));
               if (!node.ok() && node.code != MetaCode::kNoNode) {
                 return done(MetaError(node.code, "read counter", counter));
               }
               draft.info.id = TableId(*id);
               const TablePath& path = draft.info.path;
               std::vector<Op> ops = draft.first;
               if (node.ok()) {
                 ops.emplace_back(SetOp{counter, CounterToBytes(*id + 1), node.value.stat.version});
               } else {
                 ops.emplace_back(CreateOp{counter, CounterToBytes(*id + 1)});
               }
               ops.emplace_back(CreateOp{paths_.Table(path), ToJson(RegistrationOf(draft.info))});
               ops.emplace_back(CreateOp{paths_.Schemas(path), ""});
               ops.emplace_back(CreateOp{paths_.Schema(path, draft.info.schema_id),
                                         ToJson(draft.info.descriptor.schema)});
               if (!draft.assignment.empty()) {
                 ops.emplace_back(
                     CreateOp{paths_.TableAssignment(draft.info.id), ToJson(draft.assignment)});
               }
               Write(std::move(ops), [this, draft = std::move(draft), attempts_left,
                                      done = std::move(done)](Written written) mutable {
                 if (written.ok()) return done(std::move(draft.info));
                 if (!written.conflict() || attempts_left <= 1)
                   return done(std::move(written.status));
                 // Only the counter can have moved: nobody else writes tables.
                 WriteTable(std::move(draft), attempts_left - 1, std::move(done));
               });
             });
}

void CatalogWriter::DropTable(TableInfo table, Callback<std::monostate> done) {
  InTurn<std::monostate>(std::move(done),
                         [this, table = std::move(table)](Callback<std::monostate> done) mutable {
                           DropTableNodes(std::move(table), false, std::move(done));
                         });
}

void CatalogWriter::DropTableKeepingAssignment(TableInfo table, Callback<std::monostate> done) {
  InTurn<std::monostate>(std::move(done),
                         [this, table = std::move(table)](Callback<std::monostate> done) mutable {
                           DropTableNodes(std::move(table), true, std::move(done));
                         });
}

void CatalogWriter::DropUnreadableTable(TablePath path, Callback<std::monostate> done) {
  InTurn<std::monostate>(
      std::move(done), [this, path = std::move(path)](Callback<std::monostate> done) {
        if (NameProblem(path.database) || NameProblem(path.table)) return done(NoTable(path));
        DeleteTree(paths_.Table(path), kAttemptsMax, std::move(done));
      });
}

void CatalogWriter::DropTableNodes(TableInfo table, bool keep_assignment,
                                   Callback<std::monostate> done) {
  const TablePath path = table.path;
  ReadTableNode(path, [this, path, id = table.id, keep_assignment,
                       done = std::move(done)](Result<TableNode> found) mutable {
    if (!found.ok()) return done(found.status());
    if (!found->registration) return done(NoTable(path));
    if (found->registration->id != id) {
      return done(
          Error(ErrorCode::kTableNotExist, "table {} with the id {} does not exist", path, id));
    }
    if (keep_assignment) {
      return DeleteTree(paths_.Table(path), kAttemptsMax, std::move(done));
    }
    DeleteTree(paths_.Table(path), kAttemptsMax,
               [this, id, done = std::move(done)](Result<std::monostate> dropped) mutable {
                 if (!dropped.ok()) return done(dropped.status());
                 DeleteTree(paths_.TableAssignment(id), kAttemptsMax, std::move(done));
               });
  });
}

void CatalogWriter::DropAssignment(TableId table, Callback<std::monostate> done) {
  InTurn<std::monostate>(std::move(done), [this, table](Callback<std::monostate> done) {
    DeleteTree(paths_.TableAssignment(table), kAttemptsMax, std::move(done));
  });
}

void CatalogWriter::ListAssignedTables(Callback<std::vector<TableId>> done) {
  const std::string path = paths_.TableAssignments();
  store_.Children(
      path, nullptr,
      [path, done = std::move(done)](MetaResult<std::vector<std::string>> names) mutable {
        if (!names.ok() && names.code != MetaCode::kNoNode) {
          return done(MetaError(names.code, "list", path));
        }
        std::vector<TableId> tables;
        for (const std::string& name : names.value) {
          if (const auto id = NumberFromName(name)) tables.emplace_back(*id);
        }
        std::ranges::sort(tables);
        done(std::move(tables));
      });
}

void CatalogWriter::GetAssignment(TableId table, Callback<Assignment> done) {
  store_.Get(
      paths_.TableAssignment(table), nullptr,
      [table, done = std::move(done)](MetaResult<Node> node) mutable {
        if (node.code == MetaCode::kNoNode || (node.ok() && node.value.data.empty())) {
          return done(Error(ErrorCode::kTableNotExist, "table {} has no assignment", table));
        }
        if (!node.ok()) {
          return done(MetaError(node.code, "read assignment of table", fmt::format("{}", table)));
        }
        Result<Assignment> assignment = AssignmentFromJson(node.value.data);
        if (!assignment.ok()) {
          return done(assignment.status().WithContext(fmt::format("table {}", table)));
        }
        done(std::move(assignment));
      });
}

void CatalogWriter::GetLeaderAndIsr(TableBucket bucket, Callback<LeaderAndIsr> done) {
  store_.Get(
      paths_.LeaderAndIsr(bucket), nullptr,
      [bucket, done = std::move(done)](MetaResult<Node> node) mutable {
        if (node.code == MetaCode::kNoNode) {
          return done(Error(ErrorCode::kLeaderNotAvailable, "{} never had a leader", bucket));
        }
        if (!node.ok()) {
          return done(MetaError(node.code, "read leader of", bucket.ToString()));
        }
        Result<LeaderAndIsr> leader = LeaderAndIsrFromJson(node.value.data);
        if (!leader.ok()) return done(leader.status().WithContext(bucket.ToString()));
        done(std::move(leader));
      });
}

void CatalogWriter::SetLeaderAndIsr(std::map<TableBucket, LeaderAndIsr> leaders,
                                    Callback<std::monostate> done) {
  auto all = std::make_shared<const Leaders>(leaders.begin(), leaders.end());
  InTurn<std::monostate>(std::move(done),
                         [this, all = std::move(all)](Callback<std::monostate> done) mutable {
                           SetLeaders(std::move(all), 0, std::move(done));
                         });
}

void CatalogWriter::SetLeaders(std::shared_ptr<const Leaders> leaders, size_t from,
                               Callback<std::monostate> done) {
  const size_t end = std::min(leaders->size(), from + kLeadersPerMulti);
  if (from == end) return done(std::monostate());
  // The nodes of these buckets that may be missing.
  std::set<std::string> unique;
  for (size_t i = from; i < end; ++i) {
    const TableBucket& bucket = (*leaders)[i].first;
    unique.insert({paths_.AssignmentOf(bucket), paths_.Buckets(bucket), paths_.Bucket(bucket),
                   paths_.LeaderAndIsr(bucket)});
  }
  auto nodes = std::make_shared<const std::vector<std::string>>(unique.begin(), unique.end());
  auto write = [this, leaders, from, end, nodes,
                done = std::move(done)](std::vector<MetaResult<Stat>> stats) mutable {
    std::set<std::string> missing;
    for (size_t i = 0; i < stats.size(); ++i) {
      if (stats[i].code == MetaCode::kNoNode) {
        missing.insert((*nodes)[i]);
      } else if (!stats[i].ok()) {
        return done(MetaError(stats[i].code, "look for", (*nodes)[i]));
      }
    }
    std::vector<Op> ops;
    const auto create_if_missing = [&](const std::string& path) {
      if (missing.erase(path) > 0) ops.emplace_back(CreateOp{path, ""});
    };
    for (size_t i = from; i < end; ++i) {
      const auto& [bucket, leader] = (*leaders)[i];
      if (missing.contains(paths_.AssignmentOf(bucket))) {
        return done(Error(ErrorCode::kTableNotExist, "{} belongs to no assignment", bucket));
      }
      create_if_missing(paths_.Buckets(bucket));
      create_if_missing(paths_.Bucket(bucket));
      std::string path = paths_.LeaderAndIsr(bucket);
      if (missing.contains(path)) {
        ops.emplace_back(CreateOp{std::move(path), ToJson(leader)});
      } else {
        ops.emplace_back(SetOp{std::move(path), ToJson(leader)});
      }
    }
    Write(std::move(ops), [this, leaders, end, done = std::move(done)](Written written) mutable {
      if (!written.ok()) return done(std::move(written.status));
      SetLeaders(std::move(leaders), end, std::move(done));
    });
  };
  Gather<MetaResult<Stat>>(
      nodes->size(),
      [this, nodes](size_t i, absl::AnyInvocable<void(MetaResult<Stat>)> found) {
        store_.Exists((*nodes)[i], nullptr, std::move(found));
      },
      std::move(write));
}

void Catalog::ListKvSnapshots(TableBucket bucket, Callback<std::vector<KvSnapshotHandle>> done) {
  ReadChildren(
      store_, paths_.KvSnapshots(bucket),
      [bucket, done = std::move(done)](Result<std::map<std::string, std::string>> nodes) mutable {
        if (!nodes.ok()) return done(nodes.status());
        std::vector<KvSnapshotHandle> snapshots;
        for (const auto& [name, json] : *nodes) {
          Result<KvSnapshotHandle> read = KvSnapshotHandleFromJson(json);
          if (!read.ok()) {
            return done(read.status().WithContext(fmt::format("{}, snapshot {}", bucket, name)));
          }
          snapshots.push_back(*std::move(read));
        }
        std::ranges::sort(snapshots);
        done(std::move(snapshots));
      });
}

void CatalogWriter::SetKvSnapshots(TableBucket bucket, KvSnapshotHandle added,
                                   std::vector<KvSnapshotId> dropped,
                                   Callback<std::monostate> done) {
  std::map<std::string, std::optional<std::string>> nodes;
  nodes[paths_.KvSnapshots(bucket)] = "";
  nodes[paths_.KvSnapshot(bucket, added.id)] = ToJson(added);
  for (const KvSnapshotId id : dropped) nodes[paths_.KvSnapshot(bucket, id)] = std::nullopt;
  SetNodes(std::move(nodes), std::move(done));
}

}  // namespace strom::metadata
