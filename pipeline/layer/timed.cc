#include <algorithm>
#include <utility>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/clock_index.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/row_filter.h"
#include "pipeline/layer/row_store.h"

namespace strom::layer {
namespace {

// Rows that pass a filter that looks at the clock. The leaf's rows are kept once, each with the
// verdict it got, so that a removal takes back what was given whatever time it is. When the clock
// has moved, verdicts are made again: with a filter of simple comparisons of the rows between the
// old and the new bounds only, else of all.
//
// Always true: the rows given are those kept with the verdict true.
class Timed : public BlockRunner {
 public:
  Timed(const Block& block, std::unique_ptr<duck::Statement> statement,
        std::optional<RowFilter> filter, BrokenRules broken)
      : block_(block),
        statement_(std::move(statement)),
        filter_(std::move(filter)),
        broken_(broken),
        store_({}) {
    if (filter_) {
      index_ = ClockIndex::Make(*block.filter, block.leaves[0].fields, broken.skip_new_bound);
    }
  }

  Result<pipeline::Delta> Apply(std::span<const pipeline::Delta* const> changes,
                                bool everything) override {
    const Leaf& leaf = block_.leaves[0];
    NetChanges net = NetOf(*changes[0], leaf.columns);
    Row old_bounds;
    if (filter_ && everything) {
      old_bounds = filter_->bounds();
      STROM_RETURN_IF_ERROR(filter_->Refresh());
    }
    if (filter_) {  // Rows that never pass are not kept.
      for (std::vector<Row>* rows : {&net.removed, &net.inserted}) {
        std::erase_if(*rows, [&](const Row& row) {
          return !filter_->Passes(At{row}, RowFilter::Which::kFixed);
        });
      }
    }

    pipeline::Delta out;
    for (const Row& row : net.removed) STROM_RETURN_IF_ERROR(Remove(row, out));
    if (everything && store_.rows() > 0) STROM_RETURN_IF_ERROR(JudgeAgain(old_bounds, out));
    STROM_RETURN_IF_ERROR(Insert(net.inserted, out));
    if (block_.keeps_all_columns) return out;
    return Net(std::move(out));
  }

  size_t bytes() const override {
    return store_.bytes() + passes_.capacity() / 8 + (index_ ? index_->bytes() : 0);
  }

 private:
  static constexpr size_t kRowsAtOnce = 10'000;  // Decoded together, for a statement.

  struct At {
    const Row& row;
    const Value& operator()(size_t column) const { return row[column]; }
  };

  Status Remove(const Row& row, pipeline::Delta& out) {
    const std::optional<uint32_t> id = store_.Remove(row);
    if (!id) return NoSuchRow(block_.leaves[0], row);
    const bool passed = broken_.removals_judged_again && filter_
                            ? filter_->Passes(At{row}, RowFilter::Which::kMoving)
                            : passes_[*id];
    if (passed) Give(false, row, out);
    if (store_.CountOf(*id) == 0 && index_) index_->Remove(row, *id);
    return Status::Ok();
  }

  Status Insert(const std::vector<Row>& rows, pipeline::Delta& out) {
    std::vector<uint32_t> ids;
    std::vector<Judged> fresh;
    for (const Row& row : rows) {
      const uint32_t id = store_.Insert(row);
      ids.push_back(id);
      if (id >= passes_.size()) passes_.resize(id + 1);
      if (store_.CountOf(id) > 1) continue;  // Shares the verdict of the rows equal to it.
      if (index_) index_->Add(row, id);
      fresh.push_back({id, &row});
    }
    STROM_ASSIGN_OR_RETURN(const std::vector<bool> verdicts, Judge(fresh));
    for (size_t i = 0; i < fresh.size(); ++i) passes_[fresh[i].id] = verdicts[i];
    for (size_t i = 0; i < rows.size(); ++i) {
      if (passes_[ids[i]]) Give(true, rows[i], out);
    }
    return Status::Ok();
  }

  Status JudgeAgain(const Row& old_bounds, pipeline::Delta& out) {
    std::vector<uint32_t> ids;
    const auto some = index_ ? index_->Between(old_bounds, filter_->bounds()) : std::nullopt;
    if (some) {
      ids.assign(some->begin(), some->end());
      std::sort(ids.begin(), ids.end());
    } else {
      store_.ForEach([&](uint32_t id) { ids.push_back(id); });
    }
    for (size_t from = 0; from < ids.size(); from += kRowsAtOnce) {
      const size_t end = std::min(ids.size(), from + kRowsAtOnce);
      std::vector<Row> rows;
      std::vector<Judged> judged;
      rows.reserve(end - from);
      for (size_t i = from; i < end; ++i) {
        rows.push_back(store_.Get(ids[i]));
        judged.push_back({ids[i], &rows.back()});
      }
      STROM_ASSIGN_OR_RETURN(const std::vector<bool> verdicts, Judge(judged));
      for (size_t i = 0; i < judged.size(); ++i) {
        const uint32_t id = judged[i].id;
        if (passes_[id] == verdicts[i]) continue;
        passes_[id] = verdicts[i];
        for (uint32_t n = 0; n < store_.CountOf(id); ++n) Give(verdicts[i], rows[i], out);
      }
    }
    return Status::Ok();
  }

  struct Judged {
    uint32_t id;
    const Row* row;
  };

  // Whether each row passes now.
  Result<std::vector<bool>> Judge(const std::vector<Judged>& judged) {
    std::vector<bool> verdicts(judged.size(), false);
    if (filter_) {
      for (size_t i = 0; i < judged.size(); ++i) {
        verdicts[i] = filter_->Passes(At{*judged[i].row}, RowFilter::Which::kMoving);
      }
      return verdicts;
    }
    if (judged.empty()) return verdicts;
    std::vector<Row> numbered;
    numbered.reserve(judged.size());
    std::vector<const Row*> handed;
    for (const Judged& row : judged) {
      numbered.push_back(*row.row);
      numbered.back().push_back(Value::Int(static_cast<int64_t>(handed.size())));
      handed.push_back(&numbered.back());
    }
    const Leaf& leaf = block_.leaves[0];
    leaf.handle->Set(std::move(handed));
    const Result<std::vector<Row>> passing = statement_->Run();
    leaf.handle->Set({});
    if (!passing.ok()) return passing.status();
    for (const Row& row : *passing) verdicts[static_cast<size_t>(*row[0].get_if<int64_t>())] = true;
    return verdicts;
  }

  void Give(bool insert, const Row& row, pipeline::Delta& out) const {
    out.push_back({insert, {}});
    out.back().row.reserve(block_.picks.size());
    for (const size_t pick : block_.picks) out.back().row.push_back(row[pick]);
  }

  const Block& block_;
  std::unique_ptr<duck::Statement> statement_;  // One of these two.
  std::optional<RowFilter> filter_;
  const BrokenRules broken_;
  RowStore store_;
  std::vector<bool> passes_;  // By id.
  std::optional<ClockIndex> index_;
};

}  // namespace

Result<std::unique_ptr<BlockRunner>> MakeTimed(duck::Connection& connection, const Block& block,
                                               const BrokenRules& broken) {
  std::unique_ptr<duck::Statement> statement;
  std::optional<RowFilter> filter;
  if (block.filter) {
    STROM_ASSIGN_OR_RETURN(filter, RowFilter::Make(connection, *block.filter, broken));
  } else {
    STROM_ASSIGN_OR_RETURN(statement, connection.Prepare(block.sql));
  }
  return std::unique_ptr<BlockRunner>(
      std::make_unique<Timed>(block, std::move(statement), std::move(filter), broken));
}

}  // namespace strom::layer
