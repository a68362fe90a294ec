#include <algorithm>
#include <iterator>
#include <numeric>
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

  Result<Changes> Apply(std::span<const Changes* const> changes, bool everything) override {
    const Leaf& leaf = block_.leaves[0];
    NetChanges net = NetOf(*changes[0], leaf.columns);
    Row old_bounds;
    if (filter_ && everything) {
      old_bounds = filter_->bounds();
      STROM_RETURN_IF_ERROR(filter_->Refresh());
    }
    if (filter_) {  // Rows that never pass are not kept.
      for (std::vector<RowRef>* rows : {&net.removed, &net.inserted}) {
        std::erase_if(*rows, [&](const RowRef& row) {
          return !filter_->Passes(net.View(row), RowFilter::Which::kFixed);
        });
      }
    }

    std::vector<size_t> picks;
    for (const size_t pick : block_.picks) picks.push_back(net.columns[pick]);
    Changes out = Changes::Of(std::move(picks));
    pipeline::Delta moved;
    for (const RowRef& row : net.removed) STROM_RETURN_IF_ERROR(Remove(row, net, out));
    if (everything && store_.rows() > 0) STROM_RETURN_IF_ERROR(JudgeAgain(old_bounds, moved));
    STROM_RETURN_IF_ERROR(Insert(net, out));
    if (moved.empty()) return out;
    pipeline::Delta all = std::move(out).Take();
    std::move(moved.begin(), moved.end(), std::back_inserter(all));
    return Changes(std::move(all));
  }

  size_t bytes() const override {
    return store_.bytes() + passes_.capacity() / 8 + (index_ ? index_->bytes() : 0);
  }

 private:
  static constexpr size_t kRowsAtOnce = 10'000;  // Decoded together, for a statement.

  Status Remove(const RowRef& row, const NetChanges& net, Changes& out) {
    const RowView view = net.View(row);
    const std::optional<uint32_t> id = store_.Remove(view);
    if (!id) return NoSuchRow(block_.leaves[0], view);
    const bool passed = broken_.removals_judged_again && filter_
                            ? filter_->Passes(view, RowFilter::Which::kMoving)
                            : passes_[*id];
    if (passed) out.Add(row, false);
    if (store_.CountOf(*id) == 0 && index_) index_->Remove(view, *id);
    return Status::Ok();
  }

  Status Insert(const NetChanges& net, Changes& out) {
    std::vector<uint32_t> ids;
    std::vector<Judged> fresh;
    for (const RowRef& row : net.inserted) {
      const RowView view = net.View(row);
      const uint32_t id = store_.Insert(view);
      ids.push_back(id);
      if (id >= passes_.size()) passes_.resize(id + 1);
      if (store_.CountOf(id) > 1) continue;  // Shares the verdict of the rows equal to it.
      if (index_) index_->Add(view, id);
      fresh.push_back({id, row});
    }
    STROM_ASSIGN_OR_RETURN(const std::vector<bool> verdicts, Judge(fresh, net.columns));
    for (size_t i = 0; i < fresh.size(); ++i) passes_[fresh[i].id] = verdicts[i];
    for (size_t i = 0; i < ids.size(); ++i) {
      if (passes_[ids[i]]) out.Add(net.inserted[i], true);
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
      std::vector<size_t> columns(block_.leaves[0].columns.size());
      std::iota(columns.begin(), columns.end(), size_t{0});
      STROM_ASSIGN_OR_RETURN(const std::vector<bool> verdicts, Judge(judged, columns));
      for (size_t i = 0; i < judged.size(); ++i) {
        const uint32_t id = judged[i].id;
        if (passes_[id] == verdicts[i]) continue;
        passes_[id] = verdicts[i];
        for (uint32_t n = 0; n < store_.CountOf(id); ++n) {
          out.push_back({verdicts[i], RowView(rows[i], block_.picks).Copy()});
        }
      }
    }
    return Status::Ok();
  }

  struct Judged {
    uint32_t id;
    RowRef row;
  };

  // Whether each row passes now; `columns` of it are the leaf's.
  Result<std::vector<bool>> Judge(const std::vector<Judged>& judged,
                                  const std::vector<size_t>& columns) {
    std::vector<bool> verdicts(judged.size(), false);
    if (filter_) {
      for (size_t i = 0; i < judged.size(); ++i) {
        verdicts[i] = filter_->Passes(RowView(judged[i].row, columns), RowFilter::Which::kMoving);
      }
      return verdicts;
    }
    if (judged.empty()) return verdicts;
    std::vector<RowRef> handed;
    for (const Judged& row : judged) handed.push_back(row.row);
    std::vector<int64_t> numbers(judged.size());
    std::iota(numbers.begin(), numbers.end(), 0);
    const Leaf& leaf = block_.leaves[0];
    leaf.handle->Set(std::move(handed), columns, std::move(numbers));
    const Result<duck::Statement::Numbered> passing = statement_->RunNumbered();
    leaf.handle->Set({});
    if (!passing.ok()) return passing.status();
    for (const int64_t number : passing->numbers) verdicts[static_cast<size_t>(number)] = true;
    return verdicts;
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
