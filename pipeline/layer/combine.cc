#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/row_codec.h"

namespace strom::layer {
namespace {

// Arms have the columns of the block.
std::vector<size_t> AllColumns(const Block& block) {
  std::vector<size_t> columns(block.fields.size());
  std::iota(columns.begin(), columns.end(), size_t{0});
  return columns;
}

class UnionAll : public BlockRunner {
 public:
  explicit UnionAll(const Block& block) : block_(block) {}

  Result<Changes> Apply(std::span<const Changes* const> changes, bool /*everything*/) override {
    pipeline::Delta all;
    for (const Changes* arm : changes) {
      const std::vector<size_t> columns = arm->Places(AllColumns(block_));
      for (const Changes::Change& change : *arm) {
        all.push_back({change.insert, RowView(change.row, columns).Copy()});
      }
    }
    return Changes(std::move(all));
  }
  size_t bytes() const override { return 0; }

 private:
  const Block& block_;
};

// Counts each row in the arms; how often it is in the result follows from that.
class Combine : public BlockRunner {
 public:
  explicit Combine(const Block& block) : block_(block) {}

  Result<Changes> Apply(std::span<const Changes* const> changes, bool /*everything*/) override {
    absl::flat_hash_map<Bytes, int64_t>
        before;  // Of the rows that change: how often in the result.
    for (size_t arm = 0; arm < changes.size(); ++arm) {
      const std::vector<size_t> columns = changes[arm]->Places(AllColumns(block_));
      for (const Changes::Change& change : *changes[arm]) {
        Bytes row = EncodeView(RowView(change.row, columns));
        Counts& counts = counts_[row];
        if (before.try_emplace(row, InResult(counts)).second && Total(counts) == 0) {
          row_bytes_ += row.size();
        }
        counts[arm] += change.insert ? 1 : -1;
      }
    }
    pipeline::Delta out;
    for (const auto& [row, old_count] : before) {
      const auto entry = counts_.find(row);
      if (std::any_of(entry->second.begin(), entry->second.end(), [](auto n) { return n < 0; })) {
        return NoSuchRow(block_.leaves[0], DecodeRow(row));
      }
      const int64_t difference = InResult(entry->second) - old_count;
      for (int64_t i = 0; i < std::abs(difference); ++i) {
        out.push_back({difference > 0, DecodeRow(row)});
      }
      if (Total(entry->second) == 0) {
        row_bytes_ -= row.size();
        counts_.erase(entry);
      }
    }
    return Changes(std::move(out));
  }

  size_t bytes() const override {
    return counts_.capacity() * (sizeof(Bytes) + sizeof(Counts) + 1) + row_bytes_;
  }

 private:
  using Counts = std::array<int64_t, 2>;

  static int64_t Total(const Counts& counts) { return counts[0] + counts[1]; }

  int64_t InResult(const Counts& n) const {
    switch (block_.combine) {
      case CombineKind::kDistinct:
        return n[0] > 0 ? 1 : 0;
      case CombineKind::kIntersect:
        return n[0] > 0 && n[1] > 0 ? 1 : 0;
      case CombineKind::kIntersectAll:
        return std::min(n[0], n[1]);
      case CombineKind::kExcept:
        return n[0] > 0 && n[1] == 0 ? 1 : 0;
      case CombineKind::kExceptAll:
        return std::max<int64_t>(n[0] - n[1], 0);
    }
    STROM_UNREACHABLE();
  }

  const Block& block_;
  absl::flat_hash_map<Bytes, Counts> counts_;
  size_t row_bytes_ = 0;
};

}  // namespace

std::unique_ptr<BlockRunner> MakeUnionAll(const Block& block) {
  return std::make_unique<UnionAll>(block);
}

std::unique_ptr<BlockRunner> MakeCombine(const Block& block) {
  return std::make_unique<Combine>(block);
}

}  // namespace strom::layer
