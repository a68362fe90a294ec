#pragma once

#include <memory>
#include <vector>

#include "client/include/strom/connection.h"
#include "common/runtime/wait.h"
#include "pipeline/core/job.h"
#include "pipeline/core/keyed_output.h"

namespace strom::layer {

// Writes the keyed changes of a job to its primary-key table, under the job's fence, without
// waiting for the answers: an error of a write comes with a later call, and wakes the job at once.
//
// Used by the job's thread.
class TableWriter {
 public:
  // Writes `columns` of `table` (empty: all). `on_error` is called on any thread when a write has
  // failed. Errors: as Connection::NewUpsertWriter.
  static Result<std::unique_ptr<TableWriter>> Open(const pipeline::JobContext& context,
                                                   const TableInfo& table,
                                                   std::vector<std::string> columns,
                                                   std::function<void()> on_error);
  ~TableWriter();

  const std::vector<Column>& columns() const { return writer_->columns(); }

  // Errors: the first of an earlier write, too.
  Status Write(const std::vector<pipeline::KeyedChange>& changes);
  // Waits until what earlier runs wrote, as far as servers have taken it, is committed: before the
  // table is read to be compared.
  Status AwaitEarlier();
  // Waits until everything written is acknowledged.
  Status Flush();
  // Waits a moment for that, before a stop. What is not acknowledged then may be written or not:
  // the next run compares.
  void Settle();

 private:
  // What writes that are under way leave behind; they may outlive the writer.
  struct Outcome {
    runtime::WaitMutex mutex;
    Status first_error ABSL_GUARDED_BY(mutex);
    std::function<void()> on_error ABSL_GUARDED_BY(mutex);
  };

  explicit TableWriter(std::shared_ptr<Outcome> outcome) : outcome_(std::move(outcome)) {}
  Status FirstError() const;

  const std::shared_ptr<Outcome> outcome_;
  std::unique_ptr<client::UpsertWriter> writer_;
};

}  // namespace strom::layer
