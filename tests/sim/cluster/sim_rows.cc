#include "tests/sim/cluster/sim_rows.h"

#include <utility>

#include <fmt/format.h>

#include "tests/sim/logs/log_reader.h"

namespace strom::sim {
namespace {

constexpr const char* kVersion = "version";

Value NumberOrNull(int64_t number) { return number == kNull ? Value::Null() : Value::Int(number); }

int64_t GroupOf(const SimConfig& config, int64_t key) { return key % config.shape.groups; }

SchemaSpec ColumnsOf(const SimConfig& config, std::vector<Column> columns) {
  if (config.padding_bytes_max > 0) {
    columns.push_back({.name = "padding", .type = DataType::String()});
  }
  SchemaSpec spec;
  spec.columns = std::move(columns);
  return spec;
}

std::string PartName(size_t part) { return fmt::format("p{}", part); }

}  // namespace

TableDescriptor LogTableOf(const SimConfig& config) {
  SchemaSpec spec = ColumnsOf(config, {{.name = "writer", .type = DataType::Int()},
                                       {.name = "v", .type = DataType::BigInt()}});
  return {.schema = Schema::Make(std::move(spec)).value(),
          .distribution = TableDistribution{{}, config.buckets}};
}

TableDescriptor KeyedTableOf(const SimConfig& config) {
  const KeyedShape& shape = config.shape;
  std::vector<Column> columns = {{.name = "k", .type = DataType::BigInt()},
                                 {.name = "v", .type = DataType::BigInt()}};
  for (size_t part = 0; part < static_cast<size_t>(shape.parts); ++part) {
    columns.push_back({.name = PartName(part), .type = DataType::BigInt()});
  }
  if (shape.engine == MergeEngine::kVersioned) {
    columns.push_back({.name = kVersion, .type = DataType::BigInt()});
  }
  SchemaSpec spec = ColumnsOf(config, std::move(columns));
  spec.primary_key = {"k"};
  TableDistribution distribution{{}, config.buckets};
  if (shape.groups > 0) {
    spec.columns.push_back({.name = "g", .type = DataType::Int()});
    spec.primary_key = {"g", "k"};
    distribution.bucket_keys = {"g"};
  }
  TableDescriptor table{.schema = Schema::Make(std::move(spec)).value(),
                        .distribution = std::move(distribution)};
  if (shape.engine != MergeEngine::kLastRow) {
    table.properties["table.merge-engine"] = ToName(shape.engine);
  }
  if (shape.engine == MergeEngine::kVersioned) {
    table.properties["table.merge-engine.versioned.ver-column"] = kVersion;
  }
  return table;
}

TableRules RulesOf(const KeyedShape& shape) {
  return {.engine = shape.engine, .groups = shape.groups};
}

std::vector<std::string> WrittenColumns(const SimConfig& config, std::optional<size_t> only) {
  if (!only) return {};
  std::vector<std::string> columns = {"k", "v", PartName(*only)};
  if (config.padding_bytes_max > 0) columns.push_back("padding");
  if (config.shape.groups > 0) columns.push_back("g");
  return columns;
}

Row LogRow(const SimConfig& config, int64_t writer, int64_t number, Bytes padding) {
  Row row{Value::Int(writer), Value::Int(number)};
  if (config.padding_bytes_max > 0) row.push_back(Value::String(std::move(padding)));
  return row;
}

Row KeyedRow(const SimConfig& config, int64_t key, int64_t value,
             const std::vector<std::optional<int64_t>>& more, Bytes padding) {
  Row row{Value::Int(key), Value::Int(value)};
  for (const auto& column : more) {
    if (column) row.push_back(NumberOrNull(*column));
  }
  if (config.padding_bytes_max > 0) row.push_back(Value::String(std::move(padding)));
  if (config.shape.groups > 0) row.push_back(Value::Int(GroupOf(config, key)));
  return row;
}

Row KeyOf(const SimConfig& config, int64_t key) {
  if (config.shape.groups == 0) return {Value::Int(key)};
  return {Value::Int(GroupOf(config, key)), Value::Int(key)};
}

SeenRow RowSeen(const Row& row, const record::RecordSchema& schema) {
  return {.key = NumberOf(row.at(0)), .value = NumberOf(row.at(1)), .more = MoreOf(row, schema)};
}

}  // namespace strom::sim
