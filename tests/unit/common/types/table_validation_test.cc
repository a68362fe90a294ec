#include "common/types/table_validation.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {
namespace {

using Names = std::vector<std::string>;

std::vector<Column> Columns() {
  return {{"id", DataType::BigInt()},   {"region", DataType::String()},
          {"dt", DataType::String()},   {"amount", DataType::Decimal(10, 2)},
          {"version", DataType::Int()}, {"tags", DataType::Array(DataType::String())},
          {"body", DataType::Bytes()},  {"day", DataType::Date()}};
}

TableDescriptor Table(Names primary_key, Names partition_keys = {}, PropertyMap properties = {}) {
  return {
      .schema = Schema::Make({.columns = Columns(), .primary_key = std::move(primary_key)}).value(),
      .partition_keys = std::move(partition_keys),
      .properties = std::move(properties)};
}

// The error of a table after completion: "kInvalidTable: ...", or "OK".
std::string Verdict(TableDescriptor table, const TablePolicy& policy = {}) {
  const Result<TableDescriptor> complete = CompleteTableDescriptor(std::move(table), policy);
  if (!complete.ok()) return complete.status().ToString();
  return ValidateTableDescriptor(*complete, policy).ToString();
}

bool Refused(TableDescriptor table, ErrorCode code, const TablePolicy& policy = {}) {
  const std::string verdict = Verdict(std::move(table), policy);
  INFO(verdict);
  return verdict.starts_with(std::string(ErrorCodeName(code)) + ": ");
}

TableDescriptor WithBuckets(TableDescriptor table, Names keys, std::optional<int32_t> count) {
  table.distribution = TableDistribution{std::move(keys), count};
  return table;
}

const Names kLog = {};
const Names kKey = {"id", "dt"};

}  // namespace

TEST_CASE("what the creator leaves out of a log table is filled in", "[types]") {
  const TablePolicy policy{.default_bucket_count = 3, .default_replication_factor = 2};
  const TableDescriptor table = CompleteTableDescriptor(Table(kLog), policy).value();
  CHECK(table.distribution == TableDistribution{{}, 3});
  CHECK(table.properties == PropertyMap{{"table.replication.factor", "2"}});
  CHECK(ValidateTableDescriptor(table, policy).ok());
}

TEST_CASE("what the creator leaves out of a primary-key table is filled in", "[types]") {
  const TableDescriptor table =
      CompleteTableDescriptor(Table(kKey, {"dt"}, {{"table.merge-engine", "first_row"}}),
                              {.lake_format = LakeFormat::kPaimon, .kv_standby_replicas = true})
          .value();
  CHECK(table.distribution == TableDistribution{{"id"}, 1});
  CHECK(table.properties == PropertyMap{{"table.datalake.format", "paimon"},
                                        {"table.delete.behavior", "IGNORE"},
                                        {"table.kv.format-version", "2"},
                                        {"table.kv.standby-replica.enabled", "true"},
                                        {"table.merge-engine", "first_row"},
                                        {"table.replication.factor", "1"}});
}

TEST_CASE("what the creator gives stays", "[types]") {
  const PropertyMap given{{"table.replication.factor", "3"}, {"table.kv.format-version", "1"}};
  const TableDescriptor table =
      CompleteTableDescriptor(WithBuckets(Table({"id", "region"}, {}, given), {"id"}, 7), {})
          .value();
  CHECK(table.distribution == TableDistribution{{"id"}, 7});
  CHECK(table.properties == given);
  CHECK_FALSE(table.HasDefaultBucketKey());
  CHECK(table.SupportsPrefixLookup());
  CHECK(CompleteTableDescriptor(table, {}).value() == table);  // Completing is idempotent.
}

TEST_CASE("tables with several partition keys create none ahead", "[types]") {
  const PropertyMap automatic{{"table.auto-partition.enabled", "true"},
                              {"table.auto-partition.key", "dt"}};
  const Names two{"dt", "region"};
  const TableDescriptor table = CompleteTableDescriptor(Table(kLog, two, automatic), {}).value();
  CHECK(table.properties.at("table.auto-partition.num-precreate") == "0");
  CHECK(ValidateTableDescriptor(table, {}).ok());
  const TableDescriptor one = CompleteTableDescriptor(Table(kLog, {"dt"}, automatic), {}).value();
  CHECK_FALSE(one.properties.contains("table.auto-partition.num-precreate"));
}

TEST_CASE("keys of a table are derived", "[types]") {
  const TableDescriptor table = Table({"dt", "region", "id"}, {"dt"});
  CHECK(table.PhysicalPrimaryKey() == Names{"region", "id"});
  CHECK(table.BucketKeys() == Names{"region", "id"});
  CHECK(table.HasDefaultBucketKey());
  CHECK_FALSE(table.SupportsPrefixLookup());
  CHECK(WithBuckets(table, {"region"}, 1).SupportsPrefixLookup());
  CHECK_FALSE(WithBuckets(table, {"id"}, 1).SupportsPrefixLookup());
  CHECK(table.bucket_count() == std::nullopt);
  CHECK(Table(kLog).BucketKeys().empty());
}

