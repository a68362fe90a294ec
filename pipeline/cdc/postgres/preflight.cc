#include "pipeline/cdc/postgres/preflight.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "pipeline/cdc/value_text.h"
#include "pipeline/postgres/text/pg_text.h"

namespace strom::cdc {
namespace {

constexpr int kServerVersionMin = 100000;

using Fields = std::vector<std::optional<std::string>>;

template <class... Args>
Status Refuse(fmt::format_string<Args...> format, Args&&... args) {
  return Status(ErrorCode::kExternalSystem, fmt::format(format, std::forward<Args>(args)...));
}

std::string Text(const Fields& row, size_t field) { return row.at(field).value_or(""); }

uint32_t Oid(const Fields& row, size_t field) {
  const std::string text = Text(row, field);
  uint32_t oid = 0;
  std::from_chars(text.data(), text.data() + text.size(), oid);
  return oid;
}

std::string Join(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// The table's row in pg_class: oid, kind, persistence, replica identity.
Result<Fields> FindTable(postgres::PgConnection& sql, const SourceTable& table) {
  STROM_ASSIGN_OR_RETURN(
      postgres::PgRows found,
      sql.Query("looking up a table",
                fmt::format("SELECT c.oid, c.relkind, c.relpersistence, c.relreplident, "
                            "has_schema_privilege(n.oid, 'USAGE') "
                            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                            "WHERE n.nspname = {} AND c.relname = {}",
                            postgres::QuoteLiteral(table.schema_name),
                            postgres::QuoteLiteral(table.name))));
  if (found.rows.empty()) {
    return Refuse("table {} does not exist in {}", table.ToString(), sql.endpoint().ToString());
  }
  const Fields& row = found.rows[0];
  if (Text(row, 1) != "r" && Text(row, 1) != "p") {
    return Refuse(
        "{} is no table (relkind {}): views, foreign tables and materialized views are "
        "not replicated",
        table.ToString(), Text(row, 1));
  }
  if (Text(row, 2) != "p") {
    return Refuse("table {} is unlogged or temporary: its changes are not in the WAL",
                  table.ToString());
  }
  if (Text(row, 4) != "t") {
    return Refuse("user {} may not use schema {}: GRANT USAGE ON SCHEMA {} TO {}",
                  sql.endpoint().user, table.schema_name,
                  postgres::QuoteIdentifier(table.schema_name),
                  postgres::QuoteIdentifier(sql.endpoint().user));
  }
  return row;
}

Status CheckColumns(postgres::PgConnection& sql, const SourceTable& table, const std::string& oid) {
  // Domains count as what they are made from.
  const std::string_view generated = sql.server_version() >= 120000 ? "a.attgenerated" : "''";
  STROM_ASSIGN_OR_RETURN(
      const postgres::PgRows found,
      sql.Query("reading a table's columns",
                fmt::format("WITH RECURSIVE base(attnum, oid) AS ("
                            "SELECT attnum, atttypid FROM pg_attribute "
                            "WHERE attrelid = {0} AND attnum > 0 AND NOT attisdropped "
                            "UNION ALL SELECT b.attnum, t.typbasetype FROM base b "
                            "JOIN pg_type t ON t.oid = b.oid AND t.typtype = 'd') "
                            "SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.oid, "
                            "CASE WHEN t.typcategory = 'A' AND t.typlen = -1 THEN t.typelem "
                            "ELSE 0 END, {1}, has_column_privilege({0}, a.attnum, 'SELECT') "
                            "FROM pg_attribute a JOIN base b USING (attnum) "
                            "JOIN pg_type t ON t.oid = b.oid AND t.typtype <> 'd' "
                            "WHERE a.attrelid = {0}",
                            oid, generated)));
  for (const Column& column : table.schema.columns()) {
    const auto row = std::ranges::find_if(
        found.rows, [&](const Fields& fields) { return fields.at(0) == column.name; });
    if (row == found.rows.end()) {
      return Refuse("table {} has no column {}", table.ToString(), column.name);
    }
    if (!MayDeclare(Oid(*row, 2), Oid(*row, 3), column.type)) {
      return Refuse("table {}, column {}: {} cannot be declared as {}", table.ToString(),
                    column.name, Text(*row, 1), column.type.WithNullable(true).ToString());
    }
    if (!Text(*row, 4).empty()) {
      return Refuse("table {}, column {} is generated: PostgreSQL does not replicate it",
                    table.ToString(), column.name);
    }
    if (Text(*row, 5) != "t") {
      return Refuse("user {} may not read table {}, column {}: GRANT SELECT ON {} TO {}",
                    sql.endpoint().user, table.ToString(), column.name, table.Quoted(),
                    postgres::QuoteIdentifier(sql.endpoint().user));
    }
  }
  return Status::Ok();
}

// The declared key must name a row in the source (be unique and never NULL there), and the replica
// identity must hold it: otherwise updates and deletes do not say which row they are of.
Status CheckKey(postgres::PgConnection& sql, const SourceTable& table, const std::string& oid,
                const std::string& identity) {
  const auto& key_columns = table.schema.primary_key();
  const std::set<std::string> key(key_columns.begin(), key_columns.end());
  if (key.empty()) {
    return Refuse("table {} is declared without PRIMARY KEY (...) NOT ENFORCED", table.ToString());
  }
  if (identity == "n") {
    return Refuse("table {} has REPLICA IDENTITY NOTHING: ALTER TABLE {} REPLICA IDENTITY DEFAULT",
                  table.ToString(), table.Quoted());
  }
  // From 11 on an index may hold further columns that are no part of its key (INCLUDE).
  const std::string_view key_size = sql.server_version() >= 110000 ? "i.indnkeyatts" : "i.indnatts";
  STROM_ASSIGN_OR_RETURN(
      const postgres::PgRows indexes,
      sql.Query("reading a table's keys",
                fmt::format("SELECT i.indisprimary, i.indisreplident, bool_and(a.attnotnull), "
                            "array_agg(a.attname::text) FROM pg_index i "
                            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = "
                            "ANY ((i.indkey::int2[])[0:{} - 1]) "
                            "WHERE i.indrelid = {} AND i.indisunique AND i.indisvalid "
                            "AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indimmediate "
                            "GROUP BY i.indexrelid, i.indisprimary, i.indisreplident",
                            key_size, oid)));
  bool unique = false;
  std::set<std::string> identity_columns;
  for (const Fields& index : indexes.rows) {
    STROM_ASSIGN_OR_RETURN(const auto names, postgres::ParseArrayText(Text(index, 3)));
    std::set<std::string> columns;
    for (const auto& name : names) columns.insert(name.value_or(""));
    if (columns == key && Text(index, 2) == "t") unique = true;
    const bool is_identity = identity == "i" ? Text(index, 1) == "t" : Text(index, 0) == "t";
    if (is_identity) identity_columns = columns;
  }
  if (!unique) {
    return Refuse(
        "table {}: the declared primary key ({}) is no primary key or unique, NOT NULL "
        "index of the table",
        table.ToString(), Join(key));
  }
  if (identity != "f" && !std::ranges::includes(identity_columns, key)) {
    return Refuse(
        "table {}: the declared primary key ({}) is not in the replica identity ({}): "
        "ALTER TABLE {} REPLICA IDENTITY FULL",
        table.ToString(), Join(key), Join(identity_columns), table.Quoted());
  }
  return Status::Ok();
}

}  // namespace

Status CheckServer(postgres::PgConnection& sql) {
  if (sql.server_version() < kServerVersionMin) {
    return Refuse("{}: the server is of version {}, 10 or newer is needed",
                  sql.endpoint().ToString(), sql.server_version());
  }
  STROM_ASSIGN_OR_RETURN(const postgres::PgRows wal_level,
                         sql.Query("reading wal_level", "SHOW wal_level"));
  STROM_ASSIGN_OR_RETURN(const std::string level, wal_level.Single("wal_level"));
  if (level != "logical") {
    return Refuse(
        "{}: wal_level is {}, it must be logical: ALTER SYSTEM SET wal_level = 'logical' "
        "and restart the server",
        sql.endpoint().ToString(), level);
  }
  STROM_ASSIGN_OR_RETURN(
      const postgres::PgRows role,
      sql.Query("reading the role",
                "SELECT rolreplication OR rolsuper OR EXISTS (SELECT 1 FROM pg_roles m "
                "WHERE m.rolname = 'rds_replication' AND pg_has_role(m.oid, 'member')) "
                "FROM pg_roles WHERE rolname = current_user"));
  STROM_ASSIGN_OR_RETURN(const std::string may_replicate, role.Single("the role"));
  if (may_replicate != "t") {
    return Refuse("{}: user {} may not replicate: ALTER ROLE {} REPLICATION",
                  sql.endpoint().ToString(), sql.endpoint().user,
                  postgres::QuoteIdentifier(sql.endpoint().user));
  }
  return Status::Ok();
}

Status CheckTable(postgres::PgConnection& sql, const SourceTable& table) {
  STROM_ASSIGN_OR_RETURN(const Fields row, FindTable(sql, table));
  STROM_RETURN_IF_ERROR(CheckColumns(sql, table, Text(row, 0)));
  return CheckKey(sql, table, Text(row, 0), Text(row, 3));
}

Status Preflight(postgres::PgConnection& sql,
                 const std::vector<std::shared_ptr<const SourceTable>>& tables) {
  STROM_RETURN_IF_ERROR(CheckServer(sql));
  for (const auto& table : tables) STROM_RETURN_IF_ERROR(CheckTable(sql, *table));
  return Status::Ok();
}

}  // namespace strom::cdc
