#include "pipeline/cdc/stream_decoder.h"

#include <utility>

#include "pipeline/cdc/value_text.h"

namespace strom::cdc {
namespace {

using Kind = TupleField::Kind;

std::optional<BytesView> TextOf(const TupleField& field) {
  return field.kind == Kind::kNull ? std::nullopt : std::optional(field.text);
}

Status CheckWidth(const Relation& relation, const Tuple& tuple) {
  if (tuple.size() == relation.message.columns.size()) return Status::Ok();
  return Error(ErrorCode::kCorruptMessage, "table {}.{}: a tuple of {} columns, expected {}",
               relation.message.schema, relation.message.name, tuple.size(),
               relation.message.columns.size());
}

// The row before a change; of a key tuple only its key columns mean something.
Result<Row> OldRow(const Relation& relation, const TableBinding& binding, OldTuple kind,
                   const Tuple& tuple) {
  Row row(binding.positions.size());
  for (size_t i = 0; i < row.size(); ++i) {
    const size_t at = binding.positions[i];
    if (kind == OldTuple::kKey && !relation.message.columns[at].key) continue;
    if (tuple[at].kind == Kind::kUnchanged) {
      return Error(ErrorCode::kCorruptMessage, "table {}: the old row leaves out column {}",
                   binding.table->ToString(), relation.message.columns[at].name);
    }
    STROM_ASSIGN_OR_RETURN(row[i], ParseColumnText(TextOf(tuple[at]), *binding.table, i));
  }
  return row;
}

// Sets the row after a change. A value that was not sent is taken from the old row if it is there.
Status SetNewRow(const Relation& relation, const TableBinding& binding, const Tuple& tuple,
                 OldTuple old_kind, SourceEvent* event) {
  event->row.resize(binding.positions.size());
  for (size_t i = 0; i < event->row.size(); ++i) {
    const size_t at = binding.positions[i];
    if (tuple[at].kind != Kind::kUnchanged) {
      STROM_ASSIGN_OR_RETURN(event->row[i], ParseColumnText(TextOf(tuple[at]), *binding.table, i));
      continue;
    }
    const bool known = old_kind == OldTuple::kFull ||
                       (old_kind == OldTuple::kKey && relation.message.columns[at].key);
    if (known) {
      event->row[i] = event->old_row->at(i);
    } else {
      event->unchanged.resize(event->row.size());
      event->unchanged[i] = true;
    }
  }
  return Status::Ok();
}

}  // namespace

Status StreamDecoder::Decode(BytesView message, std::vector<SourceEvent>* events) {
  STROM_ASSIGN_OR_RETURN(PgOutputMessage decoded, DecodePgOutput(message));
  events_ = events;
  const Status status = std::visit([this](auto& alternative) { return On(alternative); }, decoded);
  events_ = nullptr;
  return status;
}

Status StreamDecoder::On(const BeginMessage& begin) {
  if (in_transaction_) {
    return Error(ErrorCode::kCorruptMessage, "transaction {} begins inside transaction {}",
                 begin.xid, begin_.xid);
  }
  begin_ = begin;
  in_transaction_ = true;
  ordinal_ = 0;
  return Status::Ok();
}

Status StreamDecoder::On(const CommitMessage& commit) {
  if (!in_transaction_ || commit.commit_lsn != begin_.commit_lsn ||
      commit.end_lsn <= commit.commit_lsn || commit.end_lsn <= end_lsn_) {
    return Error(ErrorCode::kCorruptMessage,
                 "a commit at {} up to {} does not close the transaction that {} at {} after {}",
                 commit.commit_lsn, commit.end_lsn, in_transaction_ ? "is open" : "ended",
                 begin_.commit_lsn, end_lsn_);
  }
  in_transaction_ = false;
  end_lsn_ = commit.end_lsn;
  if (commit.commit_lsn < start_) return Status::Ok();
  events_->push_back({.position = {commit.commit_lsn, ordinal_},
                      .kind = EventKind::kCommit,
                      .end_lsn = commit.end_lsn,
                      .commit_micros = commit.commit_micros,
                      .xid = begin_.xid});
  return Status::Ok();
}

template <class Fill>
Status StreamDecoder::Change(EventKind kind, uint32_t oid, Fill fill) {
  if (!in_transaction_) {
    return Error(ErrorCode::kCorruptMessage, "a change of relation {} outside a transaction", oid);
  }
  STROM_ASSIGN_OR_RETURN(const Relation* relation, relations_.Find(oid));
  const EventPosition position{begin_.commit_lsn, ordinal_++};
  if (begin_.commit_lsn < start_) return Status::Ok();
  for (const TableBinding& binding : relation->bindings) {
    SourceEvent event{.position = position,
                      .kind = kind,
                      .commit_micros = begin_.commit_micros,
                      .xid = begin_.xid,
                      .relation_oid = oid,
                      .table = binding.table};
    STROM_RETURN_IF_ERROR(fill(*relation, binding, &event));
    events_->push_back(std::move(event));
  }
  return Status::Ok();
}

Status StreamDecoder::On(const InsertMessage& insert) {
  return Change(EventKind::kInsert, insert.relation,
                [&](const Relation& relation, const TableBinding& binding, SourceEvent* event) {
                  STROM_RETURN_IF_ERROR(CheckWidth(relation, insert.row));
                  return SetNewRow(relation, binding, insert.row, OldTuple::kNone, event);
                });
}

Status StreamDecoder::On(const UpdateMessage& update) {
  return Change(
      EventKind::kUpdate, update.relation,
      [&](const Relation& relation, const TableBinding& binding, SourceEvent* event) -> Status {
        STROM_RETURN_IF_ERROR(CheckWidth(relation, update.row));
        if (update.old_kind != OldTuple::kNone) {
          STROM_RETURN_IF_ERROR(CheckWidth(relation, update.old_row));
          STROM_ASSIGN_OR_RETURN(event->old_row,
                                 OldRow(relation, binding, update.old_kind, update.old_row));
          event->old_row_full = update.old_kind == OldTuple::kFull;
        }
        return SetNewRow(relation, binding, update.row, update.old_kind, event);
      });
}

Status StreamDecoder::On(const DeleteMessage& deletion) {
  return Change(
      EventKind::kDelete, deletion.relation,
      [&](const Relation& relation, const TableBinding& binding, SourceEvent* event) -> Status {
        STROM_RETURN_IF_ERROR(CheckWidth(relation, deletion.old_row));
        STROM_ASSIGN_OR_RETURN(event->old_row,
                               OldRow(relation, binding, deletion.old_kind, deletion.old_row));
        event->old_row_full = deletion.old_kind == OldTuple::kFull;
        return Status::Ok();
      });
}

Status StreamDecoder::On(const TruncateMessage& truncate) {
  for (const uint32_t oid : truncate.relations) {
    STROM_RETURN_IF_ERROR(
        Change(EventKind::kTruncate, oid,
               [](const Relation&, const TableBinding&, SourceEvent*) { return Status::Ok(); }));
  }
  return Status::Ok();
}

}  // namespace strom::cdc
