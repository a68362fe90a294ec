#include <deque>
#include <utility>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/output_store.h"
#include "pipeline/layer/row_store.h"

namespace strom::layer {
namespace {

// Keeps the rows of its leaves and the rows it gave. A batch: which keys of the anchor do the
// changes concern, which rows do those keys need, the statement over only these, the difference to
// what it gave for those keys before.
//
// Affected keys are searched in the new state. That misses none: of the changed rows on a path to
// the anchor, old or new, take the one nearest to it; the rows above it are there before and after.
class Recompute : public BlockRunner {
 public:
  Recompute(const Block& block, std::unique_ptr<duck::Statement> statement, BrokenRules broken)
      : block_(block),
        statement_(std::move(statement)),
        broken_(broken),
        output_(block.clock_columns, block.fields.size()) {
    for (const Leaf& leaf : block.leaves) has_anchor_ = has_anchor_ || leaf.anchor;
    leaves_.resize(block.leaves.size());
    for (size_t i = 0; i < leaves_.size(); ++i) {
      const Leaf& leaf = block.leaves[i];
      std::vector<std::vector<size_t>> indexes;
      indexes.push_back(leaf.anchor ? leaf.key : leaf.own_columns);
      for (size_t child = 0; child < leaves_.size(); ++child) {
        if (block.leaves[child].parent != i) continue;
        leaves_[i].children.push_back({child, indexes.size()});
        leaves_[child].index_in_parent = indexes.size();
        indexes.push_back(block.leaves[child].parent_columns);
      }
      leaves_[i].store = std::make_unique<RowStore>(std::move(indexes));
    }
  }

  Result<Changes> Apply(std::span<const Changes* const> changes, bool everything) override {
    std::vector<NetChanges> net(leaves_.size());
    bool any = everything;
    std::vector<bool> was_empty;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      net[i] = NetOf(*changes[i], block_.leaves[i].columns);
      any = any || !net[i].empty();
      was_empty.push_back(leaves_[i].store->rows() == 0);
    }
    if (!any) return Changes();

    everything_ = everything || !has_anchor_;
    affected_.clear();
    for (LeafState& leaf : leaves_) leaf.visited.clear();
    for (size_t i = 0; i < leaves_.size(); ++i) {
      for (const RowRef& row : net[i].removed) {
        const RowView view = net[i].View(row);
        if (!leaves_[i].store->Remove(view)) return NoSuchRow(block_.leaves[i], view);
      }
      for (const RowRef& row : net[i].inserted) leaves_[i].store->Insert(net[i].View(row));
    }
    for (size_t i = 0; i < leaves_.size() && !everything_; ++i) {
      for (const RowRef& row : net[i].inserted) Affect(i, net[i].View(row));
      for (const RowRef& row : net[i].removed) {
        if (!broken_.new_images_only) Affect(i, net[i].View(row));
      }
    }
    for (size_t i = 0; i < leaves_.size(); ++i) {
      const bool flips = was_empty[i] != (leaves_[i].store->rows() == 0);
      everything_ = everything_ || (block_.leaves[i].three_valued && flips);
    }
    std::vector<uint64_t> keys = AffectedKeys();
    STROM_ASSIGN_OR_RETURN(std::vector<OutputStore::KeyedRow> rows, Run(keys));
    return Changes(output_.Replace(keys, std::move(rows)));
  }

  size_t bytes() const override {
    size_t total = output_.bytes();
    for (const LeafState& leaf : leaves_) total += leaf.store->bytes();
    return total;
  }

 private:
  static constexpr size_t kOwnIndex = 0;

  struct Child {
    size_t leaf;
    size_t index;  // Of its parent's store: by the columns that lead to it.
  };
  struct LeafState {
    std::unique_ptr<RowStore> store;
    std::vector<Child> children;
    size_t index_in_parent = 0;
    absl::flat_hash_set<uint64_t> visited;  // Own keys already followed to the parent.

    // What the statement gets: rows, one for each id, that often and, of an anchor, with the place
    // of its key.
    std::deque<Row> rows;
    std::vector<RowRef> handed;
    std::vector<int64_t> places;
    absl::flat_hash_set<uint32_t> handed_ids;
  };

  // Climbs from a row of a leaf to the keys of the anchor.
  void Affect(size_t at, const RowView& row) {
    if (everything_) return;
    const Leaf& leaf = block_.leaves[at];
    LeafState& state = leaves_[at];
    const uint64_t key = state.store->HashOf(kOwnIndex, row);
    if (leaf.anchor) {
      affected_.insert(key);
      return;
    }
    const bool is_null = state.store->HasNullKey(kOwnIndex, row);
    if (!leaf.parent || (leaf.three_valued && is_null)) {
      everything_ = true;
      return;
    }
    if (is_null || !state.visited.insert(key).second) return;
    const RowStore& parents = *leaves_[*leaf.parent].store;
    parents.ForEach(state.index_in_parent, key,
                    [&](uint32_t id) { Affect(*leaf.parent, parents.Get(id)); });
  }

