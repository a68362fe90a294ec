#include <algorithm>
#include <optional>
#include <utility>

#include <absl/container/flat_hash_set.h>
#include <absl/hash/hash.h>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/output_store.h"
#include "pipeline/layer/row_codec.h"
#include "pipeline/layer/value_bag.h"

namespace strom::layer {
namespace {

// Groups as accumulators: a change costs the same however many rows its group has. Sums are exact
// (of integers and decimals only), so what was added can be taken away again.
class Algebraic : public BlockRunner {
 public:
  Algebraic(const Block& block, std::unique_ptr<duck::Statement> statement)
      : block_(block),
        statement_(std::move(statement)),
        output_(block.clock_columns, block.fields.size()) {
    using Kind = Accumulator::Kind;
    for (const Accumulator& accumulator : block.accumulators) {
      std::optional<size_t>& bag = bag_of_.emplace_back();
      if (accumulator.kind == Kind::kCount || accumulator.kind == Kind::kSum) continue;
      const auto found = std::find(bags_.begin(), bags_.end(), *accumulator.argument);
      bag = static_cast<size_t>(found - bags_.begin());
      if (found == bags_.end()) bags_.push_back(*accumulator.argument);
    }
  }

  Result<Changes> Apply(std::span<const Changes* const> changes, bool everything) override {
    const bool is_global = block_.group_columns.empty();
    const Leaf& leaf = block_.leaves[0];
    const std::vector<size_t> columns = changes[0]->Places(leaf.columns);
    std::vector<Group*> touched;
    key_.clear();
    if (is_global && everything) Touch(GroupOf(), touched);
    for (const Changes::Change& change : *changes[0]) {
      const RowView row(change.row, columns);
      key_.clear();
      AppendKey(row, block_.group_columns, key_);
      Group& group = GroupOf();
      Touch(group, touched);
      STROM_RETURN_IF_ERROR(Take(group, row, change.insert ? 1 : -1));
    }
    if (touched.empty()) return Changes();

    std::vector<Row> rows;
    std::vector<int64_t> places;
    std::vector<uint64_t> ids;
    for (Group* group : touched) {
      group->touched = false;
      if (group->rows < 0) return NoSuchRow(leaf, DecodeRow(group->key));
      if (group->rows > 0 || is_global) {
        rows.push_back(StateOf(*group));
        places.push_back(static_cast<int64_t>(ids.size()));
      }
      ids.push_back(group->id);
      if (group->rows == 0 && !is_global) Forget(*group);
    }
    STROM_ASSIGN_OR_RETURN(std::vector<OutputStore::KeyedRow> result,
                           Compute(rows, std::move(places), ids));
    return Changes(output_.Replace(ids, std::move(result)));
  }

  size_t bytes() const override {
    return output_.bytes() + key_bytes_ + bag_bytes_ +
           groups_.size() * (sizeof(Group) + block_.accumulators.size() * sizeof(State) +
                             bags_.size() * sizeof(ValueBag)) +
           groups_.capacity() * (sizeof(void*) + 1);
  }

 private:
  struct State {
    __int128 sum = 0;
    int64_t count = 0;  // Of values that are not NULL; without an argument, of rows.
  };
  struct Group {
    Bytes key;
    uint64_t id = 0;
    int64_t rows = 0;
    bool touched = false;  // By the batch at hand.
    std::vector<State> states;
    std::vector<ValueBag> bags;
  };
  struct ByKey {
    using is_transparent = void;
    static BytesView Of(const std::unique_ptr<Group>& group) { return group->key; }
    static BytesView Of(BytesView key) { return key; }
    template <class A>
    size_t operator()(const A& a) const {
      return absl::HashOf(Of(a));
    }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return Of(a) == Of(b);
    }
  };

  // Of the key at hand.
  Group& GroupOf() {
    const auto found = groups_.find(BytesView(key_));
    if (found != groups_.end()) return **found;
    auto group = std::make_unique<Group>();
    group->key = key_;
    group->id = next_id_++;
    group->states.resize(block_.accumulators.size());
    group->bags.resize(bags_.size());
    key_bytes_ += key_.size();
    return **groups_.insert(std::move(group)).first;
  }

  static void Touch(Group& group, std::vector<Group*>& touched) {
    if (group.touched) return;
    group.touched = true;
    touched.push_back(&group);
  }

  void Forget(const Group& group) {
    key_bytes_ -= group.key.size();
    groups_.erase(groups_.find(BytesView(group.key)));
  }

