#include "pipeline/layer/view.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/view_testing.h"

namespace strom::layer {

namespace {

constexpr int64_t kClockStepMillis = 60'000;

int64_t MinuteOf(Timestamp time) {
  return time.millis / 60'000 - (time.millis % 60'000 < 0 ? 1 : 0);
}

std::string ColumnNames(const Leaf& leaf, const std::vector<size_t>& columns) {
  std::string out;
  for (const size_t column : columns) {
    out += (out.empty() ? "" : ", ") + leaf.fields[column].name;
  }
  return out;
}

// Columns that are compared with the clock.
std::vector<size_t> MovingColumns(const Block& block) {
  std::set<size_t> columns;
  for (const Condition& condition : block.filter->conditions) {
    if (condition.moves) columns.insert(condition.column);
  }
  return {columns.begin(), columns.end()};
}

std::string ExplainLeaf(const Block& block, const Leaf& leaf) {
  const BlockClass kind = block.block_class;
  if (kind == BlockClass::kTimed && block.filter) {
    return fmt::format("{} in order of ({})", leaf.name, ColumnNames(leaf, MovingColumns(block)));
  }
  const bool keyed =
      kind != BlockClass::kPick && kind != BlockClass::kRowWise && kind != BlockClass::kTimed;
  if (leaf.anchor && keyed) {
    return fmt::format("{} by ({})", leaf.name, ColumnNames(leaf, leaf.key));
  }
  if (!leaf.parent) return leaf.name;
  return fmt::format("{} by ({}) = {}({}){}", leaf.name, ColumnNames(leaf, leaf.own_columns),
                     block.leaves[*leaf.parent].name,
                     ColumnNames(block.leaves[*leaf.parent], leaf.parent_columns),
                     leaf.three_valued ? " or NULL" : "");
}

}  // namespace

Status NoSuchRow(const Leaf& leaf, const RowView& row) {
  std::string text;
  for (size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : ", ") + row[i].ToString();
  return Error(ErrorCode::kUnknownServerError, "{}: a row is removed that is not there: ({})",
               leaf.name, text);
}

Result<std::unique_ptr<BlockRunner>> MakeRunner(duck::Connection& connection, const Block& block,
                                                const BrokenRules& broken) {
  switch (block.block_class) {
    case BlockClass::kUnionAll:
      return MakeUnionAll(block);
    case BlockClass::kCombine:
      return MakeCombine(block);
    case BlockClass::kPick:
      return MakePick(connection, block, broken);
    case BlockClass::kRowWise:
      return MakeRowWise(connection, block);
    case BlockClass::kTimed:
      return MakeTimed(connection, block, broken);
    case BlockClass::kAlgebraic:
      return MakeAlgebraic(connection, block);
    case BlockClass::kJoin:
    case BlockClass::kKeyed:
    case BlockClass::kFull:
      return block.ranking ? MakeRanked(connection, block, broken)
                           : MakeRecompute(connection, block, broken);
  }
  STROM_UNREACHABLE();
}

// Whether the clock moved past something that a block's filters can see.
//
// Others than those that know dates only count as changed once a step. Dates are asked for their
// values once a minute: zones are whole minutes off UTC.
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
      if (last_ && std::abs(now.millis - last_->millis) < kClockStepMillis) return false;
      last_ = now;
      return true;
    }
    if (last_ && MinuteOf(*last_) == MinuteOf(now)) return false;
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
  std::vector<size_t> widths;  // Of the sources' rows.
  BrokenRules broken;
  std::vector<bool> reads_again;  // Of the blocks: whether they do instead of keeping rows.
  bool started = false;

  Result<pipeline::Delta> Apply(std::span<const SourceDelta> batch, Timestamp now);
  // Whether a block's changes have no row that comes and goes.
  bool GivesNet(size_t block) const;
  Status CheckSize() const;
  size_t bytes() const {
    size_t total = 0;
    for (const auto& runner : runners) total += runner->bytes();
    return total;
  }
};

Result<pipeline::Delta> View::Rep::Apply(std::span<const SourceDelta> batch, Timestamp now) {
  connection->SetClock(now);
  std::vector<Changes> sources(query.sources.size());
  for (const SourceDelta& change : batch) {
    STROM_CHECK(change.source < sources.size()) << "source " << change.source;
    for (const pipeline::ChangeRef& row : change.rows) {
      if (row.row.size() != widths[change.source]) {
        return Error(ErrorCode::kCorruptRecord, "{}: a row of {} values for {} columns",
                     query.sources[change.source].path, row.row.size(), widths[change.source]);
      }
    }
    sources[change.source].Add(change.rows);
  }

  std::vector<Changes> results(plan.blocks.size());
  for (size_t i = 0; i < plan.blocks.size(); ++i) {
    std::vector<const Changes*> changes;
    for (const Leaf& leaf : plan.blocks[i].leaves) {
      changes.push_back(leaf.port.is_source ? &sources[leaf.port.index]
                                            : &results[leaf.port.index]);
    }
    STROM_ASSIGN_OR_RETURN(const bool moved, watches[i].Moved(now));
    STROM_ASSIGN_OR_RETURN(results[i], runners[i]->Apply(changes, moved || !started));
  }
  started = true;
  STROM_RETURN_IF_ERROR(CheckSize());
  pipeline::Delta result = std::move(results.back()).Take();
  return GivesNet(plan.blocks.size() - 1) ? std::move(result) : Net(std::move(result));
}

