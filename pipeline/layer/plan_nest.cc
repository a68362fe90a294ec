#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/planner.h"

// A statement costs the same however little it computes: a row-wise block above one that runs a
// statement anyway, and that nothing else reads, is nested around that statement.
namespace strom::layer {

using ast::Json;

namespace {

// Whether the block's rows are what its statement gives, so that more can be computed in it.
bool EndsInStatement(const Block& block) {
  switch (block.block_class) {
    case BlockClass::kRowWise:
    case BlockClass::kAlgebraic:
    case BlockClass::kJoin:
    case BlockClass::kFull:
    case BlockClass::kKeyed:
      return block.picks.empty();
    case BlockClass::kUnionAll:
    case BlockClass::kPick:
    case BlockClass::kTimed:  // Its statement gives verdicts only.
    case BlockClass::kCombine:
      return false;
  }
  STROM_UNREACHABLE();
}

}  // namespace

Result<Json> Planner::Nested(const std::string& sql, const std::string& alias,
                             std::vector<std::string> names) {
  STROM_ASSIGN_OR_RETURN(Json query, language_.Parse(sql));
  STROM_ASSIGN_OR_RETURN(Json from, language_.Parse(fmt::format("SELECT 1 FROM (SELECT 1) AS {}",
                                                                ast::Quoted(alias))));
  names.push_back("__k");
  from["from_table"]["subquery"]["node"] = std::move(query);
  from["from_table"]["column_name_alias"] = std::move(names);
  return std::move(from["from_table"]);
}

// Not where the inner block's columns hold times that it remembers, nor if the columns of the
// whole would be of other types than blocks above expect: what passes between blocks has a column's
// type, in a statement HUGEINT, say, stays what it is.
Status Planner::NestRowWise(std::vector<Block>& blocks) {
  std::vector<size_t> readers(blocks.size(), 0);
  for (const Block& block : blocks) {
    for (const Leaf& leaf : block.leaves) {
      if (!leaf.port.is_source) ++readers[leaf.port.index];
    }
  }
  for (Block& outer : blocks) {
    if (outer.block_class != BlockClass::kRowWise || outer.leaves[0].port.is_source) continue;
    const Leaf& leaf = outer.leaves[0];
    const size_t below = leaf.port.index;
    Block& inner = blocks[below];
    if (readers[below] != 1 || !EndsInStatement(inner) || !inner.clock_columns.empty()) continue;

    std::vector<std::string> names;
    for (size_t i = 0; i < inner.fields.size(); ++i) {
      const size_t place = PositionOf(leaf, i);
      names.push_back(place < leaf.fields.size() ? leaf.fields[place].name
                                                 : fmt::format("__unused{}", i));
    }
    STROM_ASSIGN_OR_RETURN(Json query, language_.Parse(outer.sql));
    std::vector<Json*> tables;
    ast::Walk(query, ast::Subqueries::kEnter, [&](Json& node) {
      if (ast::TypeOf(node) == "BASE_TABLE" && node["table_name"] == leaf.input) {
        tables.push_back(&node);
      }
      return true;
    });
    if (tables.size() != 1) continue;
    const auto alias = (*tables[0])["alias"].get<std::string>();
    STROM_ASSIGN_OR_RETURN(*tables[0],
                           Nested(inner.sql, alias.empty() ? leaf.input : alias, std::move(names)));
    STROM_ASSIGN_OR_RETURN(const std::string sql, language_.Print(query));
    const Result<std::vector<duck::Field>> fields = connection_.Describe(sql);
    if (!fields.ok() || fields->size() != outer.fields.size() + 1 ||
        !std::equal(outer.fields.begin(), outer.fields.end(), fields->begin())) {
      continue;
    }
    const bool all_columns = leaf.columns.size() == inner.fields.size();
    inner.sql = sql;
    inner.fields = std::move(outer.fields);
    inner.clock_columns = std::move(outer.clock_columns);
    inner.unique = std::move(outer.unique);
    inner.keeps_all_columns = inner.keeps_all_columns && outer.keeps_all_columns && all_columns;
    outer = std::exchange(inner, Block());
  }
  return Status::Ok();
}

}  // namespace strom::layer
