#include <utility>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/row_filter.h"

namespace strom::layer {
namespace {

// Columns of the rows that pass a filter of simple comparisons. What DuckDB would do, without a
// statement, its conversions and its fixed price.
class Pick : public BlockRunner {
 public:
  Pick(const Block& block, RowFilter filter) : block_(block), filter_(std::move(filter)) {}

  Result<pipeline::Delta> Apply(std::span<const pipeline::Delta* const> changes,
                                bool /*everything*/) override {
    pipeline::Delta out;
    if (changes[0]->empty()) return out;
    if (!filter_.is_fresh()) STROM_RETURN_IF_ERROR(filter_.Refresh());
    const Leaf& leaf = block_.leaves[0];
    std::vector<size_t> picks;  // Of the producer's rows.
    for (const size_t pick : block_.picks) picks.push_back(leaf.columns[pick]);
    out.reserve(changes[0]->size());
    for (const pipeline::SignedRow& change : *changes[0]) {
      const auto at = [&](size_t column) -> const Value& {
        return change.row[leaf.columns[column]];
      };
      if (!filter_.Passes(at)) continue;
      out.push_back({change.insert, {}});
      out.back().row.reserve(picks.size());
      for (const size_t pick : picks) out.back().row.push_back(change.row[pick]);
    }
    if (block_.keeps_all_columns) return out;
    return Net(std::move(out));
  }

  size_t bytes() const override { return 0; }

 private:
  const Block& block_;
  RowFilter filter_;
};

}  // namespace

Result<std::unique_ptr<BlockRunner>> MakePick(duck::Connection& connection, const Block& block,
                                              const BrokenRules& broken) {
  STROM_ASSIGN_OR_RETURN(RowFilter filter, RowFilter::Make(connection, *block.filter, broken));
  return std::unique_ptr<BlockRunner>(std::make_unique<Pick>(block, std::move(filter)));
}

}  // namespace strom::layer
