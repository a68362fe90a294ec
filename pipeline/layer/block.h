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
  kRowWise,    // The statement over the rows that came and went; no state.
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

// An aggregate function that is merged here; see algebraic.h.
struct Accumulator {
  enum class Kind : uint8_t { kCount, kSum, kMin, kMax, kCountDistinct };
  Kind kind = Kind::kCount;
  std::optional<size_t> argument;  // Column of the input; none: count(*).
};

enum class CombineKind : uint8_t { kDistinct, kIntersect, kIntersectAll, kExcept, kExceptAll };

// A part of a query that is kept up to date by itself: a maintained view over its leaves.
struct Block {
  BlockClass block_class = BlockClass::kFull;
  std::vector<duck::Field> fields;  // Of the rows it gives.
  std::vector<Leaf> leaves;
  // Gives the fields, then "__k". Of an algebraic block: over its groups, see algebraic.h.
  std::string sql;
  // Positions of columns that are functions of the clock alone: not what makes a row another one.
  std::vector<size_t> clock_columns;
  std::vector<std::string> clock_filters;  // Expressions of the clock that choose rows.
  std::vector<size_t> unique;  // Columns whose values no two rows share; empty: unknown.
  CombineKind combine = CombineKind::kDistinct;

  // Algebraic only: columns of the leaf that the group is, the accumulators, and the input that
  // `sql` reads: group columns, accumulators, "__k".
  std::vector<size_t> group_columns;
  std::vector<Accumulator> accumulators;
  std::unique_ptr<duck::Input> groups;
};

}  // namespace strom::layer
