#include "common/types/table_properties.h"

#include <catch2/catch_test_macros.hpp>

#include "common/base/nearest_name.h"

namespace strom {
namespace {

TableProperties Parsed(const PropertyMap& properties) {
  return TableProperties::Parse(properties).value();
}

std::string ErrorOf(const PropertyMap& properties) {
  const Status s = TableProperties::Parse(properties).status();
  CHECK(s.code() == ErrorCode::kInvalidConfig);
  return std::string(s.message());
}

}  // namespace

TEST_CASE("absent table properties have Fluss's defaults", "[types]") {
  const TableProperties p = Parsed({});
  CHECK(p.replication_factor == std::nullopt);
  CHECK(p.log_format == LogFormat::kArrow);
  CHECK(p.arrow_compression == ArrowCompression::kZstd);
  CHECK(p.zstd_level == 3);
  CHECK(p.log_ttl_ms == 604800000);
  CHECK(p.log_local_ttl_ms == std::nullopt);
  CHECK(p.log_tiered_local_segments == 2);
  CHECK(p.kv_format == KvFormat::kCompacted);
  CHECK(p.key_encoding_version() == 1);
  CHECK_FALSE(p.kv_standby_replica);
  CHECK(p.merge_engine == MergeEngine::kLastRow);
  CHECK(p.EffectiveDeleteBehavior() == DeleteBehavior::kAllow);
  CHECK(p.changelog_image == ChangelogImage::kFull);
  CHECK(p.auto_increment_cache_size == 100000);
  CHECK_FALSE(p.auto_partition.enabled);
  CHECK(p.auto_partition.unit == PartitionTimeUnit::kDay);
  CHECK(p.auto_partition.precreate() == 2);
  CHECK(p.auto_partition.num_retention == 7);
  CHECK_FALSE(p.lake.enabled);
  CHECK(p.lake.freshness_ms == 180000);
  CHECK_FALSE(p.statistics.all);
  CHECK(p.statistics.names.empty());
}

TEST_CASE("table properties are read in any case, with spaces and units", "[types]") {
  const TableProperties p = Parsed({{"table.replication.factor", " 3 "},
                                    {"table.log.format", "indexed"},
                                    {"table.log.arrow.compression.type", "lz4_frame"},
                                    {"table.log.arrow.compression.zstd.level", "22"},
                                    {"table.log.ttl", "2 d"},
                                    {"table.log.local-ttl", "10 min"},
                                    {"table.log.tiered.local-segments", "5"},
                                    {"table.statistics.columns", "a, b ,c"},
                                    {"table.kv.format", "INDEXED"},
                                    {"table.kv.format-version", "2"},
                                    {"table.kv.standby-replica.enabled", "TRUE"},
                                    {"table.merge-engine", "Versioned"},
                                    {"table.merge-engine.versioned.ver-column", "v"},
                                    {"table.delete.behavior", "disable"},
                                    {"table.changelog.image", "wal"},
                                    {"table.auto-increment.cache-size", "5000000000"}});
  CHECK(p.replication_factor == 3);
  CHECK(p.log_format == LogFormat::kIndexed);
  CHECK(p.arrow_compression == ArrowCompression::kLz4Frame);
  CHECK(p.zstd_level == 22);
  CHECK(p.log_ttl_ms == 172800000);
  CHECK(p.log_local_ttl_ms == 600000);
  CHECK(p.log_tiered_local_segments == 5);
  CHECK(p.statistics.names == std::vector<std::string>{"a", "b", "c"});
  CHECK(p.kv_format == KvFormat::kIndexed);
  CHECK(p.key_encoding_version() == 2);
  CHECK(p.kv_standby_replica);
  CHECK(p.merge_engine == MergeEngine::kVersioned);
  CHECK(p.version_column == "v");
  CHECK(p.delete_behavior == DeleteBehavior::kDisable);
  CHECK(p.changelog_image == ChangelogImage::kWal);
  CHECK(p.auto_increment_cache_size == 5000000000);
}

TEST_CASE("automatic partition and lake properties are read", "[types]") {
  const TableProperties p = Parsed({{"table.auto-partition.enabled", "true"},
                                    {"table.auto-partition.key", "dt"},
                                    {"table.auto-partition.time-unit", "hour"},
                                    {"table.auto-partition.time-format", "yyyy-MM-dd-HH"},
                                    {"table.auto-partition.time-zone", "Asia/Shanghai"},
                                    {"table.auto-partition.num-precreate", "0"},
                                    {"table.auto-partition.num-retention", "-1"},
                                    {"table.datalake.enabled", "true"},
                                    {"table.datalake.format", "Paimon"},
                                    {"table.datalake.freshness", "30s"},
                                    {"table.datalake.auto-compaction", "true"},
                                    {"table.datalake.auto-expire-snapshot", "true"},
                                    {"table.datalake.historical-partition.enabled", "true"},
                                    {"table.statistics.columns", " * "}});
  CHECK(p.auto_partition.enabled);
  CHECK(p.auto_partition.key == "dt");
  CHECK(p.auto_partition.unit == PartitionTimeUnit::kHour);
  CHECK(p.auto_partition.time_format == "yyyy-MM-dd-HH");
  CHECK(p.auto_partition.time_zone == "Asia/Shanghai");
  CHECK(p.auto_partition.precreate() == 0);
  CHECK(p.auto_partition.num_retention == -1);
  CHECK(p.lake.enabled);
  CHECK(p.lake.format == LakeFormat::kPaimon);
  CHECK(p.lake.freshness_ms == 30000);
  CHECK(p.lake.auto_compaction);
  CHECK(p.lake.auto_expire_snapshot);
  CHECK(p.lake.historical_partition);
  CHECK(p.statistics.all);
}

TEST_CASE("a bad table property names key and value", "[types]") {
  CHECK(ErrorOf({{"table.log.format", "csv"}}) ==
        "property table.log.format: 'csv' is none of ARROW, INDEXED, COMPACTED");
  CHECK(ErrorOf({{"table.merge-engine", ""}}) ==
        "property table.merge-engine: '' is none of FIRST_ROW, VERSIONED, AGGREGATION");
  CHECK(ErrorOf({{"table.replication.factor", "0"}}) ==
        "property table.replication.factor: 0 is not between 1 and 2147483647");
  CHECK(ErrorOf({{"table.replication.factor", "two"}}) ==
        "property table.replication.factor: 'two' is no whole number");
  CHECK(ErrorOf({{"table.datalake.enabled", "yes"}}) ==
        "property table.datalake.enabled: 'yes' is neither true nor false");
  ErrorOf({{"table.log.arrow.compression.zstd.level", "23"}});
  ErrorOf({{"table.log.tiered.local-segments", "0"}});
  ErrorOf({{"table.kv.format-version", "3"}});
  ErrorOf({{"table.auto-partition.num-precreate", "-1"}});
  ErrorOf({{"table.auto-partition.num-precreate", "2147483647"}});
  ErrorOf({{"table.auto-partition.num-retention", "99999999999"}});
  ErrorOf({{"table.log.ttl", "soon"}});
  ErrorOf({{"table.auto-partition.key", " "}});
  ErrorOf({{"table.statistics.columns", "a,,b"}});
}

TEST_CASE("an unknown table property is refused with the nearest known one", "[types]") {
  CHECK(ErrorOf({{"table.log.tll", "1 d"}}) ==
        "'table.log.tll' is no table property (value '1 d'), did you mean table.log.ttl?");
  CHECK(ErrorOf({{"owner", "me"}}) == "'owner' is no table property (value 'me')");
  const std::string huge(1000000, 'x');
  CHECK(ErrorOf({{huge, huge}}).size() < 300);
  // A stored table may have been written by a newer server.
  CHECK(TableProperties::Parse({{"table.new", "1"}}, TableProperties::UnknownKeys::kIgnore).ok());
}

TEST_CASE("names of options read back as the same option", "[types]") {
  CHECK(ParseOption<ArrowCompression>(ToName(ArrowCompression::kLz4Frame)).value() ==
        ArrowCompression::kLz4Frame);
  CHECK(ParseOption<LakeFormat>(ToName(LakeFormat::kHudi)).value() == LakeFormat::kHudi);
  CHECK(ParseOption<PartitionTimeUnit>(ToName(PartitionTimeUnit::kQuarter)).value() ==
        PartitionTimeUnit::kQuarter);
  CHECK(ToName(MergeEngine::kAggregation) == "AGGREGATION");
  CHECK(ToName(KvFormat::kIndexed) == "INDEXED");
  CHECK(ToName(ChangelogImage::kWal) == "WAL");
  CHECK(ToName(DeleteBehavior::kAllow) == "ALLOW");
  CHECK(ToName(LogFormat::kCompacted) == "COMPACTED");
}

TEST_CASE("merge engines ignore deletes unless told otherwise", "[types]") {
  CHECK(Parsed({{"table.merge-engine", "first_row"}}).EffectiveDeleteBehavior() ==
        DeleteBehavior::kIgnore);
  CHECK(Parsed({{"table.merge-engine", "aggregation"}, {"table.delete.behavior", "allow"}})
            .EffectiveDeleteBehavior() == DeleteBehavior::kAllow);
}

TEST_CASE("some properties of an existing table can be altered", "[types]") {
  CHECK(CheckAlterableProperty("table.log.ttl").ok());
  CHECK(CheckAlterableProperty("table.auto-partition.num-retention").ok());
  CHECK(CheckAlterableProperty("owner").ok());
  CHECK(CheckAlterableProperty("table.log.format").code() == ErrorCode::kInvalidAlterTable);
  CHECK(CheckAlterableProperty("table.log.tl").message() ==
        "'table.log.tl' is no table property, did you mean table.log.ttl?");
}

TEST_CASE("the nearest name is found by edit distance", "[types]") {
  constexpr std::string_view kNames[] = {"apple", "orange", "melon"};
  CHECK(NearestName("aple", kNames) == "apple");
  CHECK(NearestName("oragne", kNames) == "orange");
  CHECK(NearestName("zzzzzz", kNames).empty());
  CHECK(NearestName("", kNames).empty());
  CHECK(NearestName(std::string(1000000, 'a'), kNames).empty());
}

TEST_CASE("of the custom properties one is ours, the others are anybody's", "[types]") {
  TableProperties p = Parsed({});
  CHECK(p.durability == std::nullopt);
  REQUIRE(p.ReadCustom({{"owner", "me"}, {"strom.durabilities", "no"}}).ok());
  CHECK(p.durability == std::nullopt);
  REQUIRE(p.ReadCustom({{"owner", "me"}, {"strom.durability", " Replicated "}}).ok());
  CHECK(p.durability == Durability::kReplicated);
  const Status status = p.ReadCustom({{"strom.durability", "sure"}});
  CHECK(status.code() == ErrorCode::kInvalidConfig);
  CHECK(status.message() ==
        "property strom.durability: 'sure' is none of durable, replicated, leader");
}

}  // namespace strom
