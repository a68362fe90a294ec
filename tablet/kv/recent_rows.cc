#include "tablet/kv/recent_rows.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <absl/strings/string_view.h>

namespace strom::tablet {

Status RecentRows::MakeRoom() {
  const runtime::WaitLock lock(mutex_);
  return fresh_bytes_ < fresh_max_bytes_ ? Status::Ok() : SettleLocked();
}

void RecentRows::Put(Bytes key, std::optional<Bytes> value) {
  constexpr size_t kOverhead = 2 * sizeof(Rows::value_type);  // Of a table at its usual load.
  const runtime::WaitLock lock(mutex_);
  const auto [at, fresh] = fresh_.try_emplace(std::move(key));
  if (fresh) fresh_bytes_ += kOverhead + at->first.size();
  std::optional<Bytes>& kept = at->second;
  fresh_bytes_ += value ? value->size() : 0;
  fresh_bytes_ -= kept ? kept->size() : 0;
  kept = std::move(value);
}

RecentRows::Found RecentRows::Find(BytesView key, Bytes& value) const {
  const runtime::WaitLock lock(mutex_);
  for (const Rows* const rows : {&fresh_, &settled_}) {
    const auto at = rows->find(absl::string_view(key.data(), key.size()));
    if (at == rows->end()) continue;
    if (!at->second) return Found::kDeleted;
    value = *at->second;
    return Found::kRow;
  }
  return Found::kNot;
}

Status RecentRows::Settle() {
  const runtime::WaitLock lock(mutex_);
  return SettleLocked();
}

Status RecentRows::SettleLocked() {
  if (fresh_.empty()) return Status::Ok();
  // Neighbours one after the other: the store finds the place of each from the one before.
  std::vector<const Rows::value_type*> ordered;
  ordered.reserve(fresh_.size());
  for (const Rows::value_type& row : fresh_) ordered.push_back(&row);
  std::ranges::sort(ordered, {}, [](const auto* row) -> const Bytes& { return row->first; });
  kv::WriteBatch batch;
  for (const Rows::value_type* const row : ordered) {
    if (row->second) {
      batch.Put(row->first, *row->second);
    } else {
      batch.Delete(row->first);
    }
  }
  STROM_RETURN_IF_ERROR(store_.Write(batch, kv::Durability::kBuffered));
  settled_ = std::exchange(fresh_, {});
  fresh_bytes_ = 0;
  return Status::Ok();
}

}  // namespace strom::tablet
