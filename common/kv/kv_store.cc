#include "common/kv/kv_store.h"

namespace strom::kv {

void WriteBatch::Clear() {
  changes_.clear();
  size_bytes_ = 0;
}

void WriteBatch::Add(BytesView key, std::optional<Bytes> value) {
  size_bytes_ += key.size() + (value ? value->size() : 0);
  changes_.push_back({Bytes(key), std::move(value)});
}

}  // namespace strom::kv
