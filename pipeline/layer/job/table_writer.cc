#include "pipeline/layer/job/table_writer.h"

#include <utility>

namespace strom::layer {

Result<std::unique_ptr<TableWriter>> TableWriter::Open(const pipeline::JobContext& context,
                                                       const TableInfo& table,
                                                       std::vector<std::string> columns,
                                                       std::function<void()> on_error) {
  auto outcome = std::make_shared<Outcome>();
  {
    const runtime::WaitLock lock(outcome->mutex);
    outcome->on_error = std::move(on_error);
  }
  std::unique_ptr<TableWriter> writer(new TableWriter(std::move(outcome)));
  client::UpsertWriterOptions options;
  options.columns = std::move(columns);
  options.writing.fence = context.fence;
  STROM_ASSIGN_OR_RETURN(writer->writer_,
                         context.connection.NewUpsertWriter(table, std::move(options)));
  return writer;
}

TableWriter::~TableWriter() {
  const runtime::WaitLock lock(outcome_->mutex);
  outcome_->on_error = nullptr;
}

Status TableWriter::FirstError() const {
  const runtime::WaitLock lock(outcome_->mutex);
  return outcome_->first_error;
}

Status TableWriter::Write(const std::vector<pipeline::KeyedChange>& changes) {
  STROM_RETURN_IF_ERROR(FirstError());
  if (changes.empty()) return Status::Ok();
  std::vector<client::RowChange> rows;
  rows.reserve(changes.size());
  for (const pipeline::KeyedChange& change : changes) rows.push_back({change.upsert, &change.row});
  return writer_->WriteAll(rows, [outcome = outcome_](const Status& status) {
    if (status.ok()) return;
    std::function<void()> on_error;
    {
      const runtime::WaitLock lock(outcome->mutex);
      if (!outcome->first_error.ok()) return;
      outcome->first_error = status;
      on_error = outcome->on_error;
    }
    if (on_error) on_error();
  });
}

Status TableWriter::AwaitEarlier() { return writer_->Barrier().Get(); }

Status TableWriter::Flush() {
  STROM_RETURN_IF_ERROR(writer_->Flush().Get());
  return FirstError();
}

void TableWriter::Settle() { (void)writer_->Flush().WaitFor(Seconds(2)); }

}  // namespace strom::layer