bool View::Rep::GivesNet(size_t at) const {
  const Block& block = plan.blocks[at];
  switch (block.block_class) {
    case BlockClass::kUnionAll:
      return false;
    case BlockClass::kPick:
      return block.keeps_all_columns && GivesNet(block.leaves[0].port.index);  // Of a block.
    case BlockClass::kRowWise:
      return block.keeps_all_columns || !block.clock_columns.empty();
    case BlockClass::kTimed:
      return block.keeps_all_columns && !reads_again[at];
    case BlockClass::kCombine:
    case BlockClass::kAlgebraic:
    case BlockClass::kJoin:
    case BlockClass::kKeyed:
    case BlockClass::kFull:
      return true;
  }
  STROM_UNREACHABLE();
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
  rep->broken = broken;
  for (const sql::SourceTable& source : rep->query.sources) {
    rep->widths.push_back(source.columns.size());
  }
  STROM_ASSIGN_OR_RETURN(const ast::Language language, ast::Language::Make(*rep->connection));
  Planner planner(*rep->connection, language, rep->query, broken);
  STROM_ASSIGN_OR_RETURN(rep->plan, planner.Run());
  for (const Block& block : rep->plan.blocks) {
    STROM_ASSIGN_OR_RETURN(rep->watches.emplace_back(), ClockWatch::Make(*rep->connection, block));
    STROM_ASSIGN_OR_RETURN(rep->runners.emplace_back(),
                           MakeRunner(*rep->connection, block, broken));
  }
  rep->reads_again.resize(rep->plan.blocks.size(), false);
  return std::unique_ptr<View>(new View(std::move(rep)));
}

View::View(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
View::~View() = default;

const std::vector<duck::Field>& View::columns() const { return rep_->query.columns; }

std::vector<size_t> View::UsedColumns(size_t source) const {
  std::set<size_t> used;
  for (const Block& block : rep_->plan.blocks) {
    for (const Leaf& leaf : block.leaves) {
      if (leaf.port.is_source && leaf.port.index == source) {
        used.insert(leaf.columns.begin(), leaf.columns.end());
      }
    }
  }
  if (used.empty()) used.insert(0);
  return {used.begin(), used.end()};
}

void View::TakeColumns(size_t source, const std::vector<size_t>& columns) {
  STROM_CHECK(!rep_->started && source < rep_->widths.size()) << "source " << source;
  rep_->widths[source] = columns.size();
  for (Block& block : rep_->plan.blocks) {
    for (Leaf& leaf : block.leaves) {
      if (!leaf.port.is_source || leaf.port.index != source) continue;
      for (size_t& column : leaf.columns) {
        const auto at = std::lower_bound(columns.begin(), columns.end(), column);
        STROM_CHECK(at != columns.end() && *at == column) << leaf.name << " column " << column;
        column = static_cast<size_t>(at - columns.begin());
      }
    }
  }
}

Status View::ReadAgainFrom(size_t source, const pipeline::RowsAgain& rows_again) {
  STROM_CHECK(!rep_->started) << "source " << source;
  for (size_t i = 0; i < rep_->plan.blocks.size(); ++i) {
    const Block& block = rep_->plan.blocks[i];
    if (!CanReadAgain(block) || block.leaves[0].port.index != source) continue;
    STROM_ASSIGN_OR_RETURN(
        rep_->runners[i], MakeTimedAgain(*rep_->connection, block, rep_->broken, rows_again));
    rep_->reads_again[i] = true;
  }
  return Status::Ok();
}

Result<pipeline::Delta> View::Apply(std::span<const SourceDelta> batch, Timestamp now) {
  return rep_->Apply(batch, now);
}

const std::vector<size_t>& View::clock_columns() const {
  return rep_->plan.blocks.back().clock_columns;
}

bool View::stateless() const {
  return std::all_of(rep_->plan.blocks.begin(), rep_->plan.blocks.end(), [](const Block& block) {
    const BlockClass kind = block.block_class;
    return (kind == BlockClass::kPick || kind == BlockClass::kRowWise) &&
           block.clock_filters.empty();
  });
}

bool View::by_row_and_time() const {
  return std::all_of(rep_->plan.blocks.begin(), rep_->plan.blocks.end(), [](const Block& block) {
    const BlockClass kind = block.block_class;
    return (kind == BlockClass::kPick || kind == BlockClass::kRowWise ||
            kind == BlockClass::kTimed) &&
           block.clock_columns.empty();
  });
}

const std::vector<size_t>& View::unique() const { return rep_->plan.blocks.back().unique; }

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
        "b{} {}{}: {}{}\n", i, BlockClassName(block.block_class),
        block.ranking ? fmt::format(", first {}", block.ranking->first) : "", leaves,
        block.clock_filters.empty()
            ? ""
            : fmt::format("; again when {} moves", fmt::join(block.clock_filters, ", ")));
  }
  return out;
}

}  // namespace strom::layer
