#include "client/scan_plan.h"

#include <algorithm>
#include <utility>

namespace strom::client {

Result<ScanProjection> ScanProjection::Make(const TableInfo& table,
                                            const std::vector<std::string>& names) {
  STROM_ASSIGN_OR_RETURN(
      const TableProperties properties,
      TableProperties::Parse(table.descriptor.properties, TableProperties::UnknownKeys::kIgnore));
  const Schema& schema = table.descriptor.schema;
  ScanProjection projection;
  projection.log_format_ = properties.log_format;
  if (names.empty()) {
    projection.columns_ = schema.columns();
    return projection;
  }
  std::vector<int32_t> positions;
  for (const std::string& name : names) {
    const std::optional<size_t> position = schema.Find(name);
    if (!position) {
      return Error(ErrorCode::kInvalidColumnProjection, "table {} has no column '{:.200}'",
                   table.path, name);
    }
    projection.columns_.push_back(schema.columns()[*position]);
    positions.push_back(static_cast<int32_t>(*position));
  }
  std::sort(positions.begin(), positions.end());
  if (std::adjacent_find(positions.begin(), positions.end()) != positions.end()) {
    return Error(ErrorCode::kInvalidColumnProjection, "a column of table {} is wanted twice",
                 table.path);
  }
  if (properties.log_format == LogFormat::kArrow && positions.size() < schema.columns().size()) {
    projection.pushed_down_ = std::move(positions);
  }
  return projection;
}

ScanPlan ScanPlan::Make(const ScanProjection& projection, const Schema& schema) {
  std::vector<const Column*> stored;
  if (projection.pushed_down().empty()) {
    for (const Column& column : schema.columns()) stored.push_back(&column);
  } else {
    // Positions are those of the table's schema; batches of an older one end sooner.
    for (const int32_t position : projection.pushed_down()) {
      if (static_cast<size_t>(position) >= schema.columns().size()) break;
      stored.push_back(&schema.columns()[static_cast<size_t>(position)]);
    }
  }
  std::vector<DataType> types;
  for (const Column* column : stored) types.push_back(column->type);
  std::vector<std::optional<size_t>> sources;
  for (const Column& wanted : projection.columns()) {
    const auto found = std::find_if(stored.begin(), stored.end(),
                                    [&](const Column* column) { return column->id == wanted.id; });
    sources.push_back(found == stored.end()
                          ? std::nullopt
                          : std::optional(static_cast<size_t>(found - stored.begin())));
  }
  return ScanPlan(record::RecordSchema(projection.log_format(), std::move(types)),
                  std::move(sources));
}

ScanPlan::ScanPlan(record::RecordSchema record_schema, std::vector<std::optional<size_t>> sources)
    : record_schema_(std::move(record_schema)), sources_(std::move(sources)) {
  as_decoded_ = sources_.size() == record_schema_.column_types().size();
  for (size_t i = 0; i < sources_.size(); ++i) as_decoded_ = as_decoded_ && sources_[i] == i;
}

Row ScanPlan::Arrange(Row decoded) const {
  if (as_decoded_) return decoded;
  Row row(sources_.size());
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i]) row[i] = std::move(decoded[*sources_[i]]);  // No source is used twice.
  }
  return row;
}

}  // namespace strom::client
