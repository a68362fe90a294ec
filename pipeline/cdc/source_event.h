#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/types/value.h"
#include "pipeline/cdc/lsn.h"
#include "pipeline/cdc/source_table.h"

namespace strom::cdc {

// Identity and order of a change: where the commit record of its transaction begins, and which of
// the transaction's row changes it is, from 0. Truncating n tables counts n. Changes of tables
// nobody declared count too. Decoding the same WAL again gives the same positions.
struct EventPosition {
  Lsn commit_lsn;
  uint64_t ordinal = 0;

  friend auto operator<=>(const EventPosition&, const EventPosition&) = default;
};

enum class EventKind : uint8_t { kInsert, kUpdate, kDelete, kTruncate, kCommit };

// A change of one table, or the end of a transaction. Rows have the columns of `table`, in its
// order. If a table is declared more than once, each declaration has an event, at one position.
struct SourceEvent {
  EventPosition position;  // kCommit: one behind the last change.
  EventKind kind = EventKind::kInsert;
  Lsn end_lsn;                // kCommit alone: where the commit record ends; others: 0.
  int64_t commit_micros = 0;  // Wall time of the commit, since 1970.
  uint32_t xid = 0;           // The transaction's id, modulo 2^32.
  uint32_t relation_oid = 0;  // kCommit: 0.
  std::shared_ptr<const SourceTable> table;  // kCommit: none.

  // kUpdate, kDelete: what the server told of the row before. Of an update with an unchanged key
  // nothing, unless the table's REPLICA IDENTITY is FULL. With `old_row_full` false only the
  // columns of the replica identity, among them the whole primary key, are set, others NULL.
  std::optional<Row> old_row;
  bool old_row_full = false;

  // kInsert, kUpdate: the row now. `unchanged[i]`: the value of column i was not sent because it is
  // large (TOAST) and this update left it as it was; row[i] is NULL then and means nothing. Empty:
  // all values are there.
  Row row;
  std::vector<bool> unchanged;
};

}  // namespace strom::cdc
