#include "pipeline/layer/output_store.h"

#include <algorithm>
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
    : clock_columns_(std::move(clock_columns)), width_(width) {
  for (size_t i = 0; i < width; ++i) {
    if (std::find(clock_columns_.begin(), clock_columns_.end(), i) == clock_columns_.end()) {
      others_.push_back(i);
    }
  }
}

Bytes OutputStore::Content(const Row& row) const { return EncodeColumns(row, others_); }

pipeline::Delta OutputStore::Replace(const std::vector<uint64_t>& keys,
                                     std::vector<KeyedRow> rows) {
  std::vector<Row> old;
  std::vector<size_t> next_equal;                // Of an old row: another one with its content.
  absl::flat_hash_map<Bytes, size_t> unmatched;  // The last old row of a content, plus one.
  for (const uint64_t key : keys) {
    const auto found = rows_.find(key);
    if (found == rows_.end()) continue;
    BytesView encoded = found->second;
    while (!encoded.empty()) {
      Row row;
      row.reserve(width_);
      for (size_t i = 0; i < width_; ++i) row.push_back(ReadValue(encoded));
      size_t& last = unmatched[Content(row)];
      next_equal.push_back(last);
      old.push_back(std::move(row));
      last = old.size();
    }
    row_bytes_ -= HeapBytes(found->second);
    rows_.erase(found);
  }

  pipeline::Delta out;
  std::vector<bool> stays(old.size(), false);
  pipeline::Delta inserted;
  for (KeyedRow& fresh : rows) {
    const auto match = unmatched.find(Content(fresh.row));
    Bytes& stored = rows_[fresh.key];
    row_bytes_ -= HeapBytes(stored);
    if (match != unmatched.end() && match->second > 0) {
      const size_t place = match->second - 1;
      match->second = next_equal[place];
      stays[place] = true;
      for (const Value& value : old[place]) AppendValue(value, stored);
    } else {
      for (const Value& value : fresh.row) AppendValue(value, stored);
      inserted.push_back({true, std::move(fresh.row)});
    }
    row_bytes_ += HeapBytes(stored);
  }
  for (size_t i = 0; i < old.size(); ++i) {
    if (!stays[i]) out.push_back({false, std::move(old[i])});
  }
  out.insert(out.end(), std::make_move_iterator(inserted.begin()),
             std::make_move_iterator(inserted.end()));
  return out;
}

void OutputStore::AppendKeys(std::vector<uint64_t>& out) const {
  for (const auto& [key, rows] : rows_) out.push_back(key);
}

size_t OutputStore::bytes() const {
  return rows_.capacity() * (sizeof(uint64_t) + sizeof(Bytes) + 1) + row_bytes_;
}

}  // namespace strom::layer
