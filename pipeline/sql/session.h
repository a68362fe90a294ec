#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/types/schema.h"
#include "common/types/table_path.h"
#include "pipeline/sql/query.h"
#include "pipeline/sql/script.h"

namespace strom::sql {

// The schema of a table of the cluster. Errors: kTableNotExist.
using SchemaReader = std::function<Result<Schema>(const TablePath&)>;

// What a script's statements leave behind for those after them: catalogs, the current database,
// temporary tables and views, settings. It talks to nobody: databases and tables of the catalog
// are made by who runs the script. Every Fluss catalog means the one cluster.
class Session {
 public:
  // What names mean at one place of the script. A catalog "" is the default one, in memory.
  struct State {
    std::string catalog;
    std::string database = "default_database";
    std::map<std::string, Options> catalogs;
    std::map<std::string, TableDefinition> temporary_tables;  // By Key.
    std::map<std::string, CreateView> views;                  // By Key.
    std::map<std::string, std::string> settings;
  };
  struct PendingInsert {
    Insert insert;
    State state;
    Position at;
  };

  // Without `reader`, only tables the script itself makes are known.
  explicit Session(SchemaReader reader = nullptr) : reader_(std::move(reader)) {}

  // Takes the next statement. Gives what the user should hear of: settings that are ignored, ….
  // Errors: kInvalidSql with the place; nothing has changed then.
  Result<std::vector<std::string>> Apply(const Statement& statement);

  // The table of the cluster `name` means now. Errors: kInvalidSql if the catalog is none.
  Result<TablePath> PathOf(const ObjectName& name) const { return PathOf(state_, name); }

  const State& state() const { return state_; }
  const std::vector<PendingInsert>& inserts() const { return inserts_; }

  // The connector table `name` means at `state`; nullptr if it means another thing.
  static const TableDefinition* ConnectorTable(const State& state, const ObjectName& name);

  // The columns of an INSERT's target that its query fills, and the target's path or connector
  // table's name. Errors: kInvalidSql, kTableNotExist.
  struct Target {
    std::string path;
    std::optional<TablePath> table;              // Of the cluster.
    const TableDefinition* connector = nullptr;  // Else.
    std::vector<Column> columns;                 // In the query's order.
    bool has_primary_key = false;
  };
  Result<Target> TargetOf(const PendingInsert& insert) const;

  // Binds an INSERT's query, its columns cast to the target's.
  Result<BoundQuery> Bind(duck::Database& database, const PendingInsert& insert) const;
  // Binds a query as of now, for showing its rows.
  Result<BoundQuery> Bind(duck::Database& database, const Select& select) const;

 private:
  static Result<TablePath> PathOf(const State& state, const ObjectName& name);
  static std::string Key(const State& state, const ObjectName& name);
  Result<Schema> SchemaOf(const TablePath& path) const;
  Result<SourceTable> Resolve(const State& state, const ObjectName& name) const;
  Result<BoundQuery> BindAt(duck::Database& database, const State& state, std::string_view query,
                            Position at, const std::vector<Column>* target) const;

  Status Use(const UseCatalog& use, Position at);
  Status Use(const UseDatabase& use);
  Status Create(const CreateTable& create);
  Status Drop(const DropTable& drop);
  Result<std::vector<std::string>> Set(const SetOption& set, Position at);

  SchemaReader reader_;
  State state_;
  std::map<TablePath, Schema> declared_;  // By CREATE TABLE of this script.
  std::vector<PendingInsert> inserts_;
};

// The offset of a zone that has one and the same all the time, as for most of Asia.
// Errors: kInvalidSql for zones with daylight saving time.
Result<int32_t> FixedZoneOffset(std::string_view zone);

// `text` with each ${NAME} replaced by what `secrets` knows. Errors: kInvalidSql naming it.
using Secrets = std::function<std::optional<std::string>(std::string_view name)>;
Result<std::string> FillIn(std::string_view text, const Secrets& secrets);

}  // namespace strom::sql
