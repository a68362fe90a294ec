#include "pipeline/sink/postgres/postgres_sink.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/base/nearest_name.h"
#include "pipeline/postgres/text/pg_text.h"
#include "pipeline/sink/postgres/postgres_sql.h"
#include "pipeline/sink/postgres/postgres_type.h"

namespace strom::sink {
namespace {

using postgres::PgRows;
using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;
using Texts = std::vector<std::optional<std::string>>;

// regclass of the table, for the catalog queries; NULL if it is not there.
std::string Oid(const SinkTable& table) {
  return "to_regclass(" +
         QuoteLiteral(QuoteIdentifier(table.schema_name) + "." + QuoteIdentifier(table.name)) + ")";
}

// Of PostgreSQL's advisory locks, which are numbers: "STROM".
constexpr int64_t kMakingLock = 0x5354524f4d;

std::string Named(const SinkTable& table) { return table.schema_name + "." + table.name; }

}  // namespace

PostgresSink::PostgresSink(std::unique_ptr<postgres::PgConnection> connection, SinkTable table,
                           std::string job, JobFence fence)
    : connection_(std::move(connection)),
      table_(std::move(table)),
      job_(std::move(job)),
      fence_(std::move(fence)),
      position_table_(QuoteIdentifier(table_.schema_name) + ".strom_sink_position"),
      position_sql_(PositionSql(position_table_)) {}

Result<std::unique_ptr<PostgresSink>> PostgresSink::OpenToForget(
    const postgres::PgEndpoint& endpoint, const runtime::Clock& clock, SinkTable table,
    std::string job, JobFence fence) {
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<postgres::PgConnection> connection,
                         postgres::PgConnection::Open(endpoint, postgres::PgSession::kSql, clock));
  return std::unique_ptr<PostgresSink>(
      new PostgresSink(std::move(connection), std::move(table), std::move(job), std::move(fence)));
}

Result<std::unique_ptr<PostgresSink>> PostgresSink::Open(const postgres::PgEndpoint& endpoint,
                                                         const runtime::Clock& clock,
                                                         SinkTable table, std::string job,
                                                         JobFence fence) {
  STROM_ASSIGN_OR_RETURN(
      std::unique_ptr<PostgresSink> sink,
      OpenToForget(endpoint, clock, std::move(table), std::move(job), std::move(fence)));
  STROM_RETURN_IF_ERROR(sink->Check());
  return sink;
}

Status PostgresSink::Check() {
  STROM_ASSIGN_OR_RETURN(
      const PgRows found,
      connection_->Query(
          "look at the sink table",
          "SELECT attname, format_type(atttypid, atttypmod), attnotnull AND NOT atthasdef AND "
          "attidentity = '', attgenerated <> '' OR attidentity = 'a' FROM pg_attribute WHERE "
          "attrelid = " +
              Oid(table_) + " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"));
  if (found.rows.empty()) {
    return Error(ErrorCode::kExternalSystem, "{}: there is no table {}",
                 connection_->endpoint().ToString(), Named(table_));
  }
  std::map<std::string, const Texts*> columns;
  std::vector<std::string> names;
  std::vector<std::string> types;
  for (const auto& row : found.rows) {
    columns.emplace(*row[0], &row);
    names.push_back(*row[0]);
  }
  for (const Column& column : table_.columns) {
    const auto at = columns.find(column.name);
    if (at == columns.end()) {
      const std::vector<std::string_view> views(names.begin(), names.end());
      const std::string_view near = NearestName(column.name, views);
      return Error(ErrorCode::kExternalSystem, "table {} has no column {}{}", Named(table_),
                   column.name, near.empty() ? "" : fmt::format("; did you mean {}?", near));
    }
    const Texts& row = *at->second;
    if (*row[3] == "t") {
      return Error(ErrorCode::kExternalSystem, "column {} of table {} is GENERATED ALWAYS",
                   column.name, Named(table_));
    }
    if (!Takes(*row[1], column.type)) {
      return Error(ErrorCode::kExternalSystem,
                   "column {} of table {} is {}, which does not take the declared {}", column.name,
                   Named(table_), *row[1], column.type.ToString());
    }
    types.push_back(*row[1]);
    columns.erase(at);
  }
  for (const auto& [name, row] : columns) {
    if ((*row)[2] != "t") continue;
    return Error(ErrorCode::kExternalSystem,
                 "column {} of table {} is NOT NULL without a default, and the job does not write "
                 "it",
                 name, Named(table_));
  }
  delete_sql_ = DeleteSql(table_, types);
  upsert_sql_ = UpsertSql(table_, types);
  for (const size_t i : table_.primary_key) deletes_.emplace_back(table_.columns[i], types[i]);
  for (size_t i = 0; i < types.size(); ++i) upserts_.emplace_back(table_.columns[i], types[i]);
  return CheckKey();
}

