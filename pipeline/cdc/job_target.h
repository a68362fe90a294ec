#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "client/include/strom/connection.h"
#include "client/include/strom/planned_writer.h"
#include "pipeline/cdc/job_plan.h"
#include "pipeline/cdc/job_spec.h"
#include "pipeline/cdc/source_event.h"
#include "pipeline/core/job.h"

namespace strom::cdc {

// Whether the target takes the row: NULL only where it may be.
// Errors: kCorruptRecord naming both tables and the column.
Status CheckNulls(const CdcTable& table, const Row& row);

// The Strom table behind a captured one, for the plans of a group: collects the changes of a plan
// by bucket and writes them. One thread at a time.
class CdcTarget {
 public:
  using Batches = std::map<BucketId, client::PlannedBatch>;

  // Errors: as Connection::NewPlannedWriter, NewLookup.
  static Result<std::unique_ptr<CdcTarget>> Open(const pipeline::JobContext& context,
                                                 const CdcTable& table);

  const CdcTable& table() const { return table_; }
  TableId id() const { return table_.target.id; }

  // Whether the event moves a row to another key and leaves out values, which then are in the
  // table's row of the old key. Such an event is a plan of its own: the new row is written first,
  // so that whoever does the plan again finds the values, or the new row written already.
  bool TakesFromOldKey(const SourceEvent& event) const;

  // Adds an insert, update or delete. Values that an update left out because they are large come
  // from the changes before it, or from the table as it is. `again`: the plan may have been written
  // before. Errors: kCorruptRecord naming table and column if a row does not fit; kExternalSystem
  // for a large value that nobody has; lookup's.
  Status Add(SourceEvent event, bool again);

  const Batches& batches() const { return batches_; }
  client::PlannedWriter& writer() { return *writer_; }

  // Sends what was added, each bucket's batch under the sequence that `plan` has for it. Errors: as
  // PlannedWriter::Write.
  Status Write(const BatchPlan& plan);
  // Forgets what was added.
  void Clear();

  // Deletes all rows of the table, each once. Errors: those of reading and writing it.
  Status Empty();

 private:
  CdcTarget(const pipeline::JobContext& context, const CdcTable& table)
      : context_(context), table_(table) {}

  // Fills in what the update left out; false if nobody has it: the row is not there.
  Result<bool> FillUnchanged(SourceEvent& event);
  Status Update(SourceEvent event, bool again);
  Status Put(bool upsert, Row row);
  bool Moves(const SourceEvent& event) const;
  Result<std::string> KeyOf(const Row& row) const;
  Row KeyValues(const Row& row) const;

  const pipeline::JobContext context_;
  const CdcTable& table_;
  std::unique_ptr<client::PlannedWriter> writer_;
  std::unique_ptr<client::Lookup> lookup_;
  Batches batches_;
  std::optional<BucketId> first_;  // Whose batch is written before the others.
  std::set<BucketId> written_;     // Whose batches are known to be there.
  // Where the newest change of each key that was added is.
  struct Place {
    BucketId bucket;
    size_t change;
  };
  absl::flat_hash_map<std::string, Place> newest_;
};

}  // namespace strom::cdc
