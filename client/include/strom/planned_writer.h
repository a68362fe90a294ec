#pragma once

#include <map>
#include <memory>
#include <vector>

#include "client/include/strom/writer_options.h"
#include "common/types/ids.h"
#include "common/types/schema.h"
#include "common/types/table_descriptor.h"
#include "common/types/value.h"

namespace strom::client {

// An upsert of `row`, one value a column of the table, or the deletion of the row with its key, of
// which only the key's columns are looked at.
struct PlannedChange {
  bool upsert = true;
  Row row;
};

// All that goes to one bucket, in one batch.
struct PlannedBatch {
  BatchSequence sequence;
  std::vector<PlannedChange> changes;
};

class Cluster;
class KvTarget;

// Writes batches to a primary-key table under writer ids and sequences that the caller keeps, so
// that another process, which knows them too, can send the same batches again: servers take each
// (writer id, sequence) of a bucket once, for the five newest at least.
//
// Of WriterOptions it heeds request_bytes_max, delivery_timeout and fence. One thread at a time;
// calls wait.
class PlannedWriter {
 public:
  // Use Connection::NewPlannedWriter.
  PlannedWriter(std::shared_ptr<Cluster> cluster, std::shared_ptr<const KvTarget> target,
                WriterOptions options);
  ~PlannedWriter();
  PlannedWriter(const PlannedWriter&) = delete;
  PlannedWriter& operator=(const PlannedWriter&) = delete;

  const TableInfo& table() const;

  // A writer id that nobody had before. Errors: kNetwork, kAuthorization, …
  Result<WriterId> NewWriterId();

  // The bucket of a row, by its key. Errors: kCorruptRecord.
  Result<BucketId> BucketOf(const Row& row) const;

  // Sends each bucket its batch, again and again after errors that may pass, until all are
  // acknowledged or WriterOptions::delivery_timeout is over. A batch that the server had already is
  // fine. Errors: the first that will not pass, of any bucket (others may be written), or the last
  // one when the time is over, kOutOfOrderSequence and kUnknownWriterId among them: whoever led
  // until then did not know the batch before this one. kFencedJobEpoch; kCorruptRecord,
  // kRecordTooLarge for changes that cannot be sent.
  Status Write(WriterId writer, const std::map<BucketId, PlannedBatch>& batches);

 private:
  const std::shared_ptr<Cluster> cluster_;
  const std::shared_ptr<const KvTarget> target_;
  const WriterOptions options_;
};

}  // namespace strom::client