Status PostgresSink::CheckKey() {
  STROM_ASSIGN_OR_RETURN(
      const PgRows found,
      connection_->Query(
          "look at the sink table's keys",
          "SELECT i.indexrelid, a.attname FROM pg_index i JOIN pg_attribute a ON "
          "a.attrelid = i.indrelid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1]) "
          "WHERE i.indrelid = " +
              Oid(table_) +
              " AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND "
              "i.indexprs IS NULL"));
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& row : found.rows) keys[*row[0]].insert(*row[1]);
  std::set<std::string> wanted;
  for (const size_t column : table_.primary_key) wanted.insert(table_.columns[column].name);
  const bool exists =
      std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.second == wanted; });
  if (exists) return Status::Ok();
  std::string list;
  for (const std::string& name : wanted) list += (list.empty() ? "" : ", ") + name;
  return Error(ErrorCode::kExternalSystem,
               "table {} has no primary key and no unique index over exactly ({}), the declared "
               "primary key (one that is partial, of expressions, or deferrable does not count)",
               Named(table_), list);
}

Result<bool> PostgresSink::HasPositions() {
  STROM_ASSIGN_OR_RETURN(
      const PgRows there,
      connection_->Query("look for the table of positions",
                         "SELECT to_regclass(" + QuoteLiteral(position_table_) + ")"));
  return there.rows[0][0].has_value();
}

// Not if it is there: who may write it need not have the right to make it.
Status PostgresSink::MakePositions() {
  STROM_ASSIGN_OR_RETURN(const bool there, HasPositions());
  if (there) return Status::Ok();
  // Of two jobs that do so at the same moment, one waits for the other. One transaction.
  return connection_
      ->Query("make the table of positions",
              fmt::format("SELECT pg_advisory_xact_lock({}); CREATE TABLE IF NOT EXISTS {} (job "
                          "text PRIMARY KEY, epoch bigint NOT NULL, position text, updated_at "
                          "timestamptz NOT NULL DEFAULT now())",
                          kMakingLock, position_table_))
      .status();
}

Result<std::optional<SinkPosition>> PostgresSink::Begin() {
  STROM_RETURN_IF_ERROR(MakePositions());
  STROM_ASSIGN_OR_RETURN(
      const PgRows row,
      connection_->QueryParams("take the sink table over",
                               "INSERT INTO " + position_table_ +
                                   " AS p (job, epoch) VALUES ($1, $2::bigint) ON CONFLICT (job) "
                                   "DO UPDATE SET epoch = EXCLUDED.epoch WHERE p.epoch <= "
                                   "EXCLUDED.epoch RETURNING position",
                               {job_, std::to_string(fence_.epoch)}));
  if (row.rows.empty()) {
    return Error(ErrorCode::kFencedJobEpoch,
                 "job {}: another worker has table {} under an epoch "
                 "newer than {}",
                 job_, Named(table_), fence_.epoch);
  }
  STROM_RETURN_IF_ERROR(Settle());
  const std::optional<std::string>& text = row.rows[0][0];
  if (!text) return std::optional<SinkPosition>();
  STROM_ASSIGN_OR_RETURN(SinkPosition position, SinkPosition::FromText(*text));
  return std::optional(std::move(position));
}

