#include <utility>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/row_filter.h"

namespace strom::layer {
namespace {

// Columns of the rows that pass a filter of simple comparisons. What DuckDB would do, without a
// statement, its conversions and its fixed price.
class Pick : public BlockRunner {
 public:
  Pick(const Block& block, RowFilter filter) : block_(block), filter_(std::move(filter)) {}

  Result<Changes> Apply(std::span<const Changes* const> changes, bool /*everything*/) override {
    if (changes[0]->empty()) return Changes();
    if (!filter_.is_fresh()) STROM_RETURN_IF_ERROR(filter_.Refresh());
    const std::vector<size_t> columns = changes[0]->Places(block_.leaves[0].columns);
    std::vector<size_t> picks;
    for (const size_t pick : block_.picks) picks.push_back(columns[pick]);
    Changes out = Changes::Of(std::move(picks));
    out.Reserve(changes[0]->size());
    for (const Changes::Change& change : *changes[0]) {
      if (filter_.Passes(RowView(change.row, columns))) out.Add(change.row, change.insert);
    }
    return out;
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
