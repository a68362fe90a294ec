#include "tablet/replica/stoppable_store.h"

namespace strom::tablet {

Status StoppableStore::CheckNotStopped(const std::string& key) const {
  if (!stopped_.load(std::memory_order_acquire)) return Status::Ok();
  return Error(ErrorCode::kStorage, "{}: not transferred, the server stops", key);
}

Status StoppableStore::Put(const std::string& key, remote::ByteSource source) {
  return objects_->Put(key, [&](std::span<char> out) -> Result<size_t> {
    STROM_RETURN_IF_ERROR(CheckNotStopped(key));
    return source(out);
  });
}

Status StoppableStore::Read(const std::string& key, remote::ByteSink sink) const {
  return objects_->Read(key, [&](BytesView bytes) {
    STROM_RETURN_IF_ERROR(CheckNotStopped(key));
    return sink(bytes);
  });
}

}  // namespace strom::tablet