TEST_CASE("partition keys are columns of certain types, in the primary key", "[types]") {
  CHECK(Verdict(Table(kLog, {"dt", "region"})) == "OK");
  CHECK(Verdict(Table(kLog, {"x"})) == "kInvalidTable: partition key 'x' is no column");
  CHECK(Verdict(Table(kLog, {"dt", "dt"})) == "kInvalidTable: partition key 'dt' is given twice");
  CHECK(Verdict(Table(kLog, {"amount"})) ==
        "kInvalidTable: partition key 'amount' is DECIMAL(10, 2), which cannot be a partition key");
  CHECK(Refused(Table(kLog, {"tags"}), ErrorCode::kInvalidTable));
  CHECK(Verdict(Table(kKey, {"region"})) ==
        "kInvalidTable: partition key 'region' is not in the primary key");
  CHECK(Verdict(Table(kKey, {"id", "dt"})) ==
        "kInvalidTable: the primary key has no column that is no partition key");
}

TEST_CASE("buckets have a count and keys", "[types]") {
  CHECK(Verdict(WithBuckets(Table(kLog, {"dt"}), {"id", "region"}, 4096)) == "OK");
  CHECK(ValidateTableDescriptor(Table(kLog), {}).message() == "the bucket count is missing");
  CHECK(Refused(WithBuckets(Table(kLog), {}, 0), ErrorCode::kInvalidTable));
  CHECK(Verdict(WithBuckets(Table(kLog), {}, 4097)) ==
        "kBucketMaxNum: 4097 buckets are asked for, at most 4096 are allowed");
  CHECK(Verdict(WithBuckets(Table(kLog), {"x"}, 1)) ==
        "kInvalidTable: bucket key 'x' is no column");
  CHECK(Refused(WithBuckets(Table(kLog), {"id", "id"}, 1), ErrorCode::kInvalidTable));
  CHECK(Refused(WithBuckets(Table(kLog), {"tags"}, 1), ErrorCode::kInvalidTable));
  CHECK(Refused(WithBuckets(Table(kLog, {"dt"}), {"dt"}, 1), ErrorCode::kInvalidTable));
  CHECK(Verdict(WithBuckets(Table(kKey), {"region"}, 1)) ==
        "kInvalidTable: bucket key 'region' is not in the primary key");
}

TEST_CASE("system columns cannot be declared", "[types]") {
  for (const char* name : {"__offset", "__timestamp", "__bucket", "_change_type", "_log_offset",
                           "_commit_timestamp"}) {
    TableDescriptor table{.schema = Schema::Make({.columns = {{name, DataType::Int()}}}).value()};
    CHECK(Verdict(table) == "kInvalidTable: column name '" + std::string(name) + "' is reserved");
  }
}

TEST_CASE("formats and times must fit together", "[types]") {
  const PropertyMap indexed{{"table.log.format", "INDEXED"}};
  CHECK(Verdict(Table(kLog, {}, indexed)) == "OK");
  CHECK(Refused(Table(kKey, {}, indexed), ErrorCode::kInvalidConfig));
  CHECK(Verdict(Table(kKey, {},
                      {{"table.log.format", "INDEXED"}, {"table.kv.format", "INDEXED"}})) == "OK");
  CHECK(Verdict(Table(kKey, {}, {{"table.log.format", "COMPACTED"}})) == "OK");
  CHECK(Verdict(Table(kLog, {}, {{"table.log.ttl", "1 s"}, {"table.log.local-ttl", "2 s"}})) ==
        "kInvalidConfig: table.log.local-ttl of 2000 ms is longer than table.log.ttl of 1000 ms");
  CHECK(Verdict(Table(kLog, {}, {{"table.log.ttl", "0"}, {"table.log.local-ttl", "2 s"}})) == "OK");
  CHECK(Refused(Table(kLog, {}, {{"table.nope", "1"}}), ErrorCode::kInvalidConfig));
}

TEST_CASE("merge engines need a primary key and what belongs to them", "[types]") {
  const auto with = [](PropertyMap p) { return Table(kKey, {}, std::move(p)); };
  const std::string engine = "table.merge-engine",
                    column = "table.merge-engine.versioned.ver-column";
  const std::string deletes = "table.delete.behavior";
  CHECK(Refused(Table(kLog, {}, {{engine, "first_row"}}), ErrorCode::kInvalidConfig));
  CHECK(Refused(Table(kLog, {}, {{deletes, "ignore"}}), ErrorCode::kInvalidConfig));
  CHECK(Verdict(with({{engine, "first_row"}})) == "OK");
  CHECK(Refused(with({{engine, "first_row"}, {deletes, "allow"}}), ErrorCode::kInvalidConfig));
  CHECK(Verdict(with({{engine, "first_row"}, {deletes, "disable"}})) == "OK");
  CHECK(Refused(with({{engine, "versioned"}}), ErrorCode::kInvalidConfig));
  CHECK(Refused(with({{engine, "versioned"}, {column, "x"}}), ErrorCode::kInvalidConfig));
  CHECK(Verdict(with({{engine, "versioned"}, {column, "dt"}})) ==
        "kInvalidConfig: version column 'dt' is STRING NOT NULL, not INT, BIGINT, TIMESTAMP, "
        "TIMESTAMP_LTZ");
  CHECK(Verdict(with({{engine, "versioned"}, {column, "version"}})) == "OK");
  CHECK(Verdict(with({{engine, "aggregation"}, {deletes, "allow"}})) == "OK");
  CHECK(Refused(with({{engine, "aggregation"}, {"table.changelog.image", "wal"}}),
                ErrorCode::kInvalidConfig));
}

