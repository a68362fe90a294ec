#include "common/metadata/catalog.h"

#include <algorithm>

#include "common/types/json_codec.h"

namespace strom::metadata {
namespace {

// A name that keeps the rules is one node; any other may not get into a path.
bool IsNodeName(std::string_view name) { return !NameProblem(name); }
bool IsNodePath(const TablePath& path) {
  return IsNodeName(path.database) && IsNodeName(path.table);
}

}  // namespace

Status Catalog::NoDatabase(std::string_view name) {
  return Error(ErrorCode::kDatabaseNotExist, "database {:.200} does not exist", name);
}

Status Catalog::NoTable(const TablePath& path) {
  return Error(ErrorCode::kTableNotExist, "table {:.401} does not exist", path.ToString());
}

void Catalog::ListDatabases(Callback<std::vector<std::string>> done) {
  store_.Children(paths_.Databases(), nullptr,
                  [path = paths_.Databases(),
                   done = std::move(done)](MetaResult<std::vector<std::string>> names) mutable {
                    if (names.code == MetaCode::kNoNode) return done(std::vector<std::string>());
                    if (!names.ok()) return done(MetaError(names.code, "list", path));
                    done(std::move(names.value));
                  });
}

void Catalog::GetDatabase(std::string name, Callback<DatabaseInfo> done) {
  if (!IsNodeName(name)) return done(NoDatabase(name));
  store_.Get(paths_.Database(name), nullptr,
             [name, done = std::move(done)](MetaResult<Node> node) mutable {
               if (node.code == MetaCode::kNoNode) return done(NoDatabase(name));
               if (!node.ok()) return done(MetaError(node.code, "read database", name));
               Result<DatabaseRegistration> read = DatabaseRegistrationFromJson(node.value.data);
               if (!read.ok()) return done(read.status().WithContext(name));
               done(DatabaseInfo{.name = std::move(name),
                                 .descriptor = std::move(read->descriptor),
                                 .created_ms = read->created_ms,
                                 .modified_ms = read->modified_ms});
             });
}

void Catalog::DatabaseExists(std::string name, Callback<bool> done) {
  if (!IsNodeName(name)) return done(false);
  store_.Exists(paths_.Database(name), nullptr,
                [name, done = std::move(done)](MetaResult<Stat> stat) mutable {
                  if (!stat.ok() && stat.code != MetaCode::kNoNode) {
                    return done(MetaError(stat.code, "look for database", name));
                  }
                  done(stat.ok());
                });
}

void Catalog::ListTables(std::string database, Callback<std::vector<std::string>> done) {
  DatabaseExists(database, [this, database, done = std::move(done)](Result<bool> exists) mutable {
    if (!exists.ok()) return done(exists.status());
    if (!*exists) return done(NoDatabase(database));
    store_.Children(
        paths_.Tables(database), nullptr,
        [this, database,
         done = std::move(done)](MetaResult<std::vector<std::string>> names) mutable {
          if (!names.ok() && names.code != MetaCode::kNoNode) {
            return done(MetaError(names.code, "list tables of", database));
          }
          auto all = std::make_shared<const std::vector<std::string>>(std::move(names.value));
          Gather<Result<bool>>(
              all->size(),
              [this, database, all](size_t i, absl::AnyInvocable<void(Result<bool>)> found) {
                TableExists({database, (*all)[i]}, std::move(found));
              },
              [all, done = std::move(done)](std::vector<Result<bool>> found) mutable {
                std::vector<std::string> tables;
                for (size_t i = 0; i < found.size(); ++i) {
                  if (!found[i].ok()) return done(found[i].status());
                  if (*found[i]) tables.push_back((*all)[i]);
                }
                done(std::move(tables));
              });
        });
  });
}

void Catalog::ReadTableNode(const TablePath& path, Callback<TableNode> done) {
  if (!IsNodePath(path)) return done(TableNode());
  store_.Get(paths_.Table(path), nullptr,
             [path, done = std::move(done)](MetaResult<Node> node) mutable {
               if (node.code == MetaCode::kNoNode) return done(TableNode());
               if (!node.ok()) return done(MetaError(node.code, "read table", path.ToString()));
               TableNode table{.exists = true, .registration = {}, .stat = node.value.stat};
               if (node.value.data.empty()) return done(std::move(table));
               Result<TableRegistration> read = TableRegistrationFromJson(node.value.data);
               if (!read.ok()) return done(read.status().WithContext(path.ToString()));
               table.registration = *std::move(read);
               done(std::move(table));
             });
}

void Catalog::TableExists(TablePath path, Callback<bool> done) {
  if (!IsNodePath(path)) return done(false);
  store_.Get(paths_.Table(path), nullptr,
             [path, done = std::move(done)](MetaResult<Node> node) mutable {
               if (!node.ok() && node.code != MetaCode::kNoNode) {
                 return done(MetaError(node.code, "look for table", path.ToString()));
               }
               done(node.ok() && !node.value.data.empty());
             });
}

void Catalog::GetTable(TablePath path, Callback<TableInfo> done) {
  ReadTableNode(path, [this, path, done = std::move(done)](Result<TableNode> table) mutable {
    if (!table.ok()) return done(table.status());
    if (!table->registration) {
      known_.OnMissing(path);
      return done(NoTable(path));
    }
    ReadNewestSchema(path, [this, path, registration = *std::move(table->registration),
                            done = std::move(done)](Result<NumberedSchema> schema) mutable {
      if (!schema.ok()) return done(schema.status());
      TableInfo info = TableInfoOf(std::move(path), std::move(registration), schema->first,
                                   std::move(schema->second));
      known_.OnTable(info);
      done(std::move(info));
    });
  });
}

void Catalog::GetTableId(TablePath path, Callback<TableId> done) {
  ReadTableNode(path, [path, done = std::move(done)](Result<TableNode> table) mutable {
    if (!table.ok()) return done(table.status());
    if (!table->registration) return done(NoTable(path));
    done(table->registration->id);
  });
}

void Catalog::GetSchema(TablePath path, std::optional<SchemaId> id, Callback<NumberedSchema> done) {
  TableExists(path, [this, path, id, done = std::move(done)](Result<bool> exists) mutable {
    if (!exists.ok()) return done(exists.status());
    if (!*exists) return done(NoTable(path));
    if (!id) return ReadNewestSchema(std::move(path), std::move(done));
    ReadSchema(std::move(path), *id, std::move(done));
  });
}

void Catalog::ReadNewestSchema(TablePath path, Callback<NumberedSchema> done) {
  store_.Children(
      paths_.Schemas(path), nullptr,
      [this, path, done = std::move(done)](MetaResult<std::vector<std::string>> names) mutable {
        if (!names.ok() && names.code != MetaCode::kNoNode) {
          return done(MetaError(names.code, "list schemas of", path.ToString()));
        }
        int64_t newest = 0;
        for (const std::string& name : names.value) {
          newest = std::max(newest, NumberFromName(name).value_or(0));
        }
        if (newest < 1 || newest > INT16_MAX) {
          return done(Error(ErrorCode::kSchemaNotExist, "table {} has no schema", path));
        }
        ReadSchema(std::move(path), SchemaId(static_cast<int16_t>(newest)), std::move(done));
      });
}

void Catalog::ReadSchema(TablePath path, SchemaId id, Callback<NumberedSchema> done) {
  store_.Get(
      paths_.Schema(path, id), nullptr,
      [this, path, id, done = std::move(done)](MetaResult<Node> node) mutable {
        if (node.code == MetaCode::kNoNode) {
          return done(Error(ErrorCode::kSchemaNotExist, "table {} has no schema {}", path, id));
        }
        if (!node.ok()) return done(MetaError(node.code, "read schema", path.ToString()));
        Result<Schema> schema = SchemaFromJson(node.value.data);
        if (!schema.ok()) {
          return done(Error(ErrorCode::kUnknownServerError, "schema {} of table {}: {}", id, path,
                            schema.status().message()));
        }
        known_.OnSchema(path, id, *schema);
        done(NumberedSchema(id, *std::move(schema)));
      });
}

void Catalog::GetKnownTable(TablePath path, Callback<TableInfo> done) {
  GetTable(path, [this, path, done = std::move(done)](Result<TableInfo> table) mutable {
    if (table.status().code() != ErrorCode::kNetwork) return done(std::move(table));
    std::optional<TableInfo> known = known_.Find(path);
    known ? done(*std::move(known)) : done(std::move(table));
  });
}

void Catalog::GetKnownSchema(TablePath path, std::optional<SchemaId> id,
                             Callback<NumberedSchema> done) {
  auto answer = [this, path, id, done = std::move(done)](Result<NumberedSchema> schema) mutable {
    if (schema.status().code() != ErrorCode::kNetwork) return done(std::move(schema));
    std::optional<NumberedSchema> known = known_.FindSchema(path, id);
    known ? done(*std::move(known)) : done(std::move(schema));
  };
  GetSchema(std::move(path), id, std::move(answer));
}

void Catalog::ListPartitions(TablePath path, Callback<std::vector<PartitionInfo>> done) {
  if (!IsNodePath(path)) return done(std::vector<PartitionInfo>());
  using Found = std::optional<PartitionInfo>;  // None: dropped meanwhile.
  const auto read = [this, path](std::string name, absl::AnyInvocable<void(Result<Found>)> found) {
    store_.Get(paths_.Partition(path, name), nullptr,
               [path, name, found = std::move(found)](MetaResult<Node> node) mutable {
                 if (node.code == MetaCode::kNoNode) return found(Found());
                 if (!node.ok()) return found(MetaError(node.code, "read partition", name));
                 Result<PartitionRegistration> partition =
                     PartitionRegistrationFromJson(node.value.data);
                 if (!partition.ok()) return found(partition.status().WithContext(name));
                 found(Found(PartitionInfo{std::move(name), partition->id,
                                           std::move(partition->remote_data_dir)}));
               });
  };
  store_.Children(
      paths_.Partitions(path), nullptr,
      [path, read, done = std::move(done)](MetaResult<std::vector<std::string>> names) mutable {
        if (!names.ok() && names.code != MetaCode::kNoNode) {
          return done(MetaError(names.code, "list partitions of", path.ToString()));
        }
        const size_t count = names.value.size();
        Gather<Result<Found>>(
            count,
            [read, names = std::move(names.value)](size_t i,
                                                   absl::AnyInvocable<void(Result<Found>)> found) {
              read(names[i], std::move(found));
            },
            [done = std::move(done)](std::vector<Result<Found>> all) mutable {
              Result<std::vector<Found>> found = AllOf(std::move(all));
              if (!found.ok()) return done(found.status());
              std::vector<PartitionInfo> partitions;
              for (Found& partition : *found) {
                if (partition) partitions.push_back(*std::move(partition));
              }
              done(std::move(partitions));
            });
      });
}

}  // namespace strom::metadata
