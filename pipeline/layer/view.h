#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/types/value.h"
#include "pipeline/core/change_table.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/sql/query.h"

namespace strom::layer {

struct BrokenRules;  // For tests: view_testing.h.

using pipeline::SourceDelta;  // By the source's place in BoundQuery::sources.

struct ViewOptions {
  size_t state_bytes_max = size_t{4} << 30;  // Beyond it, Apply fails with kJobStateTooLarge.
};

// The result of a query, kept equal to what the query would give over its sources' present rows.
// One thread at a time. See docs/design/layer-engine.md.
class View {
 public:
  // Errors: kInvalidSql for what cannot be kept up to date, naming the construct.
  static Result<std::unique_ptr<View>> Make(duck::Database& database, sql::BoundQuery query,
                                            ViewOptions options = {});
  ~View();

  const std::vector<duck::Field>& columns() const;

  // The columns of source `source` (its place in BoundQuery::sources) that the query looks at,
  // ascending; at least one.
  std::vector<size_t> UsedColumns(size_t source) const;
  // From now on the rows of `source` hold only these of its columns: ascending, all that are used
  // among them. At most once a source, before the first Apply.
  void TakeColumns(size_t source, const std::vector<size_t>& columns);

  // `rows_again` gives the rows of `source`, a table with a primary key, behind all changes that
  // Apply was given. Filters by the date keep no rows of it then, and ask when the date has
  // changed. Before the first Apply.
  Status ReadAgainFrom(size_t source, const pipeline::RowsAgain& rows_again);

  // Takes one batch; `now` is the job clock's instant (UTC milliseconds since the epoch), never
  // less than before. Gives what left the result and what came in (net: no row both ways). After an
  // error the view is of no use any more.
  Result<pipeline::Delta> Apply(std::span<const SourceDelta> batch, Timestamp now);

  // Whether the result can change by time alone (a filter compares a column with the clock), so
  // that Apply has to be called with an empty batch now and then.
  bool depends_on_time() const;

  // Columns of the result that are functions of the clock alone: they say when a row was made.
  const std::vector<size_t>& clock_columns() const;

  // Whether each row of the result comes from one row of a source alone, so that nothing is kept.
  bool stateless() const;
  // Whether each row of the result comes from one row of a source alone, and what is in it depends
  // on these rows and the present clock only, not on what happened before.
  bool by_row_and_time() const;
  // Columns of the result whose values no two rows share; empty: not known.
  const std::vector<size_t>& unique() const;

  size_t state_bytes() const;   // Estimate.
  std::string Explain() const;  // Blocks, their classes and keys, one a line.

  struct Rep;

 private:
  friend Result<std::unique_ptr<View>> MakeBrokenView(duck::Database&, sql::BoundQuery, ViewOptions,
                                                      const BrokenRules&);
  explicit View(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace strom::layer
