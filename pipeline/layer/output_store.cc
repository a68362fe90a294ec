#include "pipeline/layer/output_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pipeline/layer/row_codec.h"

namespace strom::layer {

namespace {

// What `text` takes beside itself: short ones are inside.
size_t HeapBytes(const Bytes& text) {
  return text.capacity() == Bytes().capacity() ? 0 : text.capacity() + 1;
}

}  // namespace

OutputStore::OutputStore(std::vector<size_t> clock_columns, size_t width)
    : clock_columns_(std::move(clock_columns)) {
  for (size_t i = 0; i < width; ++i) {
    if (std::find(clock_columns_.begin(), clock_columns_.end(), i) == clock_columns_.end()) {
      others_.push_back(i);
    }
  }
}

OutputStore::Encoded OutputStore::Next(BytesView& in) const {
  const BytesView from = in;
  for (size_t i = 0; i < others_.size(); ++i) SkipValue(in);
  const BytesView content = from.substr(0, from.size() - in.size());
  for (size_t i = 0; i < clock_columns_.size(); ++i) SkipValue(in);
  return {from.substr(0, from.size() - in.size()), content};
}

Row OutputStore::Decode(BytesView encoded) const {
  Row row(others_.size() + clock_columns_.size());
  for (const size_t column : others_) row[column] = ReadValue(encoded);
  for (const size_t column : clock_columns_) row[column] = ReadValue(encoded);
  return row;
}

pipeline::Delta OutputStore::Replace(const std::vector<uint64_t>& keys,
                                     std::vector<KeyedRow> rows) {
  constexpr size_t kNone = SIZE_MAX;
  struct Old {
    BytesView row;
    size_t next;  // Another one with its content that has found no match.
    bool stays = false;
  };
  std::vector<Bytes> taken;  // What `old` looks into; never grows, so that it stays where it is.
  taken.reserve(keys.size());
  std::vector<Old> old;
  absl::flat_hash_map<BytesView, size_t> unmatched;  // By content: the last one.
  for (const uint64_t key : keys) {
    const auto found = rows_.find(key);
    if (found == rows_.end()) continue;
    row_bytes_ -= HeapBytes(found->second);
    BytesView rest = taken.emplace_back(std::move(found->second));
    rows_.erase(found);
    while (!rest.empty()) {
      const Encoded next = Next(rest);
      const auto [last, fresh] = unmatched.try_emplace(next.content, old.size());
      old.push_back({next.row, fresh ? kNone : std::exchange(last->second, old.size())});
    }
  }

  pipeline::Delta inserted;
  Bytes encoded;
  for (KeyedRow& fresh : rows) {
    encoded.clear();
    for (const size_t column : others_) AppendValue(fresh.row[column], encoded);
    const auto match = unmatched.find(encoded);
    Bytes& stored = rows_[fresh.key];
    row_bytes_ -= HeapBytes(stored);
    if (match != unmatched.end() && match->second != kNone) {
      Old& same = old[match->second];
      same.stays = true;
      match->second = same.next;
      stored += same.row;
    } else {
      for (const size_t column : clock_columns_) AppendValue(fresh.row[column], encoded);
      stored += encoded;
      inserted.push_back({true, std::move(fresh.row)});
    }
    row_bytes_ += HeapBytes(stored);
  }
  pipeline::Delta out;
  out.reserve(old.size() + inserted.size());
  for (const Old& row : old) {
    if (!row.stays) out.push_back({false, Decode(row.row)});
  }
  std::move(inserted.begin(), inserted.end(), std::back_inserter(out));
  return out;
}

void OutputStore::AppendKeys(std::vector<uint64_t>& out) const {
  for (const auto& [key, rows] : rows_) out.push_back(key);
}

size_t OutputStore::bytes() const {
  return rows_.capacity() * (sizeof(uint64_t) + sizeof(Bytes) + 1) + row_bytes_;
}

}  // namespace strom::layer
