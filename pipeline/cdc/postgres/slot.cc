#include "pipeline/cdc/postgres/slot.h"

#include <algorithm>
#include <charconv>

#include "pipeline/postgres/pg_error.h"
#include "pipeline/postgres/text/pg_text.h"

namespace strom::cdc {
namespace {

Status CheckSlotName(const std::string& name) {
  const bool good = !name.empty() && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (good) return Status::Ok();
  return Error(ErrorCode::kExternalSystem,
               "'{}' is no slot name: 1 to 63 lower-case letters, digits and _", name);
}

Result<Lsn> LsnOrZero(const std::optional<std::string>& text) {
  return text ? Lsn::Parse(*text) : Result<Lsn>(Lsn());
}

// Gives up a slot creation that waits: names what it waits for and ends it on the server, which
// would not notice that we are gone.
Status ReportBlockers(const postgres::PgConnection& replication, const runtime::Clock& clock,
                      const std::string& name, MonoDuration timeout) {
  const Status plain = Error(ErrorCode::kExternalSystemUnavailable,
                             "{}: creating slot {}: transactions that were running did not end "
                             "within {} ms",
                             replication.endpoint().ToString(), name, timeout.millis());
  auto sql = postgres::PgConnection::Open(replication.endpoint(), postgres::PgSession::kSql, clock);
  if (!sql.ok()) return plain;
  const auto running = (*sql)->Query(
      "looking for open transactions",
      fmt::format(
          "SELECT 'pid ' || pid || ' (' || coalesce(application_name, '') || ', since ' || "
          "xact_start || ')' FROM pg_stat_activity WHERE backend_xid IS NOT NULL "
          "UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts LIMIT 5"));
  const auto cancelled = (*sql)->Query(
      "giving up a slot", fmt::format("SELECT pg_cancel_backend({})", replication.backend_pid()));
  if (!running.ok() || !cancelled.ok()) return plain;
  std::string blockers;
  for (const auto& row : running->rows) {
    blockers += (blockers.empty() ? "" : "; ") + row.at(0).value_or("");
  }
  return Error(plain.code(), "{}: {}", plain.message(), blockers);
}

}  // namespace

Result<std::optional<SlotStatus>> ReadSlot(postgres::PgConnection& sql, const std::string& name) {
  const int version = sql.server_version();
  STROM_ASSIGN_OR_RETURN(
      const postgres::PgRows found,
      sql.Query(
          "reading the slot",
          fmt::format("SELECT s.database, s.plugin, s.active_pid, a.application_name, "
                      "s.restart_lsn, s.confirmed_flush_lsn, {}, {} "
                      "FROM pg_replication_slots s "
                      "LEFT JOIN pg_stat_activity a ON a.pid = s.active_pid "
                      "WHERE s.slot_name = {}",
                      version >= 130000 ? "s.wal_status" : "''",
                      version >= 140000 ? "s.two_phase" : "false", postgres::QuoteLiteral(name))));
  if (found.rows.empty()) return std::optional<SlotStatus>();
  const auto& row = found.rows[0];
  SlotStatus slot{.database = row.at(0).value_or(""),
                  .plugin = row.at(1).value_or(""),
                  .active_application = row.at(3).value_or(""),
                  .wal_status = row.at(6).value_or(""),
                  .two_phase = row.at(7) == "t"};
  if (row.at(2)) {
    int pid = 0;
    std::from_chars(row[2]->data(), row[2]->data() + row[2]->size(), pid);
    slot.active_pid = pid;
  }
  STROM_ASSIGN_OR_RETURN(slot.restart_lsn, LsnOrZero(row.at(4)));
  STROM_ASSIGN_OR_RETURN(slot.confirmed_flush_lsn, LsnOrZero(row.at(5)));
  return std::optional(std::move(slot));
}

Status CheckSlot(const std::optional<SlotStatus>& slot, const std::string& name,
                 const postgres::PgEndpoint& endpoint, Lsn start) {
  const auto refuse = [&](std::string_view why) {
    return Error(ErrorCode::kExternalSystem, "{}: slot {} {}", endpoint.ToString(), name, why);
  };
  if (!slot) return refuse("does not exist: changes since it was dropped are unknown");
  if (slot->database != endpoint.database) {
    return refuse(fmt::format("belongs to database '{}'", slot->database));
  }
  if (slot->plugin != "pgoutput") {
    return refuse(fmt::format("uses plugin '{}', pgoutput is needed", slot->plugin));
  }
  if (slot->wal_status == "lost" || slot->restart_lsn == Lsn()) {
    return refuse("is lost: the server removed WAL that it needed (max_slot_wal_keep_size)");
  }
  if (slot->two_phase) return refuse("decodes at PREPARE (two_phase), which is not supported");
  if (start != Lsn() && slot->confirmed_flush_lsn > start) {
    return refuse(fmt::format("is at {}, ahead of our {}: the changes between are gone",
                              slot->confirmed_flush_lsn, start));
  }
  return Status::Ok();
}

Result<CreatedSlot> CreateSlot(postgres::PgConnection& replication, const runtime::Clock& clock,
                               const std::string& name, SlotKind kind, MonoDuration timeout) {
  STROM_RETURN_IF_ERROR(CheckSlotName(name));
  const bool temporary = kind == SlotKind::kTemporaryExported;
  const bool has_options = replication.server_version() >= 150000;
  const std::string_view snapshot =
      temporary ? (has_options ? "(SNAPSHOT 'export')" : "EXPORT_SNAPSHOT")
                : (has_options ? "(SNAPSHOT 'nothing')" : "NOEXPORT_SNAPSHOT");
  const MonoTime deadline = clock.Now() + timeout;
  auto created = replication.Query(
      fmt::format("creating slot {}", name),
      fmt::format("CREATE_REPLICATION_SLOT {}{} LOGICAL pgoutput {}",
                  postgres::QuoteIdentifier(name), temporary ? " TEMPORARY" : "", snapshot),
      timeout);
  if (!created.ok()) {
    const bool waited = replication.last_sqlstate().empty() && clock.Now() >= deadline;
    return waited ? ReportBlockers(replication, clock, name, timeout) : created.status();
  }
  if (created->rows.size() != 1 || created->rows[0].size() < 3) {
    return Error(ErrorCode::kExternalSystem, "creating slot {}: no answer that can be read", name);
  }
  const auto& row = created->rows[0];
  CreatedSlot slot{.snapshot = row[2].value_or("")};
  STROM_ASSIGN_OR_RETURN(slot.consistent_point, Lsn::Parse(row[1].value_or("")));
  return slot;
}

Result<EnsuredSlot> EnsureSlot(const postgres::PgEndpoint& endpoint, const runtime::Clock& clock,
                               const std::string& name, MonoDuration timeout) {
  STROM_RETURN_IF_ERROR(CheckSlotName(name));
  STROM_ASSIGN_OR_RETURN(const auto sql,
                         postgres::PgConnection::Open(endpoint, postgres::PgSession::kSql, clock));
  STROM_ASSIGN_OR_RETURN(const auto found, ReadSlot(*sql, name));
  if (found) {
    STROM_RETURN_IF_ERROR(CheckSlot(found, name, endpoint, Lsn()));
    return EnsuredSlot{.confirmed_flush_lsn = found->confirmed_flush_lsn};
  }
  STROM_ASSIGN_OR_RETURN(
      const auto replication,
      postgres::PgConnection::Open(endpoint, postgres::PgSession::kReplication, clock));
  STROM_ASSIGN_OR_RETURN(const CreatedSlot created,
                         CreateSlot(*replication, clock, name, SlotKind::kPermanent, timeout));
  return EnsuredSlot{.confirmed_flush_lsn = created.consistent_point, .created = true};
}

Status ReleaseSlot(postgres::PgConnection& sql, const runtime::Clock& clock,
                   const std::string& name, MonoDuration timeout) {
  const MonoTime deadline = clock.Now() + timeout;
  while (true) {
    STROM_ASSIGN_OR_RETURN(const auto slot, ReadSlot(sql, name));
    if (!slot || !slot->active_pid) return Status::Ok();
    if (clock.Now() >= deadline) {
      return Error(ErrorCode::kExternalSystemUnavailable,
                   "{}: slot {} is still in use by session {} ('{}') after {} ms",
                   sql.endpoint().ToString(), name, *slot->active_pid, slot->active_application,
                   timeout.millis());
    }
    const bool ours = slot->active_application == sql.endpoint().application_name;
    // The server does the waiting: there is nothing it could wake us by.
    const std::string wait =
        ours ? fmt::format("SELECT pg_terminate_backend({}), pg_sleep(0.01)", *slot->active_pid)
             : "SELECT pg_sleep(0.05)";
    STROM_RETURN_IF_ERROR(sql.Query("releasing the slot", wait).status());
  }
}

Status DropSlot(postgres::PgConnection& sql, const runtime::Clock& clock, const std::string& name,
                MonoDuration timeout) {
  STROM_ASSIGN_OR_RETURN(const auto slot, ReadSlot(sql, name));
  if (!slot) return Status::Ok();
  STROM_RETURN_IF_ERROR(ReleaseSlot(sql, clock, name, timeout));
  return sql
      .Query(fmt::format("dropping slot {}", name),
             fmt::format("SELECT pg_drop_replication_slot({})", postgres::QuoteLiteral(name)))
      .status();
}

}  // namespace strom::cdc