TEST_CASE("aggregation functions need their engine and a fitting type", "[types]") {
  const auto table = [](DataType type, PropertyMap properties) {
    return TableDescriptor{
        .schema = Schema::Make({.columns = {{"id", DataType::Int()},
                                            {"sum",
                                             std::move(type),
                                             {},
                                             AggregateFunction{AggregateKind::kSum, {}}}},
                                .primary_key = {"id"}})
                      .value(),
        .properties = std::move(properties)};
  };
  CHECK(Verdict(table(DataType::Int(), {{"table.merge-engine", "aggregation"}})) == "OK");
  CHECK(Refused(table(DataType::Int(), {}), ErrorCode::kInvalidConfig));
  CHECK(Verdict(table(DataType::String(), {{"table.merge-engine", "aggregation"}})) ==
        "kInvalidConfig: column sum: aggregation function sum does not take STRING");
}

TEST_CASE("automatic partitions need a key, a unit and a format that fit", "[types]") {
  const auto automatic = [](Names keys, PropertyMap more) {
    more.emplace("table.auto-partition.enabled", "true");
    return Table(kLog, std::move(keys), std::move(more));
  };
  const std::string key = "table.auto-partition.key", format = "table.auto-partition.time-format";
  CHECK(Verdict(automatic({"dt"}, {})) == "OK");
  CHECK(Refused(automatic({}, {}), ErrorCode::kInvalidConfig));
  CHECK(Refused(automatic({"dt"}, {{key, "region"}}), ErrorCode::kInvalidTable));
  CHECK(Refused(automatic({"dt", "region"}, {}), ErrorCode::kInvalidTable));
  CHECK(Verdict(automatic({"dt", "region"}, {{key, "dt"}})) == "OK");
  CHECK(Refused(
      automatic({"dt", "region"}, {{key, "dt"}, {"table.auto-partition.num-precreate", "1"}}),
      ErrorCode::kInvalidTable));
  CHECK(Refused(automatic({"day"}, {}), ErrorCode::kInvalidTable));
  CHECK(Verdict(automatic({"day"}, {{format, "yyyy-MM-dd"}})) == "OK");
  CHECK(Refused(automatic({"dt"}, {{format, "yyyyMM"}}), ErrorCode::kInvalidTable));
  CHECK(Refused(automatic({"dt"}, {{"table.auto-partition.time-zone", "Mars/Base"}}),
                ErrorCode::kInvalidConfig));
}

TEST_CASE("lake tables need the cluster's lake", "[types]") {
  const TablePolicy paimon{.lake_format = LakeFormat::kPaimon, .lake_enabled = true};
  const PropertyMap on{{"table.datalake.enabled", "true"}};
  CHECK(Verdict(Table(kLog, {}, on), paimon) == "OK");
  CHECK(Refused(Table(kLog, {}, on), ErrorCode::kInvalidTable));
  CHECK(Refused(
      Table(kLog, {}, {{"table.datalake.enabled", "true"}, {"table.datalake.format", "hudi"}}),
      ErrorCode::kInvalidConfig, paimon));

  PropertyMap historical{{"table.datalake.enabled", "true"},
                         {"table.auto-partition.enabled", "true"},
                         {"table.datalake.historical-partition.enabled", "true"}};
  CHECK(Verdict(Table(kKey, {"dt"}, historical), paimon) == "OK");
  CHECK(Refused(Table(kLog, {"dt"}, historical), ErrorCode::kInvalidConfig, paimon));
  historical.erase("table.auto-partition.enabled");
  CHECK(Refused(Table(kKey, {"dt"}, historical), ErrorCode::kInvalidConfig, paimon));
}

TEST_CASE("statistics are for columns that exist and have a minimum", "[types]") {
  const auto with = [](const char* columns) {
    return Table(kLog, {}, {{"table.statistics.columns", columns}});
  };
  CHECK(Verdict(with("*")) == "OK");
  CHECK(Verdict(with("id, amount, day")) == "OK");
  CHECK(Verdict(with("id,x")) == "kInvalidConfig: statistics column 'x' does not exist");
  CHECK(Refused(with("tags"), ErrorCode::kInvalidConfig));
  CHECK(Refused(with("body"), ErrorCode::kInvalidConfig));
}

TEST_CASE("a durability that is none is refused", "[types]") {
  TableDescriptor table = Table(kLog);
  table.custom_properties = {{"strom.durability", "leader"}, {"anything", "else"}};
  CHECK(Verdict(table) == "OK");
  table.custom_properties["strom.durability"] = "always";
  CHECK(Refused(table, ErrorCode::kInvalidConfig));
}

}  // namespace strom
