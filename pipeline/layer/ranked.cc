#include <utility>

#include "pipeline/layer/block_runner.h"
#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/output_store.h"
#include "pipeline/layer/ranked_rows.h"

namespace strom::layer {
namespace {

// The first rows of each partition of a ROW_NUMBER() window. The number of a row is its place here,
// so that DuckDB has no window to compute, and gets only the first rows of partitions in which they
// changed. Plain columns and the number need no statement at all.
class Ranked : public BlockRunner {
 public:
  Ranked(const Block& block, std::unique_ptr<duck::Statement> statement, const BrokenRules& broken)
      : block_(block),
        statement_(std::move(statement)),
        rows_(*block.ranking, broken.last_ranked_unseen),
        output_(block.clock_columns, block.fields.size()) {}

  Result<Changes> Apply(std::span<const Changes* const> changes, bool /*everything*/) override {
    const Leaf& leaf = block_.leaves[0];
    const NetChanges net = NetOf(*changes[0], leaf.columns);
    for (const RowRef& row : net.removed) {
      if (!rows_.Remove(net.View(row))) return NoSuchRow(leaf, net.View(row));
    }
    for (const RowRef& row : net.inserted) rows_.Insert(net.View(row));
    std::vector<RankedRows::Partition> changed = rows_.TakeChanged();
    if (changed.empty()) return Changes();

    std::vector<uint64_t> ids;
    std::vector<Row> first;
    for (RankedRows::Partition& partition : changed) {
      for (size_t i = 0; i < partition.first.size(); ++i) {
        Row& row = first.emplace_back(std::move(partition.first[i]));
        row.push_back(Value::Int(static_cast<int64_t>(i + 1)));
        row.push_back(Value::Int(static_cast<int64_t>(ids.size())));
      }
      ids.push_back(partition.id);
    }
    if (statement_ == nullptr) {
      for (Row& row : first) row = Picked(row);
    } else if (!first.empty()) {
      STROM_ASSIGN_OR_RETURN(first, Computed(first));
    }
    std::vector<OutputStore::KeyedRow> given;
    given.reserve(first.size());
    for (Row& row : first) {
      const auto place = static_cast<size_t>(*row.back().get_if<int64_t>());
      row.pop_back();
      given.push_back({ids[place], std::move(row)});
    }
    return Changes(output_.Replace(ids, std::move(given)));
  }

  size_t bytes() const override { return rows_.bytes() + output_.bytes(); }

 private:
  // Of a row that ends with its number and the place of its partition: a row of the block that ends
  // with the latter.
  Row Picked(const Row& row) const {
    Row out;
    out.reserve(block_.picks.size() + 1);
    for (const size_t pick : block_.picks) out.push_back(row[pick]);
    out.push_back(row.back());
    return out;
  }

  // The same of many by the statement.
  Result<std::vector<Row>> Computed(const std::vector<Row>& rows) {
    std::vector<RowRef> handed;
    handed.reserve(rows.size());
    for (const Row& row : rows) handed.push_back(&row);
    const Leaf& leaf = block_.leaves[0];
    leaf.handle->Set(std::move(handed));
    Result<std::vector<Row>> result = statement_->Run();
    leaf.handle->Set({});
    return result;
  }

  const Block& block_;
  std::unique_ptr<duck::Statement> statement_;  // None: `picks`.
  RankedRows rows_;
  OutputStore output_;
};

}  // namespace

Result<std::unique_ptr<BlockRunner>> MakeRanked(duck::Connection& connection, const Block& block,
                                                const BrokenRules& broken) {
  std::unique_ptr<duck::Statement> statement;
  if (block.picks.empty()) {
    STROM_ASSIGN_OR_RETURN(statement, connection.Prepare(block.sql));
  }
  return std::unique_ptr<BlockRunner>(
      std::make_unique<Ranked>(block, std::move(statement), broken));
}

}  // namespace strom::layer
