#include "pipeline/cdc/postgres/publication.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "pipeline/postgres/pg_error.h"
#include "pipeline/postgres/text/pg_text.h"

namespace strom::cdc {
namespace {

// What a publication sends of a table.
struct Published {
  std::vector<std::string> columns;  // Empty: all; before version 15 it cannot be otherwise.
  bool filtered = false;
};

struct Publication {
  bool exists = false;
  bool sends_all_kinds = false;
  std::map<std::pair<std::string, std::string>, Published> tables;  // By schema and name.
  std::set<std::pair<std::string, std::string>> members;            // As listed, not as sent.
};

std::string PublishedKinds(const postgres::PgConnection& sql) {
  return sql.server_version() >= 110000 ? "insert, update, delete, truncate"
                                        : "insert, update, delete";
}

Result<Publication> ReadPublication(postgres::PgConnection& sql, const std::string& name) {
  Publication publication;
  const std::string_view truncate = sql.server_version() >= 110000 ? " AND pubtruncate" : "";
  STROM_ASSIGN_OR_RETURN(
      const postgres::PgRows found,
      sql.Query("reading the publication",
                fmt::format("SELECT pubinsert AND pubupdate AND pubdelete{} FROM pg_publication "
                            "WHERE pubname = {}",
                            truncate, postgres::QuoteLiteral(name))));
  if (found.rows.empty()) return publication;
  publication.exists = true;
  publication.sends_all_kinds = found.rows[0].at(0) == "t";
  const bool lists = sql.server_version() >= 150000;
  STROM_ASSIGN_OR_RETURN(
      const postgres::PgRows tables,
      sql.Query("reading the publication's tables",
                fmt::format("SELECT schemaname, tablename, {} FROM pg_publication_tables "
                            "WHERE pubname = {}",
                            lists ? "attnames, rowfilter IS NOT NULL" : "NULL, false",
                            postgres::QuoteLiteral(name))));
  for (const auto& row : tables.rows) {
    Published& table = publication.tables[{row.at(0).value_or(""), row.at(1).value_or("")}];
    table.filtered = row.at(3) == "t";
    if (!row.at(2)) continue;
    STROM_ASSIGN_OR_RETURN(const auto columns, postgres::ParseArrayText(*row.at(2)));
    for (const auto& column : columns) table.columns.push_back(column.value_or(""));
  }
  STROM_ASSIGN_OR_RETURN(
      const postgres::PgRows members,
      sql.Query("reading the publication's tables",
                fmt::format("SELECT n.nspname, c.relname FROM pg_publication p "
                            "JOIN pg_publication_rel m ON m.prpubid = p.oid "
                            "JOIN pg_class c ON c.oid = m.prrelid "
                            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname = {}",
                            postgres::QuoteLiteral(name))));
  for (const auto& row : members.rows) {
    publication.members.emplace(row.at(0).value_or(""), row.at(1).value_or(""));
  }
  return publication;
}

Status CheckPublished(const std::string& name, const Published& published,
                      const SourceTable& table) {
  if (published.filtered) {
    return Error(ErrorCode::kExternalSystem,
                 "publication {} has a row filter on table {}: it would hide rows from the stream "
                 "that the snapshot has",
                 name, table.ToString());
  }
  for (const Column& column : table.schema.columns()) {
    if (published.columns.empty() ||
        std::ranges::find(published.columns, column.name) != published.columns.end()) {
      continue;
    }
    return Error(
        ErrorCode::kExternalSystem,
        "publication {} does not send column {} of table {}: its column list leaves it out", name,
        column.name, table.ToString());
  }
  return Status::Ok();
}

Status Change(postgres::PgConnection& sql, const std::string& name, const std::string& statement) {
  const auto done = sql.Query(fmt::format("changing publication {}", name), statement);
  if (done.ok()) return Status::Ok();
  if (sql.last_sqlstate() == postgres::kSqlDuplicateObject) {
    return Error(ErrorCode::kExternalSystemUnavailable, "{}: somebody else was faster",
                 done.status().message());
  }
  if (sql.last_sqlstate() != postgres::kSqlNoPrivilege) return done.status();
  return Error(ErrorCode::kExternalSystem, "{}; an administrator has to run: {}",
               done.status().message(), statement);
}

}  // namespace

Status EnsurePublication(postgres::PgConnection& sql, const std::string& name,
                         const std::vector<std::shared_ptr<const SourceTable>>& tables) {
  STROM_ASSIGN_OR_RETURN(const Publication publication, ReadPublication(sql, name));
  std::vector<std::string> missing;
  for (const auto& table : tables) {
    const auto found = publication.tables.find({table->schema_name, table->name});
    if (found != publication.tables.end()) {
      STROM_RETURN_IF_ERROR(CheckPublished(name, found->second, *table));
    } else if (publication.members.contains({table->schema_name, table->name})) {
      return Error(ErrorCode::kExternalSystem,
                   "publication {} sends the partitions of {} under their own names: ALTER "
                   "PUBLICATION {} SET (publish_via_partition_root = true)",
                   name, table->ToString(), postgres::QuoteIdentifier(name));
    } else if (std::ranges::find(missing, table->Quoted()) == missing.end()) {
      missing.push_back(table->Quoted());
    }
  }
  std::string list;
  for (const std::string& table : missing) list += (list.empty() ? "" : ", ") + table;
  const std::string quoted = postgres::QuoteIdentifier(name);
  if (!publication.exists) {
    if (list.empty()) {
      return Error(ErrorCode::kExternalSystem, "publication {} would have no table", name);
    }
    // Partitions under the name and columns of their root, as tables declare them.
    const std::string_view via_root =
        sql.server_version() >= 130000 ? ", publish_via_partition_root = true" : "";
    return Change(sql, name,
                  fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH (publish = '{}'{})", quoted,
                              list, PublishedKinds(sql), via_root));
  }
  if (!publication.sends_all_kinds) {
    STROM_RETURN_IF_ERROR(Change(
        sql, name,
        fmt::format("ALTER PUBLICATION {} SET (publish = '{}')", quoted, PublishedKinds(sql))));
  }
  if (list.empty()) return Status::Ok();
  return Change(sql, name, fmt::format("ALTER PUBLICATION {} ADD TABLE {}", quoted, list));
}

Status DropPublication(postgres::PgConnection& sql, const std::string& name) {
  return sql
      .Query(fmt::format("dropping publication {}", name),
             "DROP PUBLICATION IF EXISTS " + postgres::QuoteIdentifier(name))
      .status();
}

}  // namespace strom::cdc
