#include <algorithm>
#include <numeric>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/row_codec.h"
#include "pipeline/layer/row_hash.h"

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
  Result<pipeline::Delta> Settle(pipeline::Delta delta, const Leaf& leaf) {
    pipeline::Delta net = NetBy(std::move(delta), others_);
    for (pipeline::SignedRow& change : net) {
      const auto [place, fresh] = times_.try_emplace(HashRow({change.row, others_}));
      Entry& entry = place->second;
      if (fresh) {
        if (!change.insert) return NoSuchRow(leaf, change.row);
        entry.times = EncodeColumns(change.row, clock_columns_);
        time_bytes_ += entry.times.size();
      } else {
        BytesView times = entry.times;
        for (const size_t column : clock_columns_) change.row[column] = ReadValue(times);
      }
      entry.count += change.insert ? 1 : -1;
      if (entry.count == 0) {
        time_bytes_ -= entry.times.size();
        times_.erase(place);
      }
    }
    return net;
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

  Result<Changes> Apply(std::span<const Changes* const> changes, bool /*everything*/) override {
    const Leaf& leaf = block_.leaves[0];
    NetChanges net = NetOf(*changes[0], leaf.columns);
    if (net.empty()) return Changes();
    const size_t removed = net.removed.size();
    std::vector<RowRef> rows = std::move(net.removed);
    rows.insert(rows.end(), net.inserted.begin(), net.inserted.end());
    std::vector<int64_t> numbers(rows.size());
    std::iota(numbers.begin(), numbers.end(), 0);
    leaf.handle->Set(std::move(rows), std::move(net.columns), std::move(numbers));
    Result<duck::Statement::Numbered> result = statement_->RunNumbered();
    leaf.handle->Set({});
    if (!result.ok()) return result.status();

    pipeline::Delta delta;
    delta.reserve(result->rows.size());
    for (size_t i = 0; i < result->rows.size(); ++i) {
      const bool insert = static_cast<size_t>(result->numbers[i]) >= removed;
      delta.push_back({insert, std::move(result->rows[i])});
    }
    if (block_.clock_columns.empty()) return Changes(std::move(delta));
    STROM_ASSIGN_OR_RETURN(delta, memory_.Settle(std::move(delta), leaf));
    return Changes(std::move(delta));
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
