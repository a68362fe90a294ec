#include "pipeline/layer/view.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/view_testing.h"

namespace strom::layer {

namespace {

constexpr int64_t kClockStepMillis = 60'000;

std::string ColumnNames(const Leaf& leaf, const std::vector<size_t>& columns) {
  std::string out;
  for (const size_t column : columns) {
    out += (out.empty() ? "" : ", ") + leaf.fields[column].name;
  }
  return out;
}

std::string ExplainLeaf(const Block& block, const Leaf& leaf) {
  if (leaf.anchor && block.block_class != BlockClass::kRowWise) {
    return fmt::format("{} by ({})", leaf.name, ColumnNames(leaf, leaf.key));
  }
  if (!leaf.parent) return leaf.name;
  return fmt::format("{} by ({}) = {}({}){}", leaf.name, ColumnNames(leaf, leaf.own_columns),
                     block.leaves[*leaf.parent].name,
                     ColumnNames(block.leaves[*leaf.parent], leaf.parent_columns),
                     leaf.three_valued ? " or NULL" : "");
}

}  // namespace

Status NoSuchRow(const Leaf& leaf, const Row& row) {
  std::string text;
  for (const Value& value : row) text += (text.empty() ? "" : ", ") + value.ToString();
  return Error(ErrorCode::kUnknownServerError, "{}: a row is removed that is not there: ({})",
               leaf.name, text);
}

Result<std::unique_ptr<BlockRunner>> MakeRunner(duck::Connection& connection, const Block& block,
                                                const BrokenRules& broken) {
  switch (block.block_class) {
    case BlockClass::kUnionAll:
      return MakeUnionAll();
    case BlockClass::kCombine:
      return MakeCombine(block);
    case BlockClass::kRowWise:
      return MakeRowWise(connection, block);
    case BlockClass::kAlgebraic:
      return MakeAlgebraic(connection, block);
    case BlockClass::kJoin:
    case BlockClass::kKeyed:
    case BlockClass::kFull:
      return MakeRecompute(connection, block, broken);
  }
  STROM_UNREACHABLE();
}

// Whether the clock moved past something that a block's filters can see.
//
// Filters that know dates only are asked for their values; others count as changed once a step.
class ClockWatch {
 public:
  static Result<ClockWatch> Make(duck::Connection& connection, const Block& block) {
    ClockWatch watch;
    if (block.clock_filters.empty()) return watch;
    const std::string sql = fmt::format("SELECT {}", fmt::join(block.clock_filters, ", "));
    STROM_ASSIGN_OR_RETURN(watch.statement_, connection.Prepare(sql));
    for (const duck::Field& field : watch.statement_->fields()) {
      watch.dates_only_ = watch.dates_only_ && field.type.kind() == TypeKind::kDate;
    }
    return watch;
  }

  bool watches() const { return statement_ != nullptr; }

  Result<bool> Moved(Timestamp now) {
    if (!watches()) return false;
    if (!dates_only_) {
      if (last_ && now.millis - last_->millis < kClockStepMillis) return false;
      last_ = now;
      return true;
    }
    if (last_ == now) return false;
    last_ = now;
    STROM_ASSIGN_OR_RETURN(std::vector<Row> rows, statement_->Run());
    if (rows == values_) return false;
    values_ = std::move(rows);
    return true;
  }

 private:
  std::unique_ptr<duck::Statement> statement_;
  bool dates_only_ = true;
  std::optional<Timestamp> last_;
  std::vector<Row> values_;
};

struct View::Rep {
  // In this order: statements and inputs go before their connection.
  std::unique_ptr<duck::Connection> connection;
  sql::BoundQuery query;
  ViewOptions options;
  Plan plan;
  std::vector<ClockWatch> watches;
  std::vector<std::unique_ptr<BlockRunner>> runners;
  bool started = false;

