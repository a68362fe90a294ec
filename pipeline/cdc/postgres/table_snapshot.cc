#include "pipeline/cdc/postgres/table_snapshot.h"

#include <charconv>

#include "pipeline/cdc/postgres/slot.h"
#include "pipeline/cdc/value_text.h"
#include "pipeline/postgres/text/pg_text.h"

namespace strom::cdc {
namespace {

constexpr size_t kBatchBytesMax = 16 << 20;

}  // namespace

Result<std::unique_ptr<TableSnapshot>> TableSnapshot::Open(const postgres::PgEndpoint& endpoint,
                                                           std::shared_ptr<const SourceTable> table,
                                                           const runtime::Clock& clock,
                                                           MonoDuration slot_timeout) {
  STROM_ASSIGN_OR_RETURN(auto reader,
                         postgres::PgConnection::Open(endpoint, postgres::PgSession::kSql, clock));
  STROM_ASSIGN_OR_RETURN(
      const auto replication,
      postgres::PgConnection::Open(endpoint, postgres::PgSession::kReplication, clock));
  std::unique_ptr<TableSnapshot> snapshot(new TableSnapshot(std::move(table), std::move(reader)));
  STROM_RETURN_IF_ERROR(snapshot->Import(*replication, clock, slot_timeout)
                            .WithContext("snapshot of " + snapshot->table_->ToString()));
  STROM_RETURN_IF_ERROR(snapshot->StartCopy());
  return snapshot;
}

Status TableSnapshot::Import(postgres::PgConnection& replication, const runtime::Clock& clock,
                             MonoDuration slot_timeout) {
  const std::string name = fmt::format("strom_snapshot_{}", replication.backend_pid());
  STROM_ASSIGN_OR_RETURN(
      const CreatedSlot slot,
      CreateSlot(replication, clock, name, SlotKind::kTemporaryExported, slot_timeout));
  consistent_point_ = slot.consistent_point;
  // Once imported, the snapshot lives as long as this transaction.
  STROM_RETURN_IF_ERROR(reader_
                            ->Query("importing the snapshot",
                                    fmt::format("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
                                                "SET TRANSACTION SNAPSHOT {}",
                                                postgres::QuoteLiteral(slot.snapshot)))
                            .status());
  STROM_RETURN_IF_ERROR(WaitForCommits(replication, clock, slot_timeout));
  // It would end with its session, some time later: slots are few.
  return replication.Query("dropping slot " + name, "DROP_REPLICATION_SLOT " + name).status();
}

// Waits until no transaction that the snapshot holds as committed is still running for others.
Status TableSnapshot::WaitForCommits(postgres::PgConnection& other, const runtime::Clock& clock,
                                     MonoDuration timeout) {
  STROM_ASSIGN_OR_RETURN(const postgres::PgRows own,
                         reader_->Query("reading the snapshot", "SELECT txid_current_snapshot()"));
  STROM_ASSIGN_OR_RETURN(const std::string snapshot, own.Single("the snapshot"));
  const std::string in_between = fmt::format(
      "SELECT count(*) FROM txid_snapshot_xip(txid_current_snapshot()) AS x "
      "WHERE txid_visible_in_snapshot(x, {})",
      postgres::QuoteLiteral(snapshot));
  const MonoTime deadline = clock.Now() + timeout;
  while (true) {
    STROM_ASSIGN_OR_RETURN(const postgres::PgRows rows,
                           other.Query("waiting for commits", in_between));
    STROM_ASSIGN_OR_RETURN(const std::string count, rows.Single("the number of commits"));
    if (count == "0") return Status::Ok();
    if (clock.Now() >= deadline) {
      return Error(ErrorCode::kExternalSystemUnavailable,
                   "{} transactions are committed in the WAL and still not visible after {} ms "
                   "(is a synchronous standby missing?)",
                   count, timeout.millis());
    }
    // Microseconds as a rule; the server waits, for there is nothing it could wake us by.
    STROM_RETURN_IF_ERROR(other.Query("waiting for commits", "SELECT pg_sleep(0.002)").status());
  }
}

Status TableSnapshot::StartCopy() {
  const std::string name = table_->ToString();
  // The lock keeps DDL away during the copy. The catalog's row is read as of the snapshot, the
  // function reads what is now: they differ if the table got a new file in between.
  STROM_RETURN_IF_ERROR(
      reader_
          ->Query("locking " + name,
                  fmt::format("LOCK TABLE {} IN ACCESS SHARE MODE", table_->Quoted()))
          .status());
  const bool has_tree = reader_->server_version() >= 120000;
  STROM_ASSIGN_OR_RETURN(
      const postgres::PgRows found,
      reader_->Query(
          "looking up " + name,
          fmt::format(
              "SELECT max(root.relkind::text), "
              "coalesce(sum(CASE WHEN leaf.relkind = 'r' THEN greatest(leaf.reltuples, 0) "
              "END), 0)::int8, "
              "coalesce(bool_or(leaf.relkind = 'r' AND leaf.relfilenode <> "
              "pg_relation_filenode(leaf.oid)), false) "
              "FROM pg_class root JOIN pg_class leaf ON leaf.oid = root.oid {} "
              "WHERE root.oid = {}::regclass",
              has_tree ? "OR leaf.oid IN (SELECT relid FROM pg_partition_tree(root.oid))" : "",
              postgres::QuoteLiteral(table_->Quoted()))));
  const auto& row = found.rows.at(0);
  if (row.at(2) == "t") {
    return Error(ErrorCode::kExternalSystemUnavailable,
                 "table {} was rewritten or truncated after {}: it has to be read anew", name,
                 consistent_point_);
  }
  const std::string estimate = row.at(1).value_or("0");
  std::from_chars(estimate.data(), estimate.data() + estimate.size(), estimated_rows_);
  // Tables that inherit from this one are published under their own names.
  const std::string_view only = row.at(0) == "p" ? "" : "ONLY ";
  return reader_->StartCopy("copying " + name,
                            fmt::format("COPY (SELECT {} FROM {}{}) TO STDOUT",
                                        table_->QuotedColumns(), only, table_->Quoted()));
}

Result<std::vector<Row>> TableSnapshot::Next(size_t max_rows) {
  std::vector<Row> rows;
  size_t bytes = 0;
  while (!done_ && rows.size() < max_rows && bytes < kBatchBytesMax) {
    STROM_ASSIGN_OR_RETURN(const auto line, reader_->ReadCopy());
    if (!line) {
      done_ = true;
      break;
    }
    bytes += line->bytes().size();
    STROM_ASSIGN_OR_RETURN(Row row, ParseRow(line->bytes()));
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<Row> TableSnapshot::ParseRow(BytesView line) const {
  STROM_ASSIGN_OR_RETURN(const auto fields, postgres::ParseCopyLine(line));
  const size_t columns = table_->schema.columns().size();
  if (fields.size() != columns) {
    return Error(ErrorCode::kExternalSystem, "table {}: a row of {} columns, expected {}",
                 table_->ToString(), fields.size(), columns);
  }
  Row row;
  row.reserve(columns);
  for (size_t i = 0; i < columns; ++i) {
    const auto text = fields[i] ? std::optional<BytesView>(*fields[i]) : std::nullopt;
    STROM_ASSIGN_OR_RETURN(Value value, ParseColumnText(text, *table_, i));
    row.push_back(std::move(value));
  }
  return row;
}

}  // namespace strom::cdc