  std::vector<uint64_t> AffectedKeys() {
    if (!has_anchor_) return {0};
    std::vector<uint64_t> keys;
    if (everything_) {
      output_.AppendKeys(keys);
      affected_.insert(keys.begin(), keys.end());
      for (size_t i = 0; i < leaves_.size(); ++i) {
        if (!block_.leaves[i].anchor) continue;
        for (const auto& [key, id] : leaves_[i].store->Keys(kOwnIndex)) affected_.insert(key);
      }
    }
    keys.assign(affected_.begin(), affected_.end());
    return keys;
  }

  // Hands the statement the rows that `keys` need and gives its result.
  Result<std::vector<OutputStore::KeyedRow>> Run(const std::vector<uint64_t>& keys) {
    bool has_rows = !has_anchor_;
    for (size_t i = 0; i < leaves_.size(); ++i) {
      if (block_.leaves[i].anchor) {
        HandAnchor(i, keys);
        has_rows = has_rows || !leaves_[i].handed.empty();
      } else if (!block_.leaves[i].parent) {
        leaves_[i].store->ForEach([&](uint32_t id) { Hand(i, id); });
      }
    }
    std::vector<OutputStore::KeyedRow> out;
    if (has_rows) {
      for (size_t i = 0; i < leaves_.size(); ++i) {
        block_.leaves[i].handle->Set(std::exchange(leaves_[i].handed, {}),
                                     std::exchange(leaves_[i].places, {}));
      }
      Result<duck::Statement::Numbered> result = statement_->RunNumbered();
      for (const Leaf& leaf : block_.leaves) leaf.handle->Set({});
      if (!result.ok()) return result.status();
      out.reserve(result->rows.size());
      for (size_t i = 0; i < result->rows.size(); ++i) {
        out.push_back({keys[static_cast<size_t>(result->numbers[i])], std::move(result->rows[i])});
      }
    }
    for (LeafState& leaf : leaves_) {
      leaf.rows.clear();
      leaf.handed.clear();
      leaf.handed_ids.clear();
    }
    return out;
  }

  void HandAnchor(size_t at, const std::vector<uint64_t>& keys) {
    for (size_t k = 0; k < keys.size(); ++k) {
      leaves_[at].store->ForEach(kOwnIndex, keys[k], [&](uint32_t id) {
        Repeat(at, id);
        leaves_[at].places.resize(leaves_[at].handed.size(), static_cast<int64_t>(k));
      });
    }
  }

  void HandChildren(size_t at, const Row& row) {
    for (const Child& child : leaves_[at].children) {
      const RowStore& store = *leaves_[child.leaf].store;
      const auto hand = [&](uint32_t id) { Hand(child.leaf, id); };
      if (block_.leaves[child.leaf].three_valued) {
        store.ForEach(kOwnIndex, store.HashOf(kOwnIndex, Row{Value::Null()}), hand);
        if (!store.Keys(kOwnIndex).empty()) hand(store.Keys(kOwnIndex).begin()->second);
      }
      if (leaves_[at].store->HasNullKey(child.index, row)) continue;
      store.ForEach(kOwnIndex, leaves_[at].store->HashOf(child.index, row), hand);
    }
  }

  void Hand(size_t at, uint32_t id) {
    if (!leaves_[at].handed_ids.insert(id).second) return;
    Repeat(at, id);
  }

  // As often as the row is in the bag, and what it needs of other leaves.
  void Repeat(size_t at, uint32_t id) {
    LeafState& leaf = leaves_[at];
    const Row& row = leaf.rows.emplace_back(leaf.store->Get(id));
    leaf.handed.insert(leaf.handed.end(), leaf.store->CountOf(id), RowRef(row));
    HandChildren(at, row);
  }

  const Block& block_;
  std::unique_ptr<duck::Statement> statement_;
  const BrokenRules broken_;
  std::vector<LeafState> leaves_;
  bool has_anchor_ = false;
  OutputStore output_;

  // Of the batch at hand.
  bool everything_ = false;
  absl::flat_hash_set<uint64_t> affected_;
};

}  // namespace

Result<std::unique_ptr<BlockRunner>> MakeRecompute(duck::Connection& connection, const Block& block,
                                                   const BrokenRules& broken) {
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<duck::Statement> statement, connection.Prepare(block.sql));
  return std::unique_ptr<BlockRunner>(
      std::make_unique<Recompute>(block, std::move(statement), broken));
}

}  // namespace strom::layer
