#include <algorithm>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/row_codec.h"

namespace strom::layer {
namespace {

// Remembers, of the rows that are in the result, the columns that hold the time when they came.
// Rows that are equal otherwise share them.
class ClockMemory {
 public:
  ClockMemory(std::vector<size_t> clock_columns, size_t width)
      : clock_columns_(std::move(clock_columns)) {
    for (size_t i = 0; i < width; ++i) {
      if (std::find(clock_columns_.begin(), clock_columns_.end(), i) == clock_columns_.end()) {
        others_.push_back(i);
      }
    }
  }

  // Rows that come and go but for the time stay as they are; those that go do so with the time
  // they came with.
  Result<pipeline::Delta> Settle(const pipeline::Delta& delta, const Leaf& leaf) {
    struct Change {
      int64_t balance = 0;
      const Row* row = nullptr;
    };
    absl::flat_hash_map<Bytes, size_t> places;
    std::vector<std::pair<uint64_t, Change>> changes;
    for (const pipeline::SignedRow& change : delta) {
      Bytes content = EncodeColumns(change.row, others_);
      const uint64_t hash = absl::HashOf(std::string_view(content));
      const auto [place, fresh] = places.try_emplace(std::move(content), changes.size());
      if (fresh) changes.push_back({hash, {}});
      Change& entry = changes[place->second].second;
      entry.balance += change.insert ? 1 : -1;
      entry.row = &change.row;
    }
    pipeline::Delta out;
    for (const auto& [hash, change] : changes) {
      if (change.balance == 0) continue;
      Entry& entry = times_[hash];
      if (entry.count == 0) {
        if (change.balance < 0) return NoSuchRow(leaf, *change.row);
        entry.times = EncodeColumns(*change.row, clock_columns_);
        time_bytes_ += entry.times.size();
      }
      Row row = *change.row;
      BytesView times = entry.times;
      for (const size_t column : clock_columns_) row[column] = ReadValue(times);
      for (int64_t i = 0; i < std::abs(change.balance); ++i) {
        out.push_back({change.balance > 0, row});
      }
      entry.count += change.balance;
      if (entry.count < 0) return NoSuchRow(leaf, *change.row);
      if (entry.count == 0) {
        time_bytes_ -= entry.times.size();
        times_.erase(hash);
      }
    }
    return out;
  }

  size_t bytes() const { return times_.capacity() * (sizeof(Entry) + 9) + time_bytes_; }

 private:
  struct Entry {
    int64_t count = 0;
    Bytes times;
  };
  std::vector<size_t> clock_columns_;
  std::vector<size_t> others_;
  absl::flat_hash_map<uint64_t, Entry> times_;
  size_t time_bytes_ = 0;
};

// The statement over the rows that came and went.
class RowWise : public BlockRunner {
 public:
  RowWise(const Block& block, std::unique_ptr<duck::Statement> statement)
      : block_(block),
        statement_(std::move(statement)),
        memory_(block.clock_columns, block.fields.size()) {}

  Result<pipeline::Delta> Apply(std::span<const pipeline::Delta* const> changes,
                                bool /*everything*/) override {
    const Leaf& leaf = block_.leaves[0];
    const NetChanges net = NetOf(*changes[0], leaf.columns);
    if (net.empty()) return pipeline::Delta();
    std::vector<Row> rows;
    rows.reserve(net.removed.size() + net.inserted.size());
    for (const std::vector<Row>* side : {&net.removed, &net.inserted}) {
      for (const Row& row : *side) {
        rows.push_back(row);
        rows.back().push_back(Value::Int(static_cast<int64_t>(rows.size() - 1)));
      }
    }
    std::vector<const Row*> handed;
    for (const Row& row : rows) handed.push_back(&row);
    leaf.handle->Set(std::move(handed));
    Result<std::vector<Row>> result = statement_->Run();
    leaf.handle->Set({});
    if (!result.ok()) return result.status();

    pipeline::Delta delta;
    delta.reserve(result->size());
    for (Row& row : *result) {
      const auto from = static_cast<size_t>(*row.back().get_if<int64_t>());
      row.pop_back();
      delta.push_back({from >= net.removed.size(), std::move(row)});
    }
    if (block_.clock_columns.empty()) return Net(std::move(delta));
    return memory_.Settle(delta, leaf);
  }

  size_t bytes() const override { return memory_.bytes(); }

 private:
  const Block& block_;
  std::unique_ptr<duck::Statement> statement_;
  ClockMemory memory_;
};

}  // namespace

Result<std::unique_ptr<BlockRunner>> MakeRowWise(duck::Connection& connection, const Block& block) {
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<duck::Statement> statement, connection.Prepare(block.sql));
  return std::unique_ptr<BlockRunner>(std::make_unique<RowWise>(block, std::move(statement)));
}

}  // namespace strom::layer
