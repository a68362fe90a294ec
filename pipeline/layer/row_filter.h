#pragma once

#include <memory>
#include <vector>

#include "common/base/result.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/layer/block.h"
#include "pipeline/layer/row_view.h"

namespace strom::layer {

// For sources only.

struct BrokenRules;

// Three-way order of two values of one type that are not NULL, as DuckDB has it: text by bytes,
// times by their microseconds. Only of types that are ComparedHere.
int CompareValues(const Value& a, const Value& b);

// Whether DuckDB compares a column with values of type `bound` as CompareValues does: integers of
// any width, decimals of one scale, dates, timestamps to the microsecond, booleans, text and bytes.
bool ComparedHere(const DataType& column, const DataType& bound);

// A block's filter at work: its bounds have the values of one instant. One thread at a time; the
// filter and the connection outlive it.
class RowFilter {
 public:
  static Result<RowFilter> Make(duck::Connection& connection, const Filter& filter,
                                const BrokenRules& broken);

  // Gives the bounds their values at the connection's clock. Before the first row that is asked
  // about. Errors: kInvalidSql of DuckDB's.
  Status Refresh();
  bool is_fresh() const { return fresh_; }
  const Row& bounds() const { return bounds_; }

  const std::vector<Condition>& conditions() const { return filter_->conditions; }

  // Whether all conditions are true (SQL's NULL is not) of a row of the leaf. kFixed, kMoving: only
  // those conditions that do not look at the clock, or do.
  enum class Which : uint8_t { kAll, kFixed, kMoving };
  bool Passes(const RowView& row, Which which = Which::kAll) const {
    for (const Condition& condition : filter_->conditions) {
      if (which != Which::kAll && condition.moves != (which == Which::kMoving)) continue;
      if (!IsTrue(condition, row[condition.column])) return false;
    }
    return true;
  }

 private:
  RowFilter(const Filter& filter, bool null_compares)
      : filter_(&filter), null_compares_(null_compares) {}
  bool IsTrue(const Condition& condition, const Value& value) const;

  const Filter* filter_;
  bool null_compares_;
  std::unique_ptr<duck::Statement> statement_;  // None: no bounds.
  Row bounds_;
  bool fresh_ = false;
};

}  // namespace strom::layer
