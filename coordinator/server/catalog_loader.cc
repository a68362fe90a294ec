#include "coordinator/server/catalog_loader.h"

#include <algorithm>
#include <set>
#include <string>
#include <variant>

#include "common/base/logging.h"

namespace strom::coordinator {
namespace {

using metadata::AllOf;
using metadata::Callback;
using metadata::CatalogWriter;
using metadata::Gather;
using Table = LoadedCatalog::Table;
using Unreadable = LoadedCatalog::Unreadable;
using Loaded = std::pair<TablePath, std::variant<Table, Unreadable>>;

// The store answered, but with what is no table's.
bool BlamesContent(const Status& failed) {
  return failed.code() == ErrorCode::kUnknownServerError ||
         failed.code() == ErrorCode::kSchemaNotExist;
}

void LoadLeaderships(CatalogWriter& catalog, Table table, Callback<Table> done) {
  std::vector<TableBucket> buckets;
  for (const auto& [number, replicas] : table.replicas) {
    buckets.push_back({.table = table.info.id, .partition = std::nullopt, .bucket = number});
  }
  const size_t count = buckets.size();
  Gather<Result<metadata::LeaderAndIsr>>(
      count,
      [&catalog, buckets](size_t i,
                          absl::AnyInvocable<void(Result<metadata::LeaderAndIsr>)> answer) {
        catalog.GetLeaderAndIsr(buckets[i], std::move(answer));
      },
      [table = std::move(table), buckets,
       done = std::move(done)](std::vector<Result<metadata::LeaderAndIsr>> leaders) mutable {
        for (size_t i = 0; i < leaders.size(); ++i) {
          if (leaders[i].status().code() == ErrorCode::kLeaderNotAvailable) continue;
          if (!leaders[i].ok()) return done(leaders[i].status());
          table.leaderships[buckets[i]] = {.leader = leaders[i]->leader,
                                           .leader_epoch = leaders[i]->leader_epoch,
                                           .bucket_epoch = leaders[i]->bucket_epoch,
                                           .isr = leaders[i]->isr,
                                           .awaited_directory =
                                               leaders[i]->awaited_directory.value_or("")};
        }
        done(std::move(table));
      });
}

void LoadTable(CatalogWriter& catalog, const TablePath& path, Callback<Table> done) {
  catalog.GetTable(path, [&catalog, done = std::move(done)](Result<TableInfo> info) mutable {
    if (!info.ok()) return done(info.status());
    const TableId id = info->id;
    catalog.GetAssignment(id, [&catalog, info = *std::move(info), done = std::move(done)](
                                  Result<metadata::Assignment> assignment) mutable {
      if (assignment.status().code() == ErrorCode::kTableNotExist) {
        // It can be listed and dropped, but nobody has its data.
        STROM_LOG(kError, "table {} (id {}) has no assignment", info.path, info.id);
        assignment = metadata::Assignment();
      }
      if (!assignment.ok()) return done(assignment.status());
      LoadLeaderships(catalog, {.info = std::move(info), .replicas = *std::move(assignment)},
                      std::move(done));
    });
  });
}

void LoadOrSetAside(CatalogWriter& catalog, const TablePath& path, Callback<Loaded> done) {
  LoadTable(catalog, path, [&catalog, path, done = std::move(done)](Result<Table> table) mutable {
    if (table.ok()) return done(Loaded(path, *std::move(table)));
    if (!BlamesContent(table.status())) return done(table.status());
    catalog.GetTableId(path, [path, why = table.status(),
                              done = std::move(done)](Result<TableId> id) mutable {
      if (!id.ok() && !BlamesContent(id.status())) return done(id.status());
      STROM_LOG(kError, "table {} cannot be read; nobody leads it, but it can be dropped: {}", path,
                why.ToString());
      const std::optional<TableId> known = id.ok() ? std::optional(*id) : std::nullopt;
      done(Loaded(path, Unreadable{.id = known, .why = std::move(why)}));
    });
  });
}

void LoadOrphans(CatalogWriter& catalog, LoadedCatalog loaded, Callback<LoadedCatalog> done) {
  std::set<TableId> known;
  for (const Table& table : loaded.tables) known.insert(table.info.id);
  for (const auto& [path, unreadable] : loaded.unreadable) {
    // Any assignment may be this table's.
    if (!unreadable.id) return done(std::move(loaded));
    known.insert(*unreadable.id);
  }
  catalog.ListAssignedTables([&catalog, known = std::move(known), loaded = std::move(loaded),
                              done = std::move(done)](Result<std::vector<TableId>> ids) mutable {
    if (!ids.ok()) return done(ids.status());
    std::erase_if(*ids, [&](TableId id) { return known.contains(id); });
    const size_t count = ids->size();
    using Orphan = std::pair<TableId, ReplicaLists>;
    Gather<Result<Orphan>>(
        count,
        [&catalog, ids = *std::move(ids)](size_t i,
                                          absl::AnyInvocable<void(Result<Orphan>)> answer) {
          catalog.GetAssignment(ids[i], [id = ids[i], answer = std::move(answer)](
                                            Result<metadata::Assignment> assignment) mutable {
            // A node without content: nobody has a replica.
            if (assignment.status().code() == ErrorCode::kTableNotExist) {
              assignment = metadata::Assignment();
            } else if (!assignment.ok() && BlamesContent(assignment.status())) {
              STROM_LOG(kError, "who has replicas of the dropped table {} is not known: {}", id,
                        assignment.status().ToString());
              assignment = metadata::Assignment();
            }
            if (!assignment.ok()) return answer(assignment.status());
            answer(Orphan(id, *std::move(assignment)));
          });
        },
        [loaded = std::move(loaded),
         done = std::move(done)](std::vector<Result<Orphan>> orphans) mutable {
          Result<std::vector<Orphan>> all = AllOf(std::move(orphans));
          if (!all.ok()) return done(all.status());
          loaded.orphans = *std::move(all);
          done(std::move(loaded));
        });
  });
}

void LoadTables(CatalogWriter& catalog, std::vector<TablePath> paths,
                Callback<LoadedCatalog> done) {
  const size_t count = paths.size();
  Gather<Result<Loaded>>(
      count,
      [&catalog, paths = std::move(paths)](size_t i,
                                           absl::AnyInvocable<void(Result<Loaded>)> answer) {
        LoadOrSetAside(catalog, paths[i], std::move(answer));
      },
      [&catalog, done = std::move(done)](std::vector<Result<Loaded>> tables) mutable {
        Result<std::vector<Loaded>> all = AllOf(std::move(tables));
        if (!all.ok()) return done(all.status());
        LoadedCatalog loaded;
        for (auto& [path, what] : *all) {
          if (auto* table = std::get_if<Table>(&what)) {
            loaded.tables.push_back(std::move(*table));
          } else {
            loaded.unreadable.emplace(path, std::get<Unreadable>(std::move(what)));
          }
        }
        LoadOrphans(catalog, std::move(loaded), std::move(done));
      });
}

}  // namespace

void LoadCatalog(CatalogWriter& catalog, Callback<LoadedCatalog> done) {
  using Names = std::vector<std::string>;
  catalog.ListDatabases([&catalog, done = std::move(done)](Result<Names> databases) mutable {
    if (!databases.ok()) return done(databases.status());
    const size_t count = databases->size();
    Gather<Result<Names>>(
        count,
        [&catalog, databases = *databases](size_t i,
                                           absl::AnyInvocable<void(Result<Names>)> answer) {
          catalog.ListTables(databases[i], std::move(answer));
        },
        [&catalog, databases = *databases,
         done = std::move(done)](std::vector<Result<Names>> tables) mutable {
          Result<std::vector<Names>> all = AllOf(std::move(tables));
          if (!all.ok()) return done(all.status());
          std::vector<TablePath> paths;
          for (size_t i = 0; i < databases.size(); ++i) {
            for (std::string& table : (*all)[i]) paths.push_back({databases[i], std::move(table)});
          }
          LoadTables(catalog, std::move(paths), std::move(done));
        });
  });
}

}  // namespace strom::coordinator
