#include "pipeline/worker/layer_views.h"

#include <algorithm>
#include <set>
#include <utility>

namespace strom::worker {
namespace {

class ViewQuery final : public layer::KeptQuery {
 public:
  explicit ViewQuery(std::unique_ptr<layer::View> view) : view_(std::move(view)) {}

  Result<pipeline::Delta> Apply(std::span<const pipeline::SourceDelta> batch,
                                Timestamp now) override {
    return view_->Apply(batch, now);
  }
  bool depends_on_time() const override { return view_->depends_on_time(); }
  Status ReadAgainFrom(size_t source, const pipeline::RowsAgain& rows_again) override {
    return view_->ReadAgainFrom(source, rows_again);
  }

 private:
  const std::unique_ptr<layer::View> view_;
};

// Columns that are clock columns of all.
std::vector<size_t> CommonClockColumns(const std::vector<std::unique_ptr<layer::View>>& views) {
  std::vector<size_t> common;
  for (size_t i = 0; i < views.size(); ++i) {
    std::vector<size_t> mine = views[i]->clock_columns();
    std::sort(mine.begin(), mine.end());
    if (i == 0) {
      common = std::move(mine);
      continue;
    }
    std::vector<size_t> both;
    std::set_intersection(common.begin(), common.end(), mine.begin(), mine.end(),
                          std::back_inserter(both));
    common = std::move(both);
  }
  return common;
}

// Of each source's path, the columns that any of the queries looks at.
std::map<std::string, std::set<size_t>> UsedColumns(
    const std::vector<std::unique_ptr<layer::View>>& views,
    const std::vector<sql::BoundQuery>& queries) {
  std::map<std::string, std::set<size_t>> used;
  for (size_t i = 0; i < views.size(); ++i) {
    for (size_t s = 0; s < queries[i].sources.size(); ++s) {
      const std::vector<size_t> columns = views[i]->UsedColumns(s);
      used[queries[i].sources[s].path].insert(columns.begin(), columns.end());
    }
  }
  return used;
}

// Empty for all: then nobody has to take columns out.
std::vector<std::string> NamesOf(const sql::SourceTable& source, const std::set<size_t>& columns) {
  std::vector<std::string> names;
  if (columns.size() == source.columns.size()) return names;
  for (const size_t column : columns) names.push_back(source.columns[column].name);
  return names;
}

}  // namespace

Result<std::unique_ptr<layer::LayerJob>> MakeLayerJob(const pipeline::JobContext& context,
                                                      const pipeline::JobClock& clock,
                                                      duck::Database& database, LayerSpec spec) {
  std::vector<std::unique_ptr<layer::View>> views;
  for (const sql::BoundQuery& bound : spec.queries) {
    STROM_ASSIGN_OR_RETURN(std::unique_ptr<layer::View> view, layer::View::Make(database, bound));
    views.push_back(std::move(view));
  }
  layer::LayerPlan plan{.target = std::move(spec.target),
                        .columns = std::move(spec.columns),
                        .clock_columns = CommonClockColumns(views)};
  const auto used = UsedColumns(views, spec.queries);
  std::map<std::string, size_t> feed_of;
  for (size_t i = 0; i < views.size(); ++i) {
    std::vector<size_t> feeds;
    for (size_t s = 0; s < spec.queries[i].sources.size(); ++s) {
      const sql::SourceTable& source = spec.queries[i].sources[s];
      const auto table = spec.tables.find(source.path);
      STROM_CHECK(table != spec.tables.end()) << "source " << source.path << " has no table";
      const std::set<size_t>& columns = used.at(source.path);
      views[i]->TakeColumns(s, {columns.begin(), columns.end()});
      const auto [feed, fresh] = feed_of.try_emplace(source.path, plan.sources.size());
      if (fresh) plan.sources.push_back({table->second, NamesOf(source, columns)});
      feeds.push_back(feed->second);
    }
    plan.queries.push_back(
        {.query = std::make_unique<ViewQuery>(std::move(views[i])), .feeds = std::move(feeds)});
  }
  return layer::LayerJob::Make(context, clock, std::move(plan));
}

}  // namespace strom::worker
