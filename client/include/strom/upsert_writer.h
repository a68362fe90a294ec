#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "client/include/strom/future.h"
#include "client/include/strom/writer_options.h"
#include "common/types/schema.h"
#include "common/types/table_bucket.h"
#include "common/types/value.h"

namespace strom::client {

struct UpsertWriterOptions {
  // Names of the columns that are written, in the order of the rows' values; empty: all. Some only
  // is a partial update: the others keep what they have, or are NULL in a new row. The primary key
  // is among them, and all columns outside it are nullable.
  std::vector<std::string> columns;
  WriterOptions writing = {};
};

// Where an upsert or delete is in the changelog.
struct UpsertResult {
  TableBucket bucket;
  // What it changed is below, as is the rest of its batch. Or kUnknownOffset.
  LogOffset log_end_offset;
};

// As AppendCallback.
using UpsertCallback = absl::AnyInvocable<void(Result<UpsertResult>)>;

// One of several changes that are written together: an upsert of `row`, or the deletion of the row
// with its key. The row as Upsert and Delete take it.
struct RowChange {
  bool upsert = true;
  const Row* row = nullptr;
};

class KvTarget;
class WriterCore;
struct KvChange;

// Inserts, updates and deletes rows of a primary-key table. Thread-safe: changes of one thread for
// one key keep their order.
//
// Batches, repeats and bounds are those of AppendWriter. A change that is acknowledged (with acks
// of all replicas) is seen by lookups.
class UpsertWriter {
 public:
  // Use Connection::NewUpsertWriter.
  UpsertWriter(std::shared_ptr<const KvTarget> target, std::shared_ptr<WriterCore> core);
  // As AppendWriter's.
  ~UpsertWriter();
  UpsertWriter(const UpsertWriter&) = delete;
  UpsertWriter& operator=(const UpsertWriter&) = delete;

  // The columns of the rows.
  const std::vector<Column>& columns() const;

  // Puts `row`, one value for each of columns(), in the place of the row with its key, as the
  // table's merge engine says. Waits, and tells `done`, as AppendWriter::Append does. Errors:
  // kCorruptRecord if the row does not fit, kRecordTooLarge, kOperationNotAttempted if the writer
  // is closed.
  Status Upsert(const Row& row, UpsertCallback done = nullptr);
  // Deletes the row with the key of `row`, one value for each of columns(), of which only those of
  // the key are looked at. If the writer has some of the columns only, it makes those NULL, and the
  // row goes once all others are NULL too. A row that is not there is fine.
  // Errors: as Upsert; kDeletionDisabled if the table has no deletes.
  Status Delete(const Row& row, UpsertCallback done = nullptr);
  // As Delete: one value for each column of the primary key, in its order.
  Status DeleteKey(const Row& key, UpsertCallback done = nullptr);

  // All of `changes`, in their order, in one step: what goes to one bucket leaves in one batch if
  // it fits into one, whereas changes that are written one by one leave as soon as there is one.
  // Waits as Upsert does. `done` is told once, when all of them have their answers, the first error
  // of any; perhaps before this returns. On error it is not called, and the first ones may have
  // been taken, unless it is kCorruptRecord: then none was. Errors: as Upsert and Delete.
  Status WriteAll(std::span<const RowChange> changes,
                  absl::AnyInvocable<void(Status)> done = nullptr);

  // The same, but never wait. Errors: kStorageBackpressure while the buffer is full.
  Status TryUpsert(const Row& row, UpsertCallback done = nullptr);
  Status TryDelete(const Row& row, UpsertCallback done = nullptr);
  Status TryDeleteKey(const Row& key, UpsertCallback done = nullptr);

  // Ready when all changes of the table that its leaders had taken before, this writer's or any
  // other's, are acknowledged: a reader that begins then is overtaken by none of them. The first
  // error, if any, as that of Flush.
  Future<void> Barrier();

  // As AppendWriter's.
  Future<void> Flush();
  Future<void> Close();

 private:
  Status Write(const Result<KvChange>& change, UpsertCallback done, bool may_wait);

  const std::shared_ptr<const KvTarget> target_;
  const std::shared_ptr<WriterCore> core_;
};

}  // namespace strom::client
