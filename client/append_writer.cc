#include "client/include/strom/append_writer.h"

#include <utility>

#include "client/log_target.h"
#include "client/writer_core.h"

namespace strom::client {

AppendWriter::AppendWriter(std::shared_ptr<const LogTarget> target,
                           std::shared_ptr<WriterCore> core)
    : target_(std::move(target)), core_(std::move(core)) {
  ++core_->cluster()->open_handles();
}

AppendWriter::~AppendWriter() {
  core_->Abort();
  --core_->cluster()->open_handles();
}

Status AppendWriter::Append(const Row& row, AppendCallback done) {
  return Write(row, std::move(done), true);
}

Status AppendWriter::TryAppend(const Row& row, AppendCallback done) {
  return Write(row, std::move(done), false);
}

Status AppendWriter::Write(const Row& row, AppendCallback done, bool may_wait) {
  STROM_ASSIGN_OR_RETURN(const WriteRecord record, target_->RecordOf(row));
  return core_->Write(record, std::move(done), may_wait);
}

Future<void> AppendWriter::Flush() { return core_->Flush(); }

Future<void> AppendWriter::Close() { return core_->Close(); }

}  // namespace strom::client
