#include "common/convert/key_values.h"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace strom::convert {
namespace {

pb::PbPartitionSpec PbSpec(const PartitionSpec& spec) {
  pb::PbPartitionSpec result;
  for (const auto& [key, value] : spec) {
    result.add_partition_key_values()->set_key(key);
    result.mutable_partition_key_values()->rbegin()->set_value(value);
  }
  return result;
}

TEST_CASE("properties survive the wire", "[convert]") {
  const PropertyMap properties = {{"table.log.format", "ARROW"}, {"empty", ""}, {"", "no key"}};
  CHECK(FromPb(ToPb(properties)).value() == properties);
  CHECK(ToPb(PropertyMap()).empty());
  CHECK(FromPb(PbKeyValues()).value().empty());
}

TEST_CASE("properties are written in the order of their keys", "[convert]") {
  const PbKeyValues written = ToPb(PropertyMap{{"b", "2"}, {"a", "1"}});
  REQUIRE(written.size() == 2);
  CHECK(written[0].key() == "a");
  CHECK(written[1].value() == "2");
}

TEST_CASE("a property that is given twice is refused, even with the same value", "[convert]") {
  PbKeyValues twice = ToPb(PropertyMap{{"a", "1"}, {"b", "2"}});
  *twice.Add() = twice[0];
  const Status status = FromPb(twice).status();
  CHECK(status.code() == ErrorCode::kInvalidConfig);
  CHECK(status.message() == "property 'a' is given twice");
}

TEST_CASE("a partition spec survives the wire in its order", "[convert]") {
  const PartitionSpec spec = {{"region", "us"}, {"year", "2024"}};
  CHECK(FromPb(ToPb(spec), true).value() == spec);
  CHECK(ToPb(spec).SerializeAsString() == PbSpec(spec).SerializeAsString());
  CHECK(FromPb(pb::PbPartitionSpec(), true).value().empty());
}

TEST_CASE("a spec with doubled or unknown keys is left to the table to judge", "[convert]") {
  const PartitionSpec doubled = {{"year", "2024"}, {"year", "2025"}};
  const PartitionSpec read = FromPb(PbSpec(doubled), true).value();
  CHECK(read == doubled);
  const std::vector<std::string> keys = {"year"};
  CHECK(ResolvePartitionSpec(read, keys).status().code() == ErrorCode::kPartitionSpecInvalid);
}

TEST_CASE("values of a partition keep the rules for names", "[convert]") {
  for (const std::string bad : {"", "..", "a/b", "a$b", "a.b"}) {
    INFO("value '" << bad << "'");
    for (const bool is_new : {true, false}) {
      CHECK(FromPb(PbSpec({{"year", "2024"}, {"region", bad}}), is_new).status().code() ==
            ErrorCode::kPartitionSpecInvalid);
    }
  }
}

TEST_CASE("the historical partition can be named but not created", "[convert]") {
  const auto historical = PbSpec({{"year", std::string(kHistoricalPartition)}});
  CHECK(FromPb(historical, false).ok());
  CHECK(FromPb(historical, true).status().code() == ErrorCode::kPartitionSpecInvalid);
}

}  // namespace
}  // namespace strom::convert
