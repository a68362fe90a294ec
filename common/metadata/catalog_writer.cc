#include <algorithm>
#include <iterator>
#include <limits>

#include "common/base/mutation.h"
#include "common/metadata/catalog.h"

// The writer's ground: leadership, guarded multis, one change after another; and databases. Tables
// and leaders are in catalog_tables.cc.
namespace strom::metadata {
bool CatalogWriter::Written::conflict() const {
  return FailedWith(MetaCode::kBadVersion) || FailedWith(MetaCode::kNoNode) ||
         FailedWith(MetaCode::kNodeExists) || FailedWith(MetaCode::kNotEmpty);
}

void CatalogWriter::Write(std::vector<Op> ops, WriteDone done) {
  if (!epoch_node_version_) {
    return done({.status = Error(ErrorCode::kNotCoordinatorLeader,
                                 "this coordinator does not lead the cluster")});
  }
  const std::string guard = paths_.CoordinatorEpochNode();
  const int32_t version = Mutated(Mutant::kMetadataUnguarded) ? kAnyVersion : *epoch_node_version_;
  ops.insert(ops.begin(), CheckOp{guard, version});
  store_.Multi(std::move(ops), [guard, done = std::move(done)](MultiResult result) mutable {
    Written written{.status = Status::Ok(),
                    .code = result.code,
                    .failed_index = result.failed_index > 0 ? result.failed_index - 1 : 0};
    const bool deposed = result.failed_index == 0 &&
                         (result.code == MetaCode::kBadVersion || result.code == MetaCode::kNoNode);
    if (deposed) {
      written.code = MetaCode::kOk;  // No conflict: another try would change nothing.
      written.status =
          Error(ErrorCode::kNotCoordinatorLeader, "another coordinator leads the cluster by now");
    } else if (result.code != MetaCode::kOk) {
      written.status = MetaError(result.code, "change behind", guard);
    }
    done(std::move(written));
  });
}

void CatalogWriter::DeleteNodes(std::vector<std::string> paths, WriteDone done) {
  const size_t count = std::min(paths.size(), kOpsPerMulti);
  std::vector<Op> ops;
  for (size_t i = 0; i < count; ++i) ops.emplace_back(DeleteOp{std::move(paths[i])});
  paths.erase(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(count));
  Write(std::move(ops),
        [this, paths = std::move(paths), done = std::move(done)](Written written) mutable {
          if (!written.ok() || paths.empty()) return done(std::move(written));
          DeleteNodes(std::move(paths), std::move(done));
        });
}

void CatalogWriter::DeleteTree(std::string path, int attempts_left, Callback<std::monostate> done) {
  ListTree(store_, path,
           [this, path, attempts_left,
            done = std::move(done)](Result<std::vector<std::string>> nodes) mutable {
             if (!nodes.ok()) return done(nodes.status());
             if (nodes->empty()) return done(std::monostate());
             DeleteNodes(*std::move(nodes), [this, path = std::move(path), attempts_left,
                                             done = std::move(done)](Written written) mutable {
               if (written.ok()) return done(std::monostate());
               if (!written.conflict() || attempts_left <= 1)
                 return done(std::move(written.status));
               DeleteTree(std::move(path), attempts_left - 1, std::move(done));
             });
           });
}

void CatalogWriter::SetNodes(std::map<std::string, std::optional<std::string>> nodes,
                             Callback<std::monostate> done) {
  auto list = std::make_shared<const NodeData>(std::make_move_iterator(nodes.begin()),
                                               std::make_move_iterator(nodes.end()));
  InTurn<std::monostate>(std::move(done), [this, list](Callback<std::monostate> done) mutable {
    SetNodesFrom(std::move(list), 0, kAttemptsMax, std::move(done));
  });
}

void CatalogWriter::SetNodesFrom(std::shared_ptr<const NodeData> nodes, size_t from,
                                 int attempts_left, Callback<std::monostate> done) {
  const size_t count = std::min(nodes->size() - from, kOpsPerMulti);
  if (count == 0) return done(std::monostate());
  Gather<MetaResult<Stat>>(
      count,
      [this, nodes, from](size_t i, absl::AnyInvocable<void(MetaResult<Stat>)> answer) {
        store_.Exists((*nodes)[from + i].first, nullptr, std::move(answer));
      },
      [this, nodes, from, count, attempts_left,
       done = std::move(done)](std::vector<MetaResult<Stat>> stats) mutable {
        std::vector<Op> ops;
        for (size_t i = 0; i < count; ++i) {
          const auto& [path, data] = (*nodes)[from + i];
          if (!stats[i].ok() && stats[i].code != MetaCode::kNoNode) {
            return done(MetaError(stats[i].code, "look at", path));
          }
          if (data && stats[i].ok()) {
            ops.emplace_back(SetOp{path, *data});
          } else if (data) {
            ops.emplace_back(CreateOp{path, *data});
          } else if (stats[i].ok()) {
            ops.emplace_back(DeleteOp{path});
          }
        }
        Write(std::move(ops), [this, nodes, from, count, attempts_left,
                               done = std::move(done)](Written written) mutable {
          if (written.ok()) {
            return SetNodesFrom(std::move(nodes), from + count, kAttemptsMax, std::move(done));
          }
          if (!written.conflict() || attempts_left <= 1) return done(std::move(written.status));
          SetNodesFrom(std::move(nodes), from, attempts_left - 1, std::move(done));
        });
      });
}

void CatalogWriter::RunQueued() {
  if (changing_) return;
  // A loop and not a chain: a change that ends before it returns starts the next one here.
  while (!changing_ && !changes_.empty()) {
    changing_ = true;
    absl::AnyInvocable<void()> change = std::move(changes_.front());
    changes_.pop_front();
    change();
  }
}

void CatalogWriter::BecomeLeader(Callback<CoordinatorEpoch> done) {
  InTurn<CoordinatorEpoch>(std::move(done), [this](Callback<CoordinatorEpoch> done) {
    epoch_node_version_.reset();
    EnsureNodes(store_, paths_.FixedNodes(),
                [this, done = std::move(done)](Result<std::monostate> made) mutable {
                  if (!made.ok()) return done(made.status());
                  TryBecomeLeader(kAttemptsMax, std::move(done));
                });
  });
}

void CatalogWriter::TryBecomeLeader(int attempts_left, Callback<CoordinatorEpoch> done) {
  const std::string path = paths_.CoordinatorEpochNode();
  if (attempts_left == 0) {
    return done(Error(ErrorCode::kNotCoordinatorLeader,
                      "other coordinators keep changing {}: {} attempts failed", path,
                      kAttemptsMax));
  }
  store_.Get(path, nullptr,
             [this, path, attempts_left, done = std::move(done)](MetaResult<Node> node) mutable {
               if (node.ok()) {
                 return RaiseEpoch(std::move(node.value), attempts_left, std::move(done));
               }
               if (node.code != MetaCode::kNoNode) return done(MetaError(node.code, "read", path));
               store_.Create(path, EpochToText(CoordinatorEpoch(-1)), CreateMode::kPersistent,
                             [this, path, attempts_left,
                              done = std::move(done)](MetaResult<std::string> made) mutable {
                               if (!made.ok() && made.code != MetaCode::kNodeExists) {
                                 return done(MetaError(made.code, "create", path));
                               }
                               TryBecomeLeader(attempts_left - 1, std::move(done));
                             });
             });
}

void CatalogWriter::RaiseEpoch(Node node, int attempts_left, Callback<CoordinatorEpoch> done) {
  const std::string path = paths_.CoordinatorEpochNode();
  Result<CoordinatorEpoch> epoch = EpochFromText(node.data);
  if (!epoch.ok()) return done(epoch.status());
  if (epoch->value() == std::numeric_limits<int32_t>::max()) {
    return done(Error(ErrorCode::kUnknownServerError, "{}: no epoch left after {}", path, *epoch));
  }
  store_.Set(path, EpochToText(epoch->Next()), node.stat.version,
             [this, path, attempts_left, epoch = epoch->Next(),
              done = std::move(done)](MetaResult<Stat> set) mutable {
               if (set.code == MetaCode::kBadVersion) {
                 return TryBecomeLeader(attempts_left - 1, std::move(done));
               }
               if (!set.ok()) return done(MetaError(set.code, "write", path));
               epoch_node_version_ = set.value.version;
               done(epoch);
             });
}

void CatalogWriter::CreateDatabase(std::string name, DatabaseDescriptor descriptor, int64_t now_ms,
                                   Callback<std::monostate> done) {
  if (const auto problem = NameProblem(name)) {
    return done(Error(ErrorCode::kInvalidDatabase, "a database's name {}", *problem));
  }
  std::string json = ToJson(DatabaseRegistration{std::move(descriptor), now_ms, now_ms});
  std::vector<Op> ops = {CreateOp{paths_.Database(name), std::move(json)},
                         CreateOp{paths_.Tables(name), ""}};
  InTurn<std::monostate>(std::move(done), [this, name = std::move(name), ops = std::move(ops)](
                                              Callback<std::monostate> done) mutable {
    Write(std::move(ops), [name, done = std::move(done)](Written written) mutable {
      if (written.FailedWith(MetaCode::kNodeExists)) {
        return done(Error(ErrorCode::kDatabaseAlreadyExist, "database {} already exists", name));
      }
      if (!written.ok()) return done(std::move(written.status));
      done(std::monostate());
    });
  });
}

void CatalogWriter::EnsureDatabase(std::string name, int64_t now_ms,
                                   Callback<std::monostate> done) {
  CreateDatabase(std::move(name), {}, now_ms,
                 [done = std::move(done)](Result<std::monostate> created) mutable {
                   if (created.status().code() == ErrorCode::kDatabaseAlreadyExist) {
                     return done(std::monostate());
                   }
                   done(std::move(created));
                 });
}

void CatalogWriter::DropDatabase(std::string name, Callback<std::monostate> done) {
  if (NameProblem(name)) return done(NoDatabase(name));
  if (name == kDefaultDatabase) {
    return done(Error(ErrorCode::kUnknownServerError, "the default database {} cannot be dropped",
                      kDefaultDatabase));
  }
  InTurn<std::monostate>(std::move(done),
                         [this, name = std::move(name)](Callback<std::monostate> done) mutable {
                           DropEmptyDatabase(std::move(name), std::move(done));
                         });
}

void CatalogWriter::DropEmptyDatabase(std::string name, Callback<std::monostate> done) {
  ListTables(name,
             [this, name, done = std::move(done)](Result<std::vector<std::string>> tables) mutable {
               if (!tables.ok()) return done(tables.status());
               if (!tables->empty()) {
                 return done(Error(ErrorCode::kDatabaseNotEmpty, "database {} still has {} tables",
                                   name, tables->size()));
               }
               DeleteTree(paths_.Database(name), kAttemptsMax, std::move(done));
             });
}

}  // namespace strom::metadata
