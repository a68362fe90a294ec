#pragma once

#include <memory>
#include <vector>

#include "pipeline/cdc/pgoutput.h"
#include "pipeline/cdc/relation_cache.h"
#include "pipeline/cdc/source_event.h"

namespace strom::cdc {

// Turns the messages of one replication stream, in order, into events. Pure: no I/O, no clock; one
// stream's, from its start. Memory: the relations, and nothing per transaction.
//
// Always true: between a Begin and its Commit ordinals count from 0 without a hole; a Commit closes
// exactly the transaction that its Begin opened.
class StreamDecoder {
 public:
  // Transactions that commit below `start` give no events: they were taken over already, and the
  // server should not have sent them.
  StreamDecoder(std::vector<std::shared_ptr<const SourceTable>> tables, Lsn start)
      : relations_(std::move(tables)), start_(start) {}

  // Appends the events of one pgoutput message. After an error the stream is at its end.
  // Errors: kCorruptMessage for bytes or an order that pgoutput does not produce; kExternalSystem
  // for values and tables that are not as declared, naming table, column and value.
  Status Decode(BytesView message, std::vector<SourceEvent>* events);

  bool in_transaction() const { return in_transaction_; }
  // Where the newest whole transaction ends; 0: there was none.
  Lsn end_lsn() const { return end_lsn_; }

 private:
  Status On(const BeginMessage& begin);
  Status On(const CommitMessage& commit);
  Status On(const OriginMessage&) { return Status::Ok(); }
  Status On(RelationMessage& relation) { return relations_.Define(std::move(relation)); }
  Status On(const TypeMessage&) { return Status::Ok(); }
  Status On(const InsertMessage& insert);
  Status On(const UpdateMessage& update);
  Status On(const DeleteMessage& deletion);
  Status On(const TruncateMessage& truncate);
  Status On(const LogicalMessage&) { return Status::Ok(); }

  // The relation of the next change, of which `on_table` makes the rest of an event a declared
  // table; counts the change.
  template <class Fill>
  Status Change(EventKind kind, uint32_t oid, Fill fill);

  RelationCache relations_;
  const Lsn start_;
  std::vector<SourceEvent>* events_ = nullptr;  // During Decode.
  BeginMessage begin_;                          // Of the transaction that is open.
  bool in_transaction_ = false;
  uint64_t ordinal_ = 0;
  Lsn end_lsn_;
};

}  // namespace strom::cdc