// For the batches: see the class. One plan serves any number of rows, and compiling it would take
// longer than running it. An older server lacks some of the settings, and does without.
Status PostgresSink::Settle() {
  return connection_
      ->Query("settle",
              "SELECT set_config(name, CASE name WHEN 'plan_cache_mode' THEN 'force_generic_plan' "
              "ELSE 'off' END, false) FROM pg_settings WHERE name IN ('synchronous_commit', "
              "'plan_cache_mode', 'jit')")
      .status();
}

Status PostgresSink::Write(const std::vector<pipeline::KeyedChange>& changes,
                           const SinkPosition& position) {
  Status status = Fill(changes);
  if (status.ok() && deletes_[0].size() > 0) status = PlanDelete();
  if (!status.ok()) return status.WithContext("table " + Named(table_));

  const std::string epoch = std::to_string(fence_.epoch);
  const std::string text = position.ToText();
  std::vector<postgres::PgStatement> statements = {
      {.doing = "write the position",
       .sql = position_sql_,
       .parameters = {{.value = &job_}, {.value = &epoch}, {.value = &text}}}};
  const auto add = [&](std::string_view doing, const std::string& sql,
                       std::vector<PostgresColumn>& columns) {
    if (columns[0].size() == 0) return;
    postgres::PgStatement& statement = statements.emplace_back(
        postgres::PgStatement{.doing = doing, .sql = sql, .parameters = {}});
    for (PostgresColumn& column : columns) statement.parameters.push_back(column.Parameter());
  };
  add("delete rows", delete_sql_, deletes_);
  add("upsert rows", upsert_sql_, upserts_);
  status = connection_->Transact(statements);
  if (status.ok()) return status;
  if (connection_->failed_statement() == 0 && connection_->last_sqlstate() == kFencedSqlState) {
    status = Error(ErrorCode::kFencedJobEpoch,
                   "job {}: another worker has taken over from epoch {}", job_, fence_.epoch);
  }
  return status.WithContext("table " + Named(table_));
}

Status PostgresSink::Fill(const std::vector<pipeline::KeyedChange>& changes) {
  for (PostgresColumn& column : deletes_) column.Clear();
  for (PostgresColumn& column : upserts_) column.Clear();
  for (const pipeline::KeyedChange& change : changes) {
    if (change.upsert) {
      for (size_t i = 0; i < upserts_.size(); ++i) {
        STROM_RETURN_IF_ERROR(upserts_[i].Add(change.row[i]));
      }
      continue;
    }
    for (size_t i = 0; i < deletes_.size(); ++i) {
      STROM_RETURN_IF_ERROR(deletes_[i].Add(change.row[table_.primary_key[i]]));
    }
  }
  return Status::Ok();
}

// Without keys, so that the database plans the statement, and keeps the plan: by the key's index.
// Left alone it would find the new table empty, decide to read it as a whole for every batch, and
// stay with that until its statistics are next renewed.
Status PostgresSink::PlanDelete() {
  if (delete_planned_) return Status::Ok();
  STROM_RETURN_IF_ERROR(connection_
                            ->Query("plan to delete rows",
                                    "SET enable_seqscan = off; SET enable_hashjoin = off; SET "
                                    "enable_mergejoin = off")
                            .status());
  const std::vector<std::optional<std::string>> no_keys(deletes_.size(), "{}");
  const Status planned = connection_->QueryParams("delete rows", delete_sql_, no_keys).status();
  const Status reset =
      connection_
          ->Query("plan to delete rows",
                  "RESET enable_seqscan; RESET enable_hashjoin; RESET enable_mergejoin")
          .status();
  STROM_RETURN_IF_ERROR(planned);
  STROM_RETURN_IF_ERROR(reset);
  delete_planned_ = true;
  return Status::Ok();
}

Status PostgresSink::Forget() {
  STROM_ASSIGN_OR_RETURN(const bool there, HasPositions());
  if (!there) return Status::Ok();
  return connection_
      ->QueryParams("forget the position",
                    "DELETE FROM " + position_table_ + " WHERE job = $1 AND epoch <= $2::bigint",
                    {job_, std::to_string(fence_.epoch)})
      .status();
}

}  // namespace strom::sink
