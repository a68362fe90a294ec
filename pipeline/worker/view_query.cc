#include "pipeline/worker/view_query.h"

#include <algorithm>
#include <utility>

namespace strom::worker {
namespace {

class SinkViewQuery final : public sink::RowQuery {
 public:
  explicit SinkViewQuery(std::unique_ptr<layer::View> view) : view_(std::move(view)) {}

  Result<pipeline::Delta> Apply(std::vector<pipeline::ChangeTable> changes,
                                Timestamp now) override {
    std::vector<layer::SourceDelta> deltas;
    for (pipeline::ChangeTable& delta : changes) deltas.push_back({0, std::move(delta)});
    return view_->Apply(deltas, now);
  }
  bool depends_on_time() const override { return view_->depends_on_time(); }
  Status ReadAgain(const pipeline::RowsAgain& rows_again) override {
    return view_->ReadAgainFrom(0, rows_again);
  }

 private:
  const std::unique_ptr<layer::View> view_;
};

}  // namespace

bool SinkKeepsRows(const layer::View& view, const SinkSpec& spec) {
  if (!view.by_row_and_time() || view.unique().empty()) return false;
  if (!spec.source.descriptor.has_primary_key()) return false;
  const std::vector<size_t>& key = spec.target.primary_key;
  return std::all_of(view.unique().begin(), view.unique().end(), [&](size_t column) {
    return std::find(key.begin(), key.end(), column) != key.end();
  });
}

Result<std::unique_ptr<sink::SinkJob>> MakeSinkJob(const pipeline::JobContext& context,
                                                   const pipeline::JobClock& clock,
                                                   std::unique_ptr<layer::View> view,
                                                   SinkSpec spec) {
  if (!view->stateless() && !SinkKeepsRows(*view, spec)) {
    return Error(ErrorCode::kInvalidSql,
                 "the query of a sink may filter and compute rows, but not join or group them: "
                 "write its result into a table first, and that into {}",
                 spec.target.name);
  }
  const sql::SourceTable& source = spec.query.sources[0];
  std::vector<std::string> columns;
  const std::vector<size_t> used = view->UsedColumns(0);
  if (used.size() < source.columns.size()) {
    for (const size_t column : used) columns.push_back(source.columns[column].name);
    view->TakeColumns(0, used);
  }
  return std::make_unique<sink::SinkJob>(
      context, clock,
      sink::SinkPlan{.source = std::move(spec.source),
                     .columns = std::move(columns),
                     .query = std::make_unique<SinkViewQuery>(std::move(view)),
                     .target = std::move(spec.target),
                     .open = std::move(spec.open)});
}

}  // namespace strom::worker
