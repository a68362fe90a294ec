#include "common/row/table_keys.h"

#include <catch2/catch_test_macros.hpp>

#include "common/row/bucketing.h"

namespace strom {
namespace {

const std::vector<size_t> kBoth = {0, 1};
const std::vector<size_t> kFirst = {0};

DataType IdAndName() {
  return DataType::Row({{.name = "id", .type = DataType::Int().NotNull(), .description = {}},
                        {.name = "name", .type = DataType::String().NotNull(), .description = {}}});
}

// "primary/bucket", with a star if the primary key's bytes are those of the bucket key.
std::string Choice(std::optional<LakeFormat> lake, int version, std::vector<size_t> primary,
                   std::vector<size_t> bucket) {
  const auto keys = TableKeys::Make(IdAndName(), {.lake = lake,
                                                  .key_encoding_version = version,
                                                  .primary_key = std::move(primary),
                                                  .bucket_key = std::move(bucket)});
  if (!keys.ok()) return std::string(ErrorCodeName(keys.status().code()));
  CHECK(keys->prefix.encoding() == keys->primary_key.encoding());
  CHECK(keys->prefix.columns() == keys->bucket_key.columns());
  return fmt::format("{}/{}{}", ToName(keys->primary_key.encoding()),
                     ToName(keys->bucket_key.encoding()),
                     keys->bucket_key_is_primary_key ? "*" : "");
}

TEST_CASE("tables without a lake encode all keys compacted", "[row]") {
  for (const int version : {1, 2}) {
    for (const auto lake : {std::optional<LakeFormat>(), std::optional(LakeFormat::kLance)}) {
      CHECK(Choice(lake, version, kBoth, kBoth) == "compacted/compacted*");
      CHECK(Choice(lake, version, kBoth, kFirst) == "compacted/compacted");
    }
  }
}

TEST_CASE("version 1 uses the lake's encoding for both keys", "[row]") {
  CHECK(Choice(LakeFormat::kPaimon, 1, kBoth, kBoth) == "paimon/paimon*");
  CHECK(Choice(LakeFormat::kPaimon, 1, kBoth, kFirst) == "paimon/paimon");
  CHECK(Choice(LakeFormat::kIceberg, 1, kFirst, kFirst) == "iceberg/iceberg*");
  CHECK(Choice(LakeFormat::kIceberg, 1, kBoth, kFirst) == "kInvalidTable");
}

TEST_CASE("version 2 keeps prefixes where the bucket key is not the primary key", "[row]") {
  CHECK(Choice(LakeFormat::kPaimon, 2, kBoth, kBoth) == "paimon/paimon*");
  CHECK(Choice(LakeFormat::kPaimon, 2, kBoth, kFirst) == "compacted/paimon");
  CHECK(Choice(LakeFormat::kIceberg, 2, kFirst, kFirst) == "iceberg/iceberg*");
  CHECK(Choice(LakeFormat::kIceberg, 2, kBoth, kFirst) == "compacted/iceberg");
}

TEST_CASE("Hudi only hashes bucket keys", "[row]") {
  for (const int version : {1, 2}) {
    CHECK(Choice(LakeFormat::kHudi, version, kBoth, kBoth) == "compacted/hudi");
    CHECK(Choice(LakeFormat::kHudi, version, kBoth, kFirst) == "compacted/hudi");
  }
}

TEST_CASE("there is no third version", "[row]") {
  CHECK(Choice(std::nullopt, 0, kBoth, kBoth) == "kInvalidConfig");
  CHECK(Choice(std::nullopt, 3, kBoth, kBoth) == "kInvalidConfig");
}

TEST_CASE("an encoded prefix is the beginning of the primary keys it stands for", "[row]") {
  const TableKeys keys = TableKeys::Make(IdAndName(), {.lake = LakeFormat::kPaimon,
                                                       .key_encoding_version = 2,
                                                       .primary_key = kBoth,
                                                       .bucket_key = kFirst})
                             .value();
  const Row row = {Value::Int(300), Value::String("x")};
  const Bytes primary = keys.primary_key.EncodeKey(row).value();
  CHECK(primary.starts_with(keys.prefix.EncodeKey(row).value()));
  CHECK(ToHex(primary) == "ac020178");
  CHECK(BucketOf(LakeFormat::kPaimon, keys.bucket_key.EncodeKey(row).value(), 8).ok());
}

}  // namespace
}  // namespace strom
