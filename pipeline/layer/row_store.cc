#include "pipeline/layer/row_store.h"

#include <utility>

#include <absl/hash/hash.h>

#include "common/base/check.h"
#include "pipeline/layer/row_codec.h"
#include "pipeline/layer/row_hash.h"

namespace strom::layer {

void HashChains::Add(uint64_t hash, uint32_t id) {
  if (id >= links_.size()) links_.resize(id + 1);
  const auto [head, fresh] = heads_.try_emplace(hash, id);
  links_[id] = {fresh ? kNone : head->second, kNone};
  if (!fresh) {
    links_[head->second].previous = id;
    head->second = id;
  }
}

void HashChains::Remove(uint64_t hash, uint32_t id) {
  const Link link = links_[id];
  if (link.next != kNone) links_[link.next].previous = link.previous;
  if (link.previous != kNone) {
    links_[link.previous].next = link.next;
    return;
  }
  const auto head = heads_.find(hash);
  STROM_CHECK(head != heads_.end() && head->second == id) << "a row is not under its hash";
  if (link.next == kNone) {
    heads_.erase(head);
  } else {
    head->second = link.next;
  }
}

uint32_t HashChains::First(uint64_t hash) const {
  const auto head = heads_.find(hash);
  return head == heads_.end() ? kNone : head->second;
}

RowStore::RowStore(std::vector<std::vector<size_t>> indexes) {
  for (std::vector<size_t>& columns : indexes) indexes_.push_back({std::move(columns), {}});
}

uint64_t RowStore::Encode(const RowView& row) {
  encoded_.clear();
  for (size_t i = 0; i < row.size(); ++i) AppendValue(row[i], encoded_);
  return absl::HashOf(std::string_view(encoded_));
}

uint32_t RowStore::Find(uint64_t hash) const {
  uint32_t id = content_.First(hash);
  while (id != HashChains::kNone && slots_[id].row != encoded_) id = content_.Next(id);
  return id;
}

uint32_t RowStore::Insert(const RowView& row) {
  const uint64_t hash = Encode(row);
  if (const uint32_t id = Find(hash); id != HashChains::kNone) {
    ++slots_[id].count;
    return id;
  }
  uint32_t id = static_cast<uint32_t>(slots_.size());
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  slots_[id] = {Bytes(encoded_.data(), encoded_.size()), 1};  // Not more than it needs.
  row_bytes_ += slots_[id].row.capacity() + 1;
  ++rows_;
  content_.Add(hash, id);
  for (Index& index : indexes_) index.chains.Add(HashKey(row, index.columns), id);
  return id;
}

std::optional<uint32_t> RowStore::Remove(const RowView& row) {
  const uint64_t hash = Encode(row);
  const uint32_t id = Find(hash);
  if (id == HashChains::kNone) return std::nullopt;
  if (--slots_[id].count > 0) return id;
  content_.Remove(hash, id);
  for (Index& index : indexes_) index.chains.Remove(HashKey(row, index.columns), id);
  row_bytes_ -= slots_[id].row.capacity() + 1;
  --rows_;
  slots_[id].row = Bytes();
  free_.push_back(id);
  return id;
}

uint64_t RowStore::HashOf(size_t index, const RowView& row) const {
  return HashKey(row, indexes_[index].columns);
}

bool RowStore::HasNullKey(size_t index, const RowView& row) const {
  return AnyNull(row, indexes_[index].columns);
}

Row RowStore::Get(uint32_t id) const { return DecodeRow(slots_[id].row); }

size_t RowStore::bytes() const {
  size_t total = row_bytes_ + slots_.capacity() * sizeof(Slot) + content_.bytes();
  for (const Index& index : indexes_) total += index.chains.bytes();
  return total;
}

}  // namespace strom::layer
