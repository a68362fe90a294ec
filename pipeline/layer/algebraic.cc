#include <utility>

#include <absl/container/flat_hash_map.h>

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
        output_(block.clock_columns, block.fields.size()) {}

  Result<pipeline::Delta> Apply(std::span<const pipeline::Delta* const> changes,
                                bool everything) override {
    const bool is_global = block_.group_columns.empty();
    absl::flat_hash_map<Bytes, Group*> touched;
    if (is_global && everything) touched[Bytes()] = &GroupOf(Bytes());
    const Leaf& leaf = block_.leaves[0];
    std::vector<size_t> group_columns;  // Of the producer's rows.
    for (const size_t column : block_.group_columns) group_columns.push_back(leaf.columns[column]);
    for (const pipeline::SignedRow& change : *changes[0]) {
      Bytes key = EncodeKey(change.row, group_columns);
      Group& group = GroupOf(key);
      touched.try_emplace(std::move(key), &group);
      STROM_RETURN_IF_ERROR(Take(group, change.row, change.insert ? 1 : -1));
    }
    if (touched.empty()) return pipeline::Delta();

    std::vector<Row> rows;
    std::vector<uint64_t> ids;
    std::vector<Bytes> gone;
    for (const auto& [key, group] : touched) {
      ids.push_back(group->id);
      if (group->rows < 0) return NoSuchRow(leaf, DecodeRow(key));
      if (group->rows > 0 || is_global) {
        rows.push_back(StateOf(key, *group));
        rows.back().push_back(Value::Int(static_cast<int64_t>(ids.size() - 1)));
      } else {
        gone.push_back(key);
      }
    }
    std::vector<OutputStore::KeyedRow> result;
    if (!rows.empty()) {
      std::vector<const Row*> handed;
      for (const Row& row : rows) handed.push_back(&row);
      block_.groups->Set(std::move(handed));
      Result<std::vector<Row>> computed = statement_->Run();
      block_.groups->Set({});
      if (!computed.ok()) return computed.status();
      for (Row& row : *computed) {
        const auto place = static_cast<size_t>(*row.back().get_if<int64_t>());
        row.pop_back();
        result.push_back({ids[place], std::move(row)});
      }
    }
    for (const Bytes& key : gone) {
      key_bytes_ -= key.size();
      groups_.erase(key);
    }
    return output_.Replace(ids, std::move(result));
  }

  size_t bytes() const override {
    return output_.bytes() + key_bytes_ + bag_values_ * kBagValueBytes +
           groups_.size() * (sizeof(Group) + block_.accumulators.size() * sizeof(State)) +
           groups_.capacity() * (sizeof(Bytes) + sizeof(void*) + 1);
  }

 private:
  static constexpr size_t kBagValueBytes = 112;  // A node of std::map and its value.

  struct State {
    __int128 sum = 0;
    int64_t count = 0;  // Of values that are not NULL; without an argument, of rows.
    ValueBag values;
  };
  struct Group {
    uint64_t id = 0;
    int64_t rows = 0;
    std::vector<State> states;
  };

  Group& GroupOf(const Bytes& key) {
    std::unique_ptr<Group>& group = groups_[key];
    if (group == nullptr) {
      group = std::make_unique<Group>();
      group->id = next_id_++;
      group->states.resize(block_.accumulators.size());
      key_bytes_ += key.size();
    }
    return *group;
  }

  // `row` is the producer's.
  Status Take(Group& group, const Row& row, int64_t sign) {
    const Leaf& leaf = block_.leaves[0];
    group.rows += sign;
    for (size_t i = 0; i < block_.accumulators.size(); ++i) {
      const Accumulator& accumulator = block_.accumulators[i];
      State& state = group.states[i];
      if (!accumulator.argument) {
        state.count += sign;
        continue;
      }
      const Value& value = row[leaf.columns[*accumulator.argument]];
      if (value.is_null()) continue;
      state.count += sign;
      switch (accumulator.kind) {
        case Accumulator::Kind::kCount:
          break;
        case Accumulator::Kind::kSum: {
          const int64_t* integer = value.get_if<int64_t>();
          const __int128 number = integer != nullptr ? *integer : value.get_if<Decimal>()->unscaled;
          if (__builtin_add_overflow(state.sum, sign > 0 ? number : -number, &state.sum)) {
            return Error(ErrorCode::kInvalidSql, "{}: a sum has more than 38 digits", leaf.name);
          }
          break;
        }
        case Accumulator::Kind::kMin:
        case Accumulator::Kind::kMax:
        case Accumulator::Kind::kCountDistinct:
          bag_values_ -= state.values.distinct();
          state.values.Add(value, sign);
          bag_values_ += state.values.distinct();
          break;
      }
    }
    return Status::Ok();
  }

  // Group columns, then one value for each accumulator.
  Row StateOf(const Bytes& key, const Group& group) const {
    Row row = DecodeRow(key);
    for (size_t i = 0; i < block_.accumulators.size(); ++i) {
      const State& state = group.states[i];
      switch (block_.accumulators[i].kind) {
        case Accumulator::Kind::kCount:
          row.push_back(Value::Int(state.count));
          break;
        case Accumulator::Kind::kSum:
          row.push_back(state.count == 0 ? Value::Null() : Value::Dec(state.sum));
          break;
        case Accumulator::Kind::kMin:
          row.push_back(state.values.empty() ? Value::Null() : state.values.Smallest());
          break;
        case Accumulator::Kind::kMax:
          row.push_back(state.values.empty() ? Value::Null() : state.values.Largest());
          break;
        case Accumulator::Kind::kCountDistinct:
          row.push_back(Value::Int(static_cast<int64_t>(state.values.distinct())));
          break;
      }
    }
    return row;
  }

  const Block& block_;
  std::unique_ptr<duck::Statement> statement_;
  absl::flat_hash_map<Bytes, std::unique_ptr<Group>> groups_;  // By encoded group columns.
  uint64_t next_id_ = 0;
  size_t key_bytes_ = 0;
  size_t bag_values_ = 0;
  OutputStore output_;
};

}  // namespace

Result<std::unique_ptr<BlockRunner>> MakeAlgebraic(duck::Connection& connection,
                                                   const Block& block) {
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<duck::Statement> statement, connection.Prepare(block.sql));
  return std::unique_ptr<BlockRunner>(std::make_unique<Algebraic>(block, std::move(statement)));
}

}  // namespace strom::layer
