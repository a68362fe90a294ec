#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "pipeline/layer/ast.h"
#include "pipeline/layer/block.h"
#include "pipeline/layer/links.h"
#include "pipeline/sql/query.h"

namespace strom::layer {

// For sources only: it includes the JSON library.

// For tests only: rules of the planner and the engine that can be broken, to show that the
// differential test sees it.
struct BrokenRules {
  bool outer_links_both_ways = false;  // A LEFT JOIN's condition restricts its preserved side.
  bool null_supplied_anchors = false;  // Any side of an outer join may be the anchor.
  bool first_window_only = false;      // Partitions of the other windows do not count.
  bool not_in_as_in = false;           // NULLs of NOT IN's subquery do not matter.
  bool new_images_only = false;        // Removed rows affect no key.
  bool null_compares = false;          // NULL passes comparisons that are made here.
  bool skip_new_bound = false;         // A step of the clock does not look at rows at the bound.
  bool removals_judged_again = false;  // By the clock as it is when they go.
  bool last_ranked_unseen = false;     // A change of the last of the first rows is none of them.
  bool nulls_ranked_last = false;      // Whatever the window says.
  bool never_algebraic = false;        // Not a rule: keyed instead, for comparison.
};

struct Plan {
  std::vector<Block> blocks;  // In topological order; the last one is the query.
};

// Cuts a query into blocks. Lives for one query; its connection gets the inputs of the blocks.
//
// Every SELECT becomes a *core* (FROM, WHERE, and what of the rows is needed above), an
// *aggregation* (groups and windows, always over one leaf) and a DISTINCT, as far as it has them.
// Filters by the clock are blocks below the core.
// FROM subqueries, CTEs, arms of set operations and uncorrelated subqueries are blocks of their
// own.
class Planner {
 public:
  Planner(duck::Connection& connection, const ast::Language& language, const sql::BoundQuery& query,
          BrokenRules broken);

  // Errors: kInvalidSql naming the construct.
  Result<Plan> Run();

 private:
  struct Cte {
    ast::Json query;
    std::vector<std::string> names;  // Of its columns, if it gives them.
    std::shared_ptr<const std::map<std::string, std::shared_ptr<Cte>>> scope;
    std::optional<size_t> block;
  };
  using Scope = std::map<std::string, std::shared_ptr<Cte>>;

  // A SELECT being planned.
  struct Select {
    ast::Json node;
    std::vector<Operand> operands;
    std::vector<Link> links;
    bool has_twins = false;  // FROM is a FULL JOIN of two operands, and that is all.
  };

  // A column of `port` under a name.
  struct Column {
    size_t position;
    std::string name;
  };

  Result<size_t> PlanQuery(ast::Json node, const Scope& outer);
  // plan_setop.cc
  Result<size_t> PlanSetOperation(const ast::Json& node, const Scope& scope);
  Result<size_t> PlanCombine(CombineKind kind, std::vector<size_t> arms);
  Result<std::vector<size_t>> CastArms(std::vector<size_t> arms);

  // plan_from.cc
  Result<Operand> ResolveTable(const std::string& name, const Scope& scope);
  Status PlanFrom(ast::Json& table, bool null_supplied, const Scope& scope, Select& select);
  Status PlanJoin(ast::Json& join, bool null_supplied, const Scope& scope, Select& select);
  Status ExpandStars(Select& select);

  // plan_select.cc
  Result<size_t> PlanSelect(ast::Json node, const Scope& scope);
  Result<size_t> PlanAggregation(Select select, const Scope& scope);
  Status NormalizeGroups(Select& select);
  Result<bool> FuseWithInner(Select& select);

  // plan_nest.cc: the text of a block's statement as a subquery in FROM, under `names` and "__k".
  Result<ast::Json> Nested(const std::string& sql, const std::string& alias,
                           std::vector<std::string> names);
  // Row-wise blocks become part of the statements below; what they read is left without a reader.
  Status NestRowWise(std::vector<Block>& blocks);

  // plan_ranking.cc: if the SELECT looks at the first rows only of its subquery's ROW_NUMBER(),
  // that block keeps them in order.
  Status PlanRanking(Select& select);

  // plan_core.cc: one block of a whole SELECT without groups and windows.
  Result<size_t> PlanCore(Select select, const Scope& scope, bool clock_values_matter);
  Result<size_t> PlanFull(Select select, const Scope& scope);
  Result<size_t> Finish(Select& select, Block block, const LinkTree* tree);

  // plan_filter.cc: comparisons that are made here instead of by DuckDB, if all of `conjuncts` over
  // columns of `leaf`, made of `operand`, can be.
  Result<std::optional<Filter>> NativeFilter(const std::vector<ast::Json>& conjuncts,
                                             const Operand& operand, const Leaf& leaf);
  // Makes a row-wise block of plain columns a pick, if its filter allows it.
  Status PlanPick(const Select& select, Block& block);

  // plan_timed.cc: conjuncts of WHERE that look at the clock and at one operand become a block
  // below. If nothing is left to do, that is the SELECT's.
  Result<std::optional<size_t>> PlanTimed(Select& select, bool clock_values_matter);
  Result<size_t> AddTimed(const Operand& operand, const std::vector<ast::Json>& conjuncts,
                          const std::vector<Column>& outputs);

  // plan_subquery.cc: subqueries in expressions become operands.
  Status LiftSubqueries(Select& select, const Scope& scope);
  Status LiftSubquery(ast::Json& subquery, bool is_conjunct, bool may_link, Select& select,
                      const Scope& scope);
  Status LiftComplex(ast::Json& query, Select& select, const Scope& scope);

  // plan_algebraic.cc: groups as accumulators, if every part of the SELECT allows it; else nullopt,
  // and `select` is as it was.
  struct Merged;
  Result<std::optional<size_t>> PlanAlgebraic(Select& select, const Scope& scope);
  Result<bool> RewriteMerged(ast::Json& part, const ast::Json& groups, Merged& merged) const;
  Result<std::optional<std::vector<duck::Field>>> TypesOver(const Select& select,
                                                            const std::vector<ast::Json>& items);

  Result<std::unique_ptr<duck::Input>> MakeInput(std::string& name, std::vector<duck::Field> fields,
                                                 bool with_key);
  Leaf MakeLeaf(const Operand& operand, const std::vector<Column>& columns);
  const std::vector<duck::Field>& FieldsOf(Port port) const;
  Status Describe(Block& block);  // Fills in `fields` from `sql`.
  Status WatchClock(Block& block, const ast::Json& part);
  size_t Add(Block block);

  duck::Connection& connection_;
  const ast::Language& language_;
  const sql::BoundQuery& query_;
  const BrokenRules broken_;
  std::vector<std::vector<duck::Field>> source_fields_;
  std::vector<Block> blocks_;
  size_t inputs_ = 0;
};

}  // namespace strom::layer
