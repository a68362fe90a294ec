#include "pipeline/layer/ranked_rows.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "pipeline/layer/order_codec.h"
#include "pipeline/layer/row_codec.h"

namespace strom::layer {

RankedRows::RankedRows(Ranking ranking, bool last_unseen)
    : ranking_(std::move(ranking)), last_unseen_(last_unseen) {
  STROM_CHECK(ranking_.first > 0) << "no first rows";
}

uint32_t RankedRows::Encode(const RowView& row) {
  place_.clear();
  for (const Ranking::Order& order : ranking_.orders) {
    AppendInOrder(row[order.column], order.descending, order.nulls_first, place_);
  }
  const auto row_at = static_cast<uint32_t>(place_.size());
  for (size_t i = 0; i < row.size(); ++i) AppendValue(row[i], place_);
  return row_at;
}

RankedRows::Rows& RankedRows::Touch(const RowView& row) {
  partition_.clear();
  for (const size_t column : ranking_.partition) {
    AppendInOrder(row[column], false, false, partition_);
  }
  const auto [entry, fresh] = touched_.try_emplace(partition_);
  Touched& touched = entry->second;
  if (fresh) {
    std::unique_ptr<Rows>& rows = partitions_[partition_];
    if (rows == nullptr) {
      rows = std::make_unique<Rows>();
      rows->id = next_id_++;
      row_bytes_ += partition_.size();
    }
    touched.rows = rows.get();
    touched.changed = rows->count < ranking_.first;  // Whatever comes is one of the first.
    if (!touched.changed) {
      size_t left = ranking_.first;
      auto at = rows->in_order.begin();
      while (at->second.copies < left) left -= (at++)->second.copies;
      touched.last = at->first;
    }
  }
  if (!touched.changed) {
    touched.changed = last_unseen_ ? place_ < touched.last : place_ <= touched.last;
  }
  return *touched.rows;
}

void RankedRows::Insert(const RowView& row) {
  const uint32_t row_at = Encode(row);
  Rows& rows = Touch(row);
  ++rows.count;
  const auto [at, fresh] = rows.in_order.try_emplace(place_, Place{0, row_at});
  ++at->second.copies;
  if (!fresh) return;
  ++rows_;
  row_bytes_ += place_.size();
}

bool RankedRows::Remove(const RowView& row) {
  Encode(row);
  Rows& rows = Touch(row);
  const auto at = rows.in_order.find(place_);
  if (at == rows.in_order.end()) return false;
  --rows.count;
  if (--at->second.copies > 0) return true;
  rows.in_order.erase(at);
  --rows_;
  row_bytes_ -= place_.size();
  return true;
}

std::vector<RankedRows::Partition> RankedRows::TakeChanged() {
  std::vector<Partition> out;
  for (const auto& [key, touched] : touched_) {
    if (!touched.changed) continue;
    const Rows& rows = *touched.rows;
    Partition& partition = out.emplace_back(Partition{rows.id, {}});
    size_t left = std::min(ranking_.first, rows.count);
    partition.first.reserve(left);
    for (auto at = rows.in_order.begin(); left > 0; ++at) {
      const Row row = DecodeRow(BytesView(at->first).substr(at->second.row_at));
      const size_t copies = std::min<size_t>(left, at->second.copies);
      partition.first.insert(partition.first.end(), copies, row);
      left -= copies;
    }
    if (rows.count > 0) continue;
    row_bytes_ -= key.size();
    partitions_.erase(key);
  }
  touched_.clear();
  return out;
}

size_t RankedRows::bytes() const {
  constexpr size_t kEntry = sizeof(Bytes) + sizeof(Place);
  return row_bytes_ + rows_ * (kEntry + kEntry / 3) +  // Nodes three quarters full.
         partitions_.size() * sizeof(Rows) +
         partitions_.capacity() * (sizeof(Bytes) + sizeof(void*) + 1);
}

}  // namespace strom::layer
