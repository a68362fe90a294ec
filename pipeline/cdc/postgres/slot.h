#pragma once

#include <optional>
#include <string>

#include "pipeline/cdc/lsn.h"
#include "pipeline/cdc/source_database.h"
#include "pipeline/postgres/pg_connection.h"

namespace strom::cdc {

// A replication slot keeps the WAL from its confirmed position on and hands it out again after a
// restart. It is bound to one database; its name is unique in the whole server.

struct SlotStatus {
  std::string database;
  std::string plugin;
  std::optional<int> active_pid;   // The session that streams from it.
  std::string active_application;  // Its application_name, if we may see it.
  Lsn restart_lsn;                 // WAL is kept from here.
  Lsn confirmed_flush_lsn;         // Transactions that commit below it never come again.
  std::string wal_status;          // reserved, extended, unreserved, lost; empty before 13.
  bool two_phase = false;
};

// nullopt: there is no such slot.
Result<std::optional<SlotStatus>> ReadSlot(postgres::PgConnection& sql, const std::string& name);

// Creates the slot, for pgoutput, unless it is there; the publication must be there already.
// `timeout` is for the creation, which waits for every transaction that is running when it begins.
// A caller that has progress of its own and finds `created` has lost changes.
// Errors: kExternalSystemUnavailable naming the oldest running transactions if they do not end in
// time; kExternalSystem for a slot that belongs to another database or plugin, is lost, or decodes
// at PREPARE, and for a bad name (lower-case letters, digits and _, at most 63).
Result<EnsuredSlot> EnsureSlot(const postgres::PgEndpoint& endpoint, const runtime::Clock& clock,
                               const std::string& name, MonoDuration timeout);

// Checks that we can stream from a slot without a gap, from `start` on: it exists, is ours to read
// (see EnsureSlot), and has not moved past `start`. start 0: wherever it is.
Status CheckSlot(const std::optional<SlotStatus>& slot, const std::string& name,
                 const postgres::PgEndpoint& endpoint, Lsn start);

// Returns when no session streams from the slot. One that is ours, by application_name, is ended:
// it belongs to a worker that has lost the job, or to a connection that broke. Others are waited
// for. Errors: kExternalSystemUnavailable naming the session if it is still there after `timeout`.
Status ReleaseSlot(postgres::PgConnection& sql, const runtime::Clock& clock,
                   const std::string& name, MonoDuration timeout);

// Releases and drops it; nothing if there is none.
Status DropSlot(postgres::PgConnection& sql, const runtime::Clock& clock, const std::string& name,
                MonoDuration timeout);

// What CREATE_REPLICATION_SLOT answers.
struct CreatedSlot {
  Lsn consistent_point;
  std::string snapshot;  // Empty unless exported. Valid until the session's next command.
};

enum class SlotKind {
  kPermanent,          // Without a snapshot.
  kTemporaryExported,  // Ends with the session; exports what is visible at the consistent point.
};

// For EnsureSlot and TableSnapshot. `replication` is of no more use after a time-out.
Result<CreatedSlot> CreateSlot(postgres::PgConnection& replication, const runtime::Clock& clock,
                               const std::string& name, SlotKind kind, MonoDuration timeout);

}  // namespace strom::cdc
