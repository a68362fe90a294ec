#include "tests/unit/pipeline/core/cluster/shared_cluster.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::pipeline {
namespace {

TableInfo Make(const std::string& name, std::vector<std::string> key, int32_t buckets) {
  return SharedCluster().MakeTable(
      {"db", name},
      {testing::ColumnOf("id", DataType::BigInt()), testing::ColumnOf("note", DataType::String())},
      std::move(key), buckets);
}

}  // namespace

testing::DevCluster& SharedCluster() {
  static testing::DevCluster cluster;
  return cluster;
}

TableInfo MakeKeyed(const std::string& name, int32_t buckets) {
  return Make(name, {"id"}, buckets);
}

TableInfo MakeLog(const std::string& name, int32_t buckets) { return Make(name, {}, buckets); }

Row R(int64_t id, const std::string& note) { return {Value::Int(id), Value::String(note)}; }

void Upsert(const TableInfo& table, const std::vector<Row>& rows) {
  const auto writer = SharedCluster().connection().NewUpsertWriter(table).value();
  for (const Row& row : rows) REQUIRE(writer->Upsert(row).ok());
  REQUIRE(writer->Close().Get().ok());
}

void Delete(const TableInfo& table, const std::vector<int64_t>& ids) {
  const auto writer = SharedCluster().connection().NewUpsertWriter(table).value();
  for (const int64_t id : ids) REQUIRE(writer->DeleteKey({Value::Int(id)}).ok());
  REQUIRE(writer->Close().Get().ok());
}

void Append(const TableInfo& table, const std::vector<Row>& rows) {
  const auto writer = SharedCluster().connection().NewAppendWriter(table).value();
  for (const Row& row : rows) REQUIRE(writer->Append(row).ok());
  REQUIRE(writer->Close().Get().ok());
}

}  // namespace strom::pipeline
