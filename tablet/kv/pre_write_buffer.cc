#include "tablet/kv/pre_write_buffer.h"

#include "common/base/check.h"

namespace strom::tablet {

size_t PreWriteBuffer::SizeOf(const Entry& entry) {
  // An entry of the list, and one of the map at its usual load.
  constexpr size_t kOverhead = sizeof(Entry) + 2 * sizeof(std::pair<BytesView, Number>);
  return kOverhead + entry.change.key.size() +
         (entry.change.value ? entry.change.value->size() : 0);
}

void PreWriteBuffer::Add(Change change) {
  STROM_CHECK(empty() || change.offset >= entries_.back().change.offset)
      << change.offset << " after " << entries_.back().change.offset;
  const Number number = first_ + entries_.size();
  std::optional<Number> previous;
  if (const auto it = newest_.find(change.key); it != newest_.end()) {
    previous = it->second;
    newest_.erase(it);  // Its key points into the older entry, which goes first.
  }
  entries_.push_back({std::move(change), previous});
  newest_.emplace(entries_.back().change.key, number);
  size_bytes_ += SizeOf(entries_.back());
}

const PreWriteBuffer::Change* PreWriteBuffer::Find(BytesView key) const {
  const auto it = newest_.find(key);
  return it == newest_.end() ? nullptr : &At(it->second).change;
}

void PreWriteBuffer::TruncateTo(LogOffset offset) {
  while (!empty() && entries_.back().change.offset >= offset) {
    const Entry& last = entries_.back();
    newest_.erase(last.change.key);
    if (last.previous && *last.previous >= first_) {
      newest_.emplace(At(*last.previous).change.key, *last.previous);
    }
    size_bytes_ -= SizeOf(last);
    entries_.pop_back();
  }
}

void PreWriteBuffer::TakeBelow(LogOffset offset, absl::FunctionRef<void(Change)> take) {
  while (!empty() && entries_.front().change.offset < offset) {
    Entry& oldest = entries_.front();
    const auto it = newest_.find(oldest.change.key);
    if (it->second == first_) newest_.erase(it);
    size_bytes_ -= SizeOf(oldest);
    take(std::move(oldest.change));
    entries_.pop_front();
    ++first_;
  }
}

}  // namespace strom::tablet