  Status Take(Group& group, const RowView& row, int64_t sign) {
    group.rows += sign;
    for (size_t i = 0; i < block_.accumulators.size(); ++i) {
      const Accumulator& accumulator = block_.accumulators[i];
      State& state = group.states[i];
      if (!accumulator.argument) {
        state.count += sign;
        continue;
      }
      const Value& value = row[*accumulator.argument];
      if (value.is_null()) continue;
      state.count += sign;
      if (accumulator.kind != Accumulator::Kind::kSum) continue;
      const int64_t* integer = value.get_if<int64_t>();
      const __int128 number = integer != nullptr ? *integer : value.get_if<Decimal>()->unscaled;
      if (__builtin_add_overflow(state.sum, sign > 0 ? number : -number, &state.sum)) {
        return Error(ErrorCode::kInvalidSql, "{}: a sum has more than 38 digits",
                     block_.leaves[0].name);
      }
    }
    for (size_t i = 0; i < bags_.size(); ++i) {
      const Value& value = row[bags_[i]];
      if (value.is_null()) continue;
      bag_bytes_ -= group.bags[i].bytes();
      group.bags[i].Add(value, sign);
      bag_bytes_ += group.bags[i].bytes();
    }
    return Status::Ok();
  }

  // Group columns, then one value for each accumulator.
  Row StateOf(const Group& group) const {
    Row row;
    row.reserve(block_.group_columns.size() + block_.accumulators.size());
    BytesView key = group.key;
    while (!key.empty()) row.push_back(ReadValue(key));
    for (size_t i = 0; i < block_.accumulators.size(); ++i) {
      const State& state = group.states[i];
      const ValueBag* bag = bag_of_[i] ? &group.bags[*bag_of_[i]] : nullptr;
      switch (block_.accumulators[i].kind) {
        case Accumulator::Kind::kCount:
          row.push_back(Value::Int(state.count));
          break;
        case Accumulator::Kind::kSum:
          row.push_back(state.count == 0 ? Value::Null() : Value::Dec(state.sum));
          break;
        case Accumulator::Kind::kMin:
          row.push_back(bag->empty() ? Value::Null() : bag->Smallest());
          break;
        case Accumulator::Kind::kMax:
          row.push_back(bag->empty() ? Value::Null() : bag->Largest());
          break;
        case Accumulator::Kind::kCountDistinct:
          row.push_back(Value::Int(static_cast<int64_t>(bag->distinct())));
          break;
      }
    }
    return row;
  }

  // The block's rows for states, each with the place of its group among `ids`.
  Result<std::vector<OutputStore::KeyedRow>> Compute(const std::vector<Row>& states,
                                                     std::vector<int64_t> places,
                                                     const std::vector<uint64_t>& ids) {
    std::vector<OutputStore::KeyedRow> rows;
    if (states.empty()) return rows;
    std::vector<RowRef> handed;
    handed.reserve(states.size());
    for (const Row& state : states) handed.push_back(&state);
    block_.groups->Set(std::move(handed), std::move(places));
    Result<duck::Statement::Numbered> computed = statement_->RunNumbered();
    block_.groups->Set({});
    if (!computed.ok()) return computed.status();
    rows.reserve(computed->rows.size());
    for (size_t i = 0; i < computed->rows.size(); ++i) {
      rows.push_back(
          {ids[static_cast<size_t>(computed->numbers[i])], std::move(computed->rows[i])});
    }
    return rows;
  }

  const Block& block_;
  std::unique_ptr<duck::Statement> statement_;
  std::vector<size_t> bags_;                   // Columns of which groups keep the values.
  std::vector<std::optional<size_t>> bag_of_;  // Of each accumulator that needs one.
  absl::flat_hash_set<std::unique_ptr<Group>, ByKey, ByKey> groups_;
  uint64_t next_id_ = 0;
  size_t key_bytes_ = 0;
  size_t bag_bytes_ = 0;
  OutputStore output_;
  Bytes key_;  // Of the row at hand; kept for its room.
};

}  // namespace

Result<std::unique_ptr<BlockRunner>> MakeAlgebraic(duck::Connection& connection,
                                                   const Block& block) {
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<duck::Statement> statement, connection.Prepare(block.sql));
  return std::unique_ptr<BlockRunner>(std::make_unique<Algebraic>(block, std::move(statement)));
}

}  // namespace strom::layer