  Result<pipeline::Delta> Apply(std::span<const SourceDelta> batch, Timestamp now);
  Status CheckSize() const;
  size_t bytes() const {
    size_t total = 0;
    for (const auto& runner : runners) total += runner->bytes();
    return total;
  }
};

Result<pipeline::Delta> View::Rep::Apply(std::span<const SourceDelta> batch, Timestamp now) {
  connection->SetClock(now);
  std::vector<pipeline::Delta> merged(query.sources.size());
  std::vector<const pipeline::Delta*> sources(query.sources.size());
  for (size_t i = 0; i < sources.size(); ++i) sources[i] = &merged[i];
  for (const SourceDelta& change : batch) {
    STROM_CHECK(change.source < sources.size()) << "source " << change.source;
    for (const pipeline::SignedRow& row : change.rows) {
      if (row.row.size() != query.sources[change.source].columns.size()) {
        return Error(ErrorCode::kCorruptRecord, "{}: a row of {} values, the table has {} columns",
                     query.sources[change.source].path, row.row.size(),
                     query.sources[change.source].columns.size());
      }
    }
    if (merged[change.source].empty() && sources[change.source] == &merged[change.source]) {
      sources[change.source] = &change.rows;
    } else {
      if (merged[change.source].empty()) merged[change.source] = *sources[change.source];
      merged[change.source].insert(merged[change.source].end(), change.rows.begin(),
                                   change.rows.end());
      sources[change.source] = &merged[change.source];
    }
  }

  std::vector<pipeline::Delta> results(plan.blocks.size());
  for (size_t i = 0; i < plan.blocks.size(); ++i) {
    std::vector<const pipeline::Delta*> changes;
    for (const Leaf& leaf : plan.blocks[i].leaves) {
      changes.push_back(leaf.port.is_source ? sources[leaf.port.index] : &results[leaf.port.index]);
    }
    STROM_ASSIGN_OR_RETURN(const bool moved, watches[i].Moved(now));
    STROM_ASSIGN_OR_RETURN(results[i], runners[i]->Apply(changes, moved || !started));
  }
  started = true;
  STROM_RETURN_IF_ERROR(CheckSize());
  return std::move(results.back());
}

Status View::Rep::CheckSize() const {
  const size_t total = bytes();
  if (total <= options.state_bytes_max) return Status::Ok();
  size_t largest = 0;
  for (size_t i = 0; i < runners.size(); ++i) {
    if (runners[i]->bytes() > runners[largest]->bytes()) largest = i;
  }
  return Error(ErrorCode::kJobStateTooLarge,
               "the query's state takes {} bytes, more than {}; the largest part is block b{} ({}) "
               "with {} bytes",
               total, options.state_bytes_max, largest,
               BlockClassName(plan.blocks[largest].block_class), runners[largest]->bytes());
}

Result<std::unique_ptr<View>> View::Make(duck::Database& database, sql::BoundQuery query,
                                         ViewOptions options) {
  return MakeBrokenView(database, std::move(query), options, {});
}

Result<std::unique_ptr<View>> MakeBrokenView(duck::Database& database, sql::BoundQuery query,
                                             ViewOptions options, const BrokenRules& broken) {
  auto rep = std::make_unique<View::Rep>();
  STROM_ASSIGN_OR_RETURN(rep->connection, database.Connect());
  rep->query = std::move(query);
  rep->options = options;
  STROM_ASSIGN_OR_RETURN(const ast::Language language, ast::Language::Make(*rep->connection));
  Planner planner(*rep->connection, language, rep->query, broken);
  STROM_ASSIGN_OR_RETURN(rep->plan, planner.Run());
  for (const Block& block : rep->plan.blocks) {
    STROM_ASSIGN_OR_RETURN(rep->watches.emplace_back(), ClockWatch::Make(*rep->connection, block));
    STROM_ASSIGN_OR_RETURN(rep->runners.emplace_back(),
                           MakeRunner(*rep->connection, block, broken));
  }
  return std::unique_ptr<View>(new View(std::move(rep)));
}

View::View(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
View::~View() = default;

const std::vector<duck::Field>& View::columns() const { return rep_->query.columns; }

Result<pipeline::Delta> View::Apply(std::span<const SourceDelta> batch, Timestamp now) {
  return rep_->Apply(batch, now);
}

const std::vector<size_t>& View::clock_columns() const {
  return rep_->plan.blocks.back().clock_columns;
}

bool View::stateless() const {
  return std::all_of(rep_->plan.blocks.begin(), rep_->plan.blocks.end(), [](const Block& block) {
    return block.block_class == BlockClass::kRowWise && block.clock_filters.empty();
  });
}

bool View::depends_on_time() const {
  for (const ClockWatch& watch : rep_->watches) {
    if (watch.watches()) return true;
  }
  return false;
}

size_t View::state_bytes() const { return rep_->bytes(); }

std::string View::Explain() const {
  std::string out;
  for (size_t i = 0; i < rep_->plan.blocks.size(); ++i) {
    const Block& block = rep_->plan.blocks[i];
    std::string leaves;
    for (const Leaf& leaf : block.leaves) {
      leaves += (leaves.empty() ? "" : "; ") + ExplainLeaf(block, leaf);
    }
    out += fmt::format(
        "b{} {}: {}{}\n", i, BlockClassName(block.block_class), leaves,
        block.clock_filters.empty()
            ? ""
            : fmt::format("; again when {} moves", fmt::join(block.clock_filters, ", ")));
  }
  return out;
}

}  // namespace strom::layer
