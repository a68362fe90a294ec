#include "common/convert/path.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::convert {
namespace {

pb::PbTablePath Pb(std::string database, std::string table) {
  pb::PbTablePath path;
  path.set_database_name(std::move(database));
  path.set_table_name(std::move(table));
  return path;
}

pb::PbPhysicalTablePath PbPartition(std::string partition) {
  pb::PbPhysicalTablePath path;
  path.set_database_name("db");
  path.set_table_name("t");
  path.set_partition_name(std::move(partition));
  return path;
}

TEST_CASE("a table path survives the wire", "[convert]") {
  const TablePath path{"ods", "meter_reading-2024"};
  CHECK(FromPb(ToPb(path)).value() == path);
  CHECK(NewTablePathFromPb(ToPb(path)).value() == path);
  CHECK(ToPb(path).SerializeAsString() == Pb("ods", "meter_reading-2024").SerializeAsString());
}

TEST_CASE("a name that leads out of its place is the name of no table", "[convert]") {
  for (const std::string bad : {"..", ".", "", "a/b", "a.b", "a b", "日本"}) {
    INFO("name '" << bad << "'");
    CHECK(FromPb(Pb(bad, "t")).status().code() == ErrorCode::kTableNotExist);
    CHECK(FromPb(Pb("db", bad)).status().code() == ErrorCode::kTableNotExist);
    CHECK(NewTablePathFromPb(Pb(bad, "t")).status().code() == ErrorCode::kInvalidDatabase);
    CHECK(NewTablePathFromPb(Pb("db", bad)).status().code() == ErrorCode::kInvalidTable);
  }
  const std::string nul("a\0b", 3);
  CHECK(FromPb(Pb("db", nul)).status().code() == ErrorCode::kTableNotExist);
}

TEST_CASE("names have a longest length", "[convert]") {
  CHECK(FromPb(Pb("db", std::string(kNameLengthMax, 'x'))).ok());
  CHECK(FromPb(Pb("db", std::string(kNameLengthMax + 1, 'x'))).status().code() ==
        ErrorCode::kTableNotExist);
  // The message of a refusal does not repeat what made the name too long.
  const Status refused = FromPb(Pb("db", std::string(1 << 20, 'x'))).status();
  CHECK(refused.message().size() < 300);
}

TEST_CASE("system tables can be named but not created", "[convert]") {
  const auto system = Pb("__UNKNOWN__", "__delete__");  // As UPDATE_METADATA tells of a drop.
  CHECK(FromPb(system).value() == TablePath{"__UNKNOWN__", "__delete__"});
  CHECK(NewTablePathFromPb(system).status().code() == ErrorCode::kInvalidDatabase);
}

TEST_CASE("a partition's path survives the wire, and so does having none", "[convert]") {
  const PhysicalTablePath partition{{"db", "t"}, "2024$eu"};
  CHECK(FromPb(ToPb(partition)).value() == partition);

  const PhysicalTablePath table{{"db", "t"}, std::nullopt};
  CHECK_FALSE(ToPb(table).has_partition_name());
  CHECK(FromPb(ToPb(table)).value() == table);
}

TEST_CASE("each value of a partition's name keeps the rules", "[convert]") {
  CHECK(FromPb(PbPartition("__historical__")).ok());
  for (const std::string bad : {"", "$", "2024$", "$eu", "2024$$eu", "..", "2024$..", "a/b$c"}) {
    INFO("partition '" << bad << "'");
    CHECK(FromPb(PbPartition(bad)).status().code() == ErrorCode::kPartitionNotExists);
  }
  pb::PbPhysicalTablePath no_table = PbPartition("2024");
  no_table.set_table_name("a/b");
  CHECK(FromPb(no_table).status().code() == ErrorCode::kTableNotExist);
}

}  // namespace
}  // namespace strom::convert
