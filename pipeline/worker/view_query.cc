#include "pipeline/worker/view_query.h"

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

 private:
  const std::unique_ptr<layer::View> view_;
};

}  // namespace

Result<std::unique_ptr<sink::SinkJob>> MakeSinkJob(const pipeline::JobContext& context,
                                                   const pipeline::JobClock& clock,
                                                   std::unique_ptr<layer::View> view,
                                                   SinkSpec spec) {
  if (!view->stateless()) {
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
