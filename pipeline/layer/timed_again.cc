#include <iterator>
#include <utility>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/row_filter.h"

namespace strom::layer {
namespace {

// Rows of a source that pass a filter whose bounds move with the date: what Timed does, but nothing
// is kept. All verdicts are of one instant, so a row that goes has the one it came with; and when
// the bounds have moved, which is once a day, the source's rows are read again.
//
// Always true: the rows given are those of the source that pass with the present bounds.
class TimedAgain : public BlockRunner {
 public:
  TimedAgain(const Block& block, RowFilter filter, RowFilter before, BrokenRules broken,
             pipeline::RowsAgain rows_again)
      : block_(block),
        filter_(std::move(filter)),
        before_(std::move(before)),
        broken_(broken),
        rows_again_(std::move(rows_again)) {}

  Result<Changes> Apply(std::span<const Changes* const> changes, bool everything) override {
    const bool first = !filter_.is_fresh();
    const bool moves = everything && !first;
    if (moves) std::swap(filter_, before_);
    if (moves || first) STROM_RETURN_IF_ERROR(filter_.Refresh());
    const RowFilter& then = moves ? before_ : filter_;  // By which the batch is judged.
    const std::vector<size_t> columns = changes[0]->Places(block_.leaves[0].columns);
    std::vector<size_t> picks;
    for (const size_t pick : block_.picks) picks.push_back(columns[pick]);
    Changes out = Changes::Of(std::move(picks));
    for (const Changes::Change& change : *changes[0]) {
      const bool broken = broken_.removals_judged_again && !change.insert;
      const RowFilter& judge = broken ? filter_ : then;
      if (judge.Passes(RowView(change.row, columns))) out.Add(change.row, change.insert);
    }
    if (!moves || filter_.bounds() == before_.bounds()) return out;
    STROM_ASSIGN_OR_RETURN(pipeline::Delta moved, Moved());
    pipeline::Delta all = std::move(out).Take();
    std::move(moved.begin(), moved.end(), std::back_inserter(all));
    return Changes(std::move(all));
  }

  size_t bytes() const override { return 0; }

 private:
  // The source's rows that pass now and did not before, or the other way round.
  Result<pipeline::Delta> Moved() const {
    pipeline::Delta moved;
    STROM_RETURN_IF_ERROR(rows_again_([&](const pipeline::Delta& rows) {
      for (const pipeline::SignedRow& change : rows) {
        const RowView row(change.row, block_.leaves[0].columns);
        const bool passes = filter_.Passes(row);
        if (passes == before_.Passes(row)) continue;
        pipeline::SignedRow& out = moved.emplace_back();
        out.insert = change.insert == passes;
        for (const size_t pick : block_.picks) out.row.push_back(row[pick]);
      }
      return Status::Ok();
    }));
    return Net(std::move(moved));
  }

  const Block& block_;
  RowFilter filter_;
  RowFilter before_;  // As the bounds were.
  const BrokenRules broken_;
  const pipeline::RowsAgain rows_again_;
};

}  // namespace

bool CanReadAgain(const Block& block) {
  if (block.block_class != BlockClass::kTimed || !block.filter) return false;
  if (!block.leaves[0].port.is_source) return false;
  for (const Condition& condition : block.filter->conditions) {
    const TypeKind kind = block.leaves[0].fields[condition.column].type.kind();
    if (condition.moves && kind != TypeKind::kDate) return false;
  }
  return true;
}

Result<std::unique_ptr<BlockRunner>> MakeTimedAgain(duck::Connection& connection,
                                                    const Block& block, const BrokenRules& broken,
                                                    pipeline::RowsAgain rows_again) {
  STROM_ASSIGN_OR_RETURN(RowFilter filter, RowFilter::Make(connection, *block.filter, broken));
  STROM_ASSIGN_OR_RETURN(RowFilter before, RowFilter::Make(connection, *block.filter, broken));
  return std::unique_ptr<BlockRunner>(std::make_unique<TimedAgain>(
      block, std::move(filter), std::move(before), broken, std::move(rows_again)));
}

}  // namespace strom::layer
