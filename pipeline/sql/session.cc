#include "pipeline/sql/session.h"

#include <algorithm>

#include "common/types/time_zone.h"
#include "pipeline/sql/connector_options.h"
#include "pipeline/sql/token.h"

namespace strom::sql {
namespace {

constexpr std::string_view kZoneSetting = "table.local-time-zone";
constexpr std::string_view kDefaultCatalog = "default_catalog";

std::string LowerCase(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return text;
}

std::vector<size_t> Positions(const std::vector<Column>& columns,
                              const std::vector<std::string>& names) {
  std::vector<size_t> out;
  for (const std::string& name : names) {
    out.push_back(
        static_cast<size_t>(std::ranges::find(columns, name, &Column::name) - columns.begin()));
  }
  return out;
}

}  // namespace

Result<int32_t> FixedZoneOffset(std::string_view zone) {
  STROM_ASSIGN_OR_RETURN(const TimeZone parsed, TimeZone::Parse(zone));
  constexpr int64_t kWeek = int64_t{7} * 86400;
  constexpr int64_t kFrom = 694224000;    // 1992-01-01.
  constexpr int64_t kUntil = 2145916800;  // 2038-01-01.
  const int32_t offset = parsed.OffsetSeconds(kFrom);
  for (int64_t at = kFrom; at < kUntil; at += kWeek) {
    if (parsed.OffsetSeconds(at) != offset) {
      return Error(ErrorCode::kInvalidSql,
                   "time zone {} changes its offset: only zones without daylight saving time are "
                   "supported",
                   zone);
    }
  }
  return offset;
}

Result<std::string> FillIn(std::string_view text, const Secrets& secrets) {
  std::string out;
  while (true) {
    const size_t begin = text.find("${");
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const size_t end = text.find('}', begin);
    if (end == std::string_view::npos) {
      return Error(ErrorCode::kInvalidSql, "'{}' has no '}}'", text.substr(begin));
    }
    const std::string_view name = text.substr(begin + 2, end - begin - 2);
    const std::optional<std::string> value = secrets ? secrets(name) : std::nullopt;
    if (!value) return Error(ErrorCode::kInvalidSql, "${{{}}} is not set", name);
    out += *value;
    text.remove_prefix(end + 1);
  }
}

std::string Session::Key(const State& state, const ObjectName& name) {
  const auto& parts = name.parts;
  std::string catalog = parts.size() > 2 ? parts[parts.size() - 3] : state.catalog;
  if (catalog == kDefaultCatalog) catalog.clear();
  const std::string database = parts.size() > 1 ? parts[parts.size() - 2] : state.database;
  return catalog + '\0' + database + '\0' + parts.back();
}

const TableDefinition* Session::ConnectorTable(const State& state, const ObjectName& name) {
  const auto it = state.temporary_tables.find(Key(state, name));
  return it == state.temporary_tables.end() ? nullptr : &it->second;
}

Result<TablePath> Session::PathOf(const State& state, const ObjectName& name) {
  const auto& parts = name.parts;
  const std::string& catalog = parts.size() > 2 ? parts[0] : state.catalog;
  if (catalog.empty() || catalog == kDefaultCatalog) {
    return ErrorAt(name.at, fmt::format("there is no table {}; tables of the cluster stand in a "
                                        "Fluss catalog: CREATE CATALOG and USE CATALOG first",
                                        ToText(name)));
  }
  if (!state.catalogs.contains(catalog)) {
    return ErrorAt(name.at, fmt::format("there is no catalog {}", catalog));
  }
  return TablePath{.database = parts.size() > 1 ? parts[parts.size() - 2] : state.database,
                   .table = parts.back()};
}

Result<Schema> Session::SchemaOf(const TablePath& path) const {
  if (reader_) {
    Result<Schema> schema = reader_(path);
    if (schema.ok() || schema.status().code() != ErrorCode::kTableNotExist) return schema;
  }
  const auto it = declared_.find(path);
  if (it != declared_.end()) return it->second;
  return Error(ErrorCode::kTableNotExist, "there is no table {}", path.ToString());
}

Result<SourceTable> Session::Resolve(const State& state, const ObjectName& name) const {
  if (const TableDefinition* table = ConnectorTable(state, name)) {
    return SourceTable{.name = "temporary__" + LowerCase(name.parts.back()),
                       .path = table->name.parts.back(),
                       .columns = table->columns,
                       .primary_key = Positions(table->columns, table->primary_key)};
  }
  Result<TablePath> path = PathOf(state, name);
  if (!path.ok()) return Error(path.status().code(), "there is no table {}", ToText(name));
  STROM_ASSIGN_OR_RETURN(const Schema schema, SchemaOf(*path));
  return SourceTable{.name = LowerCase(path->database + "__" + path->table),
                     .path = path->ToString(),
                     .columns = schema.columns(),
                     .primary_key = schema.primary_key_indexes()};
}

Result<Session::Target> Session::TargetOf(const PendingInsert& pending) const {
  const ObjectName& name = pending.insert.target;
  Target out;
  std::vector<Column> all;
  if (const TableDefinition* table = ConnectorTable(pending.state, name)) {
    out.path = table->name.parts.back();
    out.connector = table;
    out.has_primary_key = !table->primary_key.empty();
    all = table->columns;
  } else {
    STROM_ASSIGN_OR_RETURN(out.table, PathOf(pending.state, name));
    out.path = out.table->ToString();
    Result<Schema> schema = SchemaOf(*out.table);
    if (!schema.ok()) {
      return Error(schema.status().code(), "line {}, column {}: {}", name.at.line, name.at.column,
                   schema.status().message());
    }
    out.has_primary_key = schema->has_primary_key();
    all = schema->columns();
  }
  if (pending.insert.columns.empty()) {
    out.columns = std::move(all);
    return out;
  }
  for (const std::string& column : pending.insert.columns) {
    const auto it = std::ranges::find(all, column, &Column::name);
    if (it == all.end()) {
      return ErrorAt(name.at, fmt::format("table {} has no column {}", out.path, column));
    }
    out.columns.push_back(*it);
  }
  return out;
}

Result<BoundQuery> Session::BindAt(duck::Database& database, const State& state,
                                   std::string_view query, Position at,
                                   const std::vector<Column>* target) const {
  BindOptions options;
  if (const auto it = state.settings.find(std::string(kZoneSetting)); it != state.settings.end()) {
    STROM_ASSIGN_OR_RETURN(options.zone_offset_seconds, FixedZoneOffset(it->second));
  }
  std::vector<CreateView> views;
  for (const auto& [key, view] : state.views) {  // By their short names where those mean them.
    const std::string name = view.name.parts.back();
    views.push_back(view);
    views.back().name.parts = {name};
    if (key == Key(state, views.back().name)) continue;
    const size_t first = key.find('\0');
    const size_t second = key.find('\0', first + 1);
    views.back().name.parts = {first == 0 ? std::string(kDefaultCatalog) : key.substr(0, first),
                               key.substr(first + 1, second - first - 1), name};
  }
  return BindQuery(
      database, query, at, [this, &state](const ObjectName& name) { return Resolve(state, name); },
      views, target, options);
}

Result<BoundQuery> Session::Bind(duck::Database& database, const PendingInsert& insert) const {
  STROM_ASSIGN_OR_RETURN(const Target target, TargetOf(insert));
  return BindAt(database, insert.state, insert.insert.query, insert.insert.query_at,
                &target.columns);
}

Result<BoundQuery> Session::Bind(duck::Database& database, const Select& select) const {
  return BindAt(database, state_, select.query, select.query_at, nullptr);
}

Status Session::Use(const UseCatalog& use, Position at) {
  if (use.name == kDefaultCatalog) {
    state_.catalog.clear();
    state_.database = "default_database";
    return Status::Ok();
  }
  const auto it = state_.catalogs.find(use.name);
  if (it == state_.catalogs.end()) {
    return ErrorAt(at, fmt::format("there is no catalog {}", use.name));
  }
  state_.catalog = use.name;
  const auto database = it->second.find("default-database");
  state_.database = database == it->second.end() ? "fluss" : database->second;
  return Status::Ok();
}

Status Session::Use(const UseDatabase& use) {
  if (use.name.parts.size() > 1) {
    STROM_RETURN_IF_ERROR(Use(UseCatalog{.name = use.name.parts[0]}, use.name.at));
  }
  state_.database = use.name.parts.back();
  return Status::Ok();
}

Status Session::Create(const CreateTable& create) {
  const TableDefinition& table = create.table;
  const std::string connector = ConnectorOf(table);
  if (table.temporary) {
    if (connector == "postgres-cdc") {
      STROM_RETURN_IF_ERROR(ReadPostgresCdcOptions(table).status());
    } else if (connector == "jdbc") {
      STROM_RETURN_IF_ERROR(ReadJdbcOptions(table).status());
    } else {
      return ErrorAt(table.name.at,
                     fmt::format("table {}: 'connector' = '{}' is not supported; 'postgres-cdc' "
                                 "and 'jdbc' are",
                                 ToText(table.name), connector));
    }
    state_.temporary_tables[Key(state_, table.name)] = table;
    return Status::Ok();
  }
  if (!connector.empty() && connector != "fluss") {
    return ErrorAt(table.name.at, fmt::format("a Fluss catalog keeps no '{}' tables: CREATE "
                                              "TEMPORARY TABLE",
                                              connector));
  }
  STROM_ASSIGN_OR_RETURN(const TablePath path, PathOf(state_, table.name));
  STROM_ASSIGN_OR_RETURN(TableDescriptor descriptor, ToDescriptor(table));
  declared_.insert_or_assign(path, std::move(descriptor.schema));
  return Status::Ok();
}

Status Session::Drop(const DropTable& drop) {
  if (drop.temporary) {
    if (state_.temporary_tables.erase(Key(state_, drop.name)) == 0 && !drop.if_exists) {
      return ErrorAt(drop.name.at,
                     fmt::format("there is no temporary table {}", ToText(drop.name)));
    }
    return Status::Ok();
  }
  STROM_ASSIGN_OR_RETURN(const TablePath path, PathOf(state_, drop.name));
  declared_.erase(path);
  return Status::Ok();
}

Result<std::vector<std::string>> Session::Set(const SetOption& set, Position at) {
  if (set.key == kZoneSetting) {
    const Result<int32_t> offset = FixedZoneOffset(set.value);
    if (!offset.ok()) return ErrorAt(at, offset.status().message());
  }
  const bool known = set.key == kZoneSetting || set.key.starts_with("strom.");
  if (!known) {
    return std::vector<std::string>{
        fmt::format("line {}: setting '{}' is Flink's and ignored", at.line, set.key)};
  }
  state_.settings[set.key] = set.value;
  return std::vector<std::string>();
}

Result<std::vector<std::string>> Session::Apply(const Statement& statement) {
  std::vector<std::string> notices;
  const Position at = statement.at;
  if (const auto* create = std::get_if<CreateCatalog>(&statement.body)) {
    const auto type = create->options.find("type");
    if (type == create->options.end() || type->second != "fluss") {
      return ErrorAt(at,
                     fmt::format("catalog {}: only 'type' = 'fluss' is supported", create->name));
    }
    state_.catalogs[create->name] = create->options;
  } else if (const auto* catalog = std::get_if<UseCatalog>(&statement.body)) {
    STROM_RETURN_IF_ERROR(Use(*catalog, at));
  } else if (const auto* database = std::get_if<UseDatabase>(&statement.body)) {
    STROM_RETURN_IF_ERROR(Use(*database));
  } else if (const auto* table = std::get_if<CreateTable>(&statement.body)) {
    STROM_RETURN_IF_ERROR(Create(*table));
  } else if (const auto* drop = std::get_if<DropTable>(&statement.body)) {
    STROM_RETURN_IF_ERROR(Drop(*drop));
  } else if (const auto* view = std::get_if<CreateView>(&statement.body)) {
    state_.views[Key(state_, view->name)] = *view;
  } else if (const auto* set = std::get_if<SetOption>(&statement.body)) {
    return Set(*set, at);
  } else if (const auto* insert = std::get_if<Insert>(&statement.body)) {
    inserts_.push_back({.insert = *insert, .state = state_, .at = at});
  }
  return notices;  // The others change nothing here.
}

}  // namespace strom::sql
