#include "client/include/strom/append_writer.h"

#include <utility>

#include "client/writer_core.h"

namespace strom::client {

AppendWriter::AppendWriter(std::shared_ptr<WriterCore> core) : core_(std::move(core)) {
  ++core_->cluster()->open_handles();
}

AppendWriter::~AppendWriter() {
  core_->Abort();
  --core_->cluster()->open_handles();
}

Status AppendWriter::Append(const Row& row, AppendCallback done) {
  return core_->Append(row, std::move(done), true);
}

Status AppendWriter::TryAppend(const Row& row, AppendCallback done) {
  return core_->Append(row, std::move(done), false);
}

Future<void> AppendWriter::Flush() { return core_->Flush(); }

Future<void> AppendWriter::Close() { return core_->Close(); }

}  // namespace strom::client
