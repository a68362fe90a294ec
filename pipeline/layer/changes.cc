#include "pipeline/layer/changes.h"

#include <utility>

#include "pipeline/layer/row_view.h"

namespace strom::layer {

Changes::Changes(pipeline::Delta made) : made_(std::move(made)) {
  changes_.reserve(made_.size());
  for (const pipeline::SignedRow& row : made_) Add(row.row, row.insert);
}

Changes Changes::Of(std::vector<size_t> columns) {
  Changes changes;
  changes.columns_ = std::move(columns);
  return changes;
}

std::vector<size_t> Changes::Places(const std::vector<size_t>& columns) const {
  if (!columns_) return columns;
  std::vector<size_t> places;
  places.reserve(columns.size());
  for (const size_t column : columns) places.push_back((*columns_)[column]);
  return places;
}

pipeline::Delta Changes::Take() && {
  if (!columns_ && changes_.size() == made_.size()) return std::move(made_);
  pipeline::Delta rows;
  rows.reserve(changes_.size());
  for (const Change& change : changes_) {
    rows.push_back(
        {change.insert, columns_ ? RowView(change.row, *columns_).Copy() : change.row.Copy()});
  }
  return rows;
}

}  // namespace strom::layer
