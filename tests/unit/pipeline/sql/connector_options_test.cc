#include "pipeline/sql/connector_options.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::sql {
namespace {

TableDefinition Table(Options options) {
  TableDefinition table;
  table.name.parts = {"t"};
  table.columns = {{.name = "id", .type = DataType::BigInt().NotNull()},
                   {.name = "v", .type = DataType::String()}};
  table.primary_key = {"id"};
  table.options = std::move(options);
  return table;
}

TEST_CASE("a JDBC address is read from its parts", "[sql]") {
  const auto options =
      ReadJdbcOptions(Table({{"connector", "jdbc"},
                             {"url", "jdbc:postgresql://db:6543/dw?currentSchema=s&ssl=true"},
                             {"table-name", "t"},
                             {"sink.buffer-flush.interval", "2s"}}));
  REQUIRE(options.ok());
  CHECK(options->host == "db");
  CHECK(options->port == 6543);
  CHECK(options->database == "dw");
  CHECK(options->schema == "s");
  CHECK(options->flush_interval_ms == 2000);
  CHECK(options->ignored == std::vector<std::string>{"url: ssl"});
  const auto mysql = ReadJdbcOptions(Table({{"url", "jdbc:mysql://m/d"}, {"table-name", "x.y"}}));
  REQUIRE(mysql.ok());
  CHECK(mysql->kind == JdbcKind::kMysql);
  CHECK(mysql->port == 3306);
  CHECK(mysql->schema == "x");
  CHECK(mysql->table == "y");
}

TEST_CASE("wrong connector options are named", "[sql]") {
  const auto message = [](Options options) {
    return std::string(ReadJdbcOptions(Table(std::move(options))).status().message());
  };
  CHECK(message({{"url", "jdbc:mysql://m/d"}, {"table-nam", "x"}}) ==
        "line 1, column 1: table t: there is no option 'table-nam'; did you mean 'table-name'?");
  CHECK(message({{"url", "jdbc:oracle://m/d"}, {"table-name", "x"}}).find("begins with none") !=
        std::string::npos);
  CHECK(message({{"url", "jdbc:mysql://m"}, {"table-name", "x"}}).find("host:port/database") !=
        std::string::npos);
  CHECK(message({{"url", "jdbc:mysql://m:0/d"}, {"table-name", "x"}}).find("no port") !=
        std::string::npos);
  CHECK(ReadPostgresCdcOptions(Table({{"hostname", "h"}})).status().message() ==
        "line 1, column 1: table t: option 'username' is missing");
}

TEST_CASE("options of a table of the cluster become its descriptor", "[sql]") {
  const auto descriptor = ToDescriptor(
      Table({{"bucket.num", "4"}, {"bucket.key", "id"}, {"table.log.ttl", "7d"}, {"mine", "x"}}));
  REQUIRE(descriptor.ok());
  CHECK(descriptor->bucket_count() == 4);
  CHECK(descriptor->distribution->bucket_keys == std::vector<std::string>{"id"});
  CHECK(descriptor->properties.at("table.log.ttl") == "7d");
  CHECK(descriptor->custom_properties.at("mine") == "x");
  CHECK_FALSE(ToDescriptor(Table({{"bucket.num", "many"}})).ok());
}

TEST_CASE("an address keeps variables as they are written, the port's too", "[sql]") {
  const auto cdc = [](const std::string& port) {
    const auto script = ParseScript(
        "CREATE TEMPORARY TABLE t (id BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ("
        "'connector' = 'postgres-cdc', 'hostname' = '${H}', " +
        port +
        "'username' = 'u', "
        "'password' = 'p', 'database-name' = 'd', 'schema-name' = 's', 'table-name' = 't')");
    REQUIRE(script.ok());
    return AddressOf(
        ReadPostgresCdcOptions(std::get<CreateTable>(script->at(0).body).table).value());
  };
  CHECK(cdc("") == "postgres-cdc://${H}:5432/d");
  CHECK(cdc("'port' = '${P}', ") == "postgres-cdc://${H}:${P}/d");
  CHECK(cdc("'port' = '6000', ") == "postgres-cdc://${H}:6000/d");
}

}  // namespace
}  // namespace strom::sql
