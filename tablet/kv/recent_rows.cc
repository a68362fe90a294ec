#include "tablet/kv/recent_rows.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <absl/strings/string_view.h>

namespace strom::tablet {

RecentRows::RecentRows(kv::KvStore& store, std::shared_ptr<RecentRowsBudget> budget)
    : store_(store),
      budget_(std::move(budget)),
      kind_max_bytes_(budget_->size_max_bytes() / 16) {
  budget_->Add(*this);
}

RecentRows::~RecentRows() {
  budget_->Remove(*this);
  Note(-static_cast<ptrdiff_t>(bytes()));
}

void RecentRows::Note(ptrdiff_t bytes) {
  bytes_.fetch_add(static_cast<size_t>(bytes), std::memory_order_relaxed);
  budget_->Note(bytes);
}

Status RecentRows::MakeRoom(size_t bytes) {
  {
    const runtime::WaitLock lock(mutex_);
    if (fresh_bytes_ >= kind_max_bytes_) STROM_RETURN_IF_ERROR(SettleLocked());
  }
  // Of more than it may keep, it keeps none: see Trim.
  return budget_->MakeRoom(*this, std::min(bytes, kind_max_bytes_));
}

void RecentRows::Put(Bytes key, std::optional<Bytes> value) {
  constexpr size_t kOverhead = 2 * sizeof(Rows::value_type);  // Of a table at its usual load.
  const runtime::WaitLock lock(mutex_);
  const auto [at, fresh] = fresh_.try_emplace(std::move(key));
  std::optional<Bytes>& kept = at->second;
  ptrdiff_t bytes = fresh ? static_cast<ptrdiff_t>(kOverhead + at->first.size()) : 0;
  bytes += value ? static_cast<ptrdiff_t>(value->size()) : 0;
  bytes -= kept ? static_cast<ptrdiff_t>(kept->size()) : 0;
  kept = std::move(value);
  fresh_bytes_ += static_cast<size_t>(bytes);
  Note(bytes);
}

void RecentRows::Trim() {
  const runtime::WaitLock lock(mutex_);
  if (fresh_bytes_ < kind_max_bytes_) return;
  if (!SettleLocked().ok()) return;  // Whoever makes room next hears of it.
  if (settled_bytes_ > 2 * kind_max_bytes_) DropSettledLocked();
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

Status RecentRows::Clear() {
  const runtime::WaitLock lock(mutex_);
  STROM_RETURN_IF_ERROR(SettleLocked());
  DropSettledLocked();
  return Status::Ok();
}

Status RecentRows::DropSettled() {
  const runtime::WaitLock lock(mutex_);
  DropSettledLocked();
  return Status::Ok();
}

void RecentRows::DropSettledLocked() {
  settled_ = Rows();  // And the table's own memory.
  Note(-static_cast<ptrdiff_t>(std::exchange(settled_bytes_, 0)));
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
  DropSettledLocked();
  settled_ = std::exchange(fresh_, {});
  settled_bytes_ = std::exchange(fresh_bytes_, 0);
  return Status::Ok();
}

}  // namespace strom::tablet
