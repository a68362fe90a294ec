#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/duckdb/duck.h"

namespace strom::layer {

// How a block is kept up to date, cheapest first.
enum class BlockClass : uint8_t {
  kUnionAll,   // Passes changes on.
  kPick,       // Columns of the rows that pass comparisons; no SQL, no state.
  kRowWise,    // The statement over the rows that came and went; no state.
  kTimed,      // Columns of the rows that pass a filter that moves with the clock; keeps the rows.
  kCombine,    // DISTINCT, INTERSECT, EXCEPT: counts rows.
  kAlgebraic,  // Groups as accumulators.
  kJoin,       // Recomputes what hangs on the changed rows of the anchor.
  kKeyed,      // Recomputes the groups or partitions of the changed rows.
  kFull,       // Recomputes everything.
};
std::string_view BlockClassName(BlockClass block_class);

// What a block reads: a source of the query or an earlier block.
struct Port {
  bool is_source = false;
  size_t index = 0;
};

// One occurrence of an input in a block. Positions in `key`, `own_columns`, `parent_columns` are
// those of the columns handed over, not the producer's.
//
// Leaves are a forest: an anchor's rows are found by its key, the rows of other leaves by those of
// their parent (own_columns = parent_columns); a leaf that is neither is handed over whole.
struct Leaf {
  std::string name;  // For Explain.
  Port port;
  std::vector<size_t> columns;      // Of the producer, that are handed over.
  std::vector<duck::Field> fields;  // Their names and types here.
  std::string input;
  std::unique_ptr<duck::Input> handle;

  bool anchor = false;  // Its input has one more column, "__k": which key a row belongs to.
  std::vector<size_t> key;
  std::optional<size_t> parent;
  std::vector<size_t> own_columns;
  std::vector<size_t> parent_columns;
  // Of x NOT IN (…): rows that are NULL, and whether there are any, matter to every x.
  bool three_valued = false;
};

// Where `leaf` has the producer's `column`; the number of its columns if it has not.
size_t PositionOf(const Leaf& leaf, size_t column);

// An aggregate function that is merged here; see algebraic.h.
struct Accumulator {
  enum class Kind : uint8_t { kCount, kSum, kMin, kMax, kCountDistinct };
  Kind kind = Kind::kCount;
  std::optional<size_t> argument;  // Column of the input; none: count(*).
};

// A comparison of a column that comes out here as DuckDB would have it; see plan_filter.cc.
struct Condition {
  enum class Kind : uint8_t {
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kDistinct,  // IS DISTINCT FROM: NULL is a value.
    kNotDistinct,
    kIn,
    kNotIn,
    kNull,
    kNotNull,
  };
  Kind kind = Kind::kEqual;
  size_t column = 0;           // Of the leaf.
  std::vector<size_t> bounds;  // What it is compared with: columns of Filter::bounds_sql.
  bool moves = false;          // A bound is a function of the clock.
};

// Conditions that all must be true.
struct Filter {
  std::vector<Condition> conditions;
  std::string bounds_sql;  // Gives one row; empty: there are no bounds.
};

// ROW_NUMBER() of which only the first rows of each partition are needed: that is told here, from
// values whose order is ours and DuckDB's (plan_ranking.cc), not by a window of the statement.
struct Ranking {
  struct Order {
    size_t column;
    bool descending;
    bool nulls_first;
  };
  std::vector<size_t> partition;  // Columns of the leaf.
  std::vector<Order> orders;
  size_t first = 1;  // So many rows of a partition.
};

enum class CombineKind : uint8_t { kDistinct, kIntersect, kIntersectAll, kExcept, kExceptAll };

// A part of a query that is kept up to date by itself: a maintained view over its leaves.
struct Block {
  BlockClass block_class = BlockClass::kFull;
  std::vector<duck::Field> fields;  // Of the rows it gives.
  std::vector<Leaf> leaves;
  // Gives the fields, then "__k". Of an algebraic block: over its groups, see algebraic.h. Of a
  // timed block without a filter: gives the "__k" of the rows that pass.
  std::string sql;
  // Positions of columns that are functions of the clock alone: not what makes a row another one.
  std::vector<size_t> clock_columns;
  std::vector<std::string> clock_filters;  // Expressions of the clock that choose rows.
  std::vector<size_t> unique;  // Columns whose values no two rows share; empty: unknown.
  CombineKind combine = CombineKind::kDistinct;

  // Pick and timed: columns of the leaf, one a field. Pick always has a filter.
  std::vector<size_t> picks;
  std::optional<Filter> filter;
  // Keyed, full: then the input of `sql` has a column "__n", the row's number, before "__k". With
  // `picks` no statement is needed; there the number's position is behind the leaf's columns.
  std::optional<Ranking> ranking;
  // Row-wise, timed: the leaf's columns are all among the fields. Pick: those of the producer, a
  // block. Then net changes give net changes: rows that differ stay different.
  bool keeps_all_columns = false;

  // Algebraic only: columns of the leaf that the group is, the accumulators, and the input that
  // `sql` reads: group columns, accumulators, "__k".
  std::vector<size_t> group_columns;
  std::vector<Accumulator> accumulators;
  std::unique_ptr<duck::Input> groups;
};

}  // namespace strom::layer
