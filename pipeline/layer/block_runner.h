#pragma once

#include <memory>
#include <span>

#include "common/base/result.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/layer/block.h"
#include "pipeline/layer/changes.h"
#include "pipeline/layer/planner.h"
#include "pipeline/layer/row_view.h"

namespace strom::layer {

// For sources only: it includes the JSON library.

// Keeps one block up to date. One thread at a time; `block` and the connection outlive it.
class BlockRunner {
 public:
  virtual ~BlockRunner() = default;

  // `changes`: of each leaf, rows of its producer. `everything`: the clock moved past something the
  // block looks at, or this is the first call: the result is compared as a whole.
  // Gives the changes of the block's rows, among them perhaps rows that come and go: whoever needs
  // the net ones makes them. They are good for as long as `changes` are.
  // Errors: kInvalidSql of DuckDB's while it runs; kUnknownServerError for a removal of a row that
  // is not there.
  virtual Result<Changes> Apply(std::span<const Changes* const> changes, bool everything) = 0;
  virtual size_t bytes() const = 0;
};

// The runner for the block's class. Errors: kInvalidSql.
Result<std::unique_ptr<BlockRunner>> MakeRunner(duck::Connection& connection, const Block& block,
                                                const BrokenRules& broken);

// For each class, in its file.
Result<std::unique_ptr<BlockRunner>> MakePick(duck::Connection& connection, const Block& block,
                                              const BrokenRules& broken);
Result<std::unique_ptr<BlockRunner>> MakeRowWise(duck::Connection& connection, const Block& block);
Result<std::unique_ptr<BlockRunner>> MakeTimed(duck::Connection& connection, const Block& block,
                                               const BrokenRules& broken);
Result<std::unique_ptr<BlockRunner>> MakeRecompute(duck::Connection& connection, const Block& block,
                                                   const BrokenRules& broken);
Result<std::unique_ptr<BlockRunner>> MakeRanked(duck::Connection& connection, const Block& block,
                                                const BrokenRules& broken);
Result<std::unique_ptr<BlockRunner>> MakeAlgebraic(duck::Connection& connection,
                                                   const Block& block);
// Instead of MakeTimed, for a block that CanReadAgain: `rows_again` gives the rows of its source
// behind all changes that Apply was given.
bool CanReadAgain(const Block& block);
Result<std::unique_ptr<BlockRunner>> MakeTimedAgain(duck::Connection& connection,
                                                    const Block& block, const BrokenRules& broken,
                                                    pipeline::RowsAgain rows_again);
std::unique_ptr<BlockRunner> MakeUnionAll(const Block& block);
std::unique_ptr<BlockRunner> MakeCombine(const Block& block);

// The error for a removal without its row.
Status NoSuchRow(const Leaf& leaf, const RowView& row);

}  // namespace strom::layer
