#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/layer/ast.h"
#include "pipeline/layer/block.h"

namespace strom::layer {

// For sources only: it includes the JSON library.

// What stands in a FROM clause, or in a subquery of an expression, while its SELECT is planned.
struct Operand {
  std::string alias;
  std::vector<duck::Field> columns;  // All the producer has, as they are called here.
  Port port;
  bool is_data = true;  // Else computed from the others or constant: unnest(…), VALUES.
  bool null_supplied = false;
  bool in_from = true;
  bool every_row = false;     // Cannot be reached by links.
  bool three_valued = false;  // See Leaf.
  bool hidden_key = false;
  std::vector<size_t> unique;       // Positions of a key, if known.
  std::vector<std::string> merged;  // Columns that USING merged with another operand's.
  ast::Json* table = nullptr;       // Its BASE_TABLE node: gets the name of the input.
};

// columns a.x = b.y that rows must fulfil to meet. Rows of an operand may be left out if no row of
// the other one has their value, but only if the operand is among `children`.
struct Link {
  size_t a = 0;
  size_t b = 0;
  size_t a_column = 0;
  size_t b_column = 0;
  std::vector<bool> children;  // By operand.
  bool full = false;           // Of a FULL JOIN.
};

struct ColumnOwner {
  size_t operand = 0;
  size_t column = 0;
  size_t parts = 0;  // Of the name that name it; what follows are fields of a struct.
};

// Whose column `column` is.
std::optional<ColumnOwner> FindOwner(const ast::Json& column, const std::vector<Operand>& operands);

// Whether equal values of the two types are equal rows in our store.
bool Comparable(const DataType& a, const DataType& b);

// The link that `conjunct` is, if it is one.
std::optional<Link> LinkOf(const ast::Json& conjunct, const std::vector<Operand>& operands);

// An anchor, and for each operand its parent and the columns that lead there.
struct LinkTree {
  size_t anchor = 0;
  struct Edge {
    std::optional<size_t> parent;
    std::vector<size_t> own_columns;
    std::vector<size_t> parent_columns;
  };
  std::vector<Edge> edges;
  size_t unreached = 0;
  bool lookups_only = true;  // Each operand gives the anchor's row at most one partner.
};

LinkTree SpanFrom(size_t anchor, const std::vector<Operand>& operands,
                  const std::vector<Link>& links);

}  // namespace strom::layer
