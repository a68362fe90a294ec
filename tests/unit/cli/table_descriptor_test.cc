#include <fstream>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "cli/table_description.h"
#include "cli/table_descriptor_args.h"
#include "common/types/json_codec.h"
#include "tests/testing/temp_dir.h"

namespace strom::cli {
namespace {

using Texts = std::map<std::string, Arguments::Texts, std::less<>>;

Result<TableDescriptor> Read(const Texts& given, const std::string& input = "") {
  Texts texts;
  for (const OptionSpec& option : TableDescriptorOptions()) texts[option.key()] = {};
  for (const auto& [name, values] : given) texts[name] = values;
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err};
  return TableDescriptorFromArguments(Arguments(texts), console);
}

std::string Problem(const Texts& given, const std::string& input = "") {
  const Status status = Read(given, input).status();
  CHECK(status.code() == ErrorCode::kInvalidConfig);
  return std::string(status.message());
}

std::string Described(const TableInfo& table, Format format) {
  std::ostringstream out;
  PrintTableDescription(table, format, out);
  return out.str();
}

TableInfo Info(const std::string& columns) {
  TableDescriptor descriptor = Read({{"--columns", {columns}},
                                     {"--buckets", {"3"}},
                                     {"--bucket-key", {"id"}},
                                     {"--comment", {"a\nb"}},
                                     {"--property", {"table.log.ttl=3d", "owner=me"}}})
                                   .value();
  return {.path = {"shop", "orders"},
          .id = TableId(7),
          .schema_id = SchemaId(1),
          .descriptor = std::move(descriptor),
          .created_ms = 1700000000000,
          .modified_ms = 1700000000123,
          .remote_data_dir = {}};
}

}  // namespace

TEST_CASE("a table is described by its options", "[cli]") {
  const TableDescriptor table = Read({{"--columns", {"id INT NOT NULL, name STRING"}},
                                      {"--buckets", {"3"}},
                                      {"--bucket-key", {"id, name"}},
                                      {"--comment", {"goods"}},
                                      {"--property", {"table.log.ttl=3d", "owner=a=b"}}})
                                    .value();
  CHECK(table.schema.columns().size() == 2);
  CHECK(table.bucket_count() == 3);
  CHECK(table.BucketKeys() == std::vector<std::string>{"id", "name"});
  CHECK(table.comment == "goods");
  CHECK(table.properties == PropertyMap{{"table.log.ttl", "3d"}});
  CHECK(table.custom_properties == PropertyMap{{"owner", "a=b"}});
  CHECK_FALSE(Read({{"--columns", {"id INT"}}}).value().distribution);
}

TEST_CASE("options come on top of a descriptor, from a file or the input", "[cli]") {
  const TableDescriptor base = Read({{"--columns", {"id INT NOT NULL"}},
                                     {"--buckets", {"3"}},
                                     {"--bucket-key", {"id"}},
                                     {"--comment", {"old"}},
                                     {"--property", {"owner=me"}}})
                                   .value();
  const testing::TempDir dir;
  const std::string path = dir.path() + "/t.json";
  std::ofstream(path) << ToJson(base);
  CHECK(Read({{"--descriptor", {path}}}).value() == base);
  CHECK(Read({{"--descriptor", {"-"}}}, ToJson(base)).value() == base);
  const TableDescriptor changed = Read({{"--descriptor", {path}},
                                        {"--buckets", {"5"}},
                                        {"--comment", {"new"}},
                                        {"--property", {"owner=you", "team=x"}}})
                                      .value();
  CHECK(changed.bucket_count() == 5);
  CHECK(changed.BucketKeys() == std::vector<std::string>{"id"});
  CHECK(changed.comment == "new");
  CHECK(changed.custom_properties == PropertyMap{{"owner", "you"}, {"team", "x"}});
}

TEST_CASE("a table that is described twice, not at all or wrongly is refused", "[cli]") {
  CHECK(Problem({}).find("--columns or from --descriptor") != std::string::npos);
  CHECK(Problem({{"--columns", {"id INT"}}, {"--descriptor", {"x"}}}).find("one of them") !=
        std::string::npos);
  CHECK(Problem({{"--columns", {"id"}}}).find("--columns: column 3") == 0);
  CHECK(Problem({{"--descriptor", {"-"}}}, "{").find("-: ") == 0);
  CHECK(Problem({{"--descriptor", {"-"}}}, "{}").find("-: ") == 0);
  CHECK(Read({{"--descriptor", {"/no/such/file"}}}).status().code() == ErrorCode::kStorage);
  for (const OptionSpec& option : TableDescriptorOptions()) {
    if (option.key() != "--buckets") continue;
    CHECK(option.check("4096").ok());
    CHECK(option.check("0").message() == "0 is less than 1");
    CHECK(option.check("3000000000").message() == "3000000000 are too many buckets");
  }
}

TEST_CASE("people get a table's facts, then its columns", "[cli]") {
  CHECK(Described(Info("id INT NOT NULL COMMENT 'key', name STRING"), Format::kTable) ==
        "table         shop.orders\n"
        "id            7\n"
        "schema        1\n"
        "kind          log table\n"
        "buckets       3\n"
        "bucket key    id\n"
        "comment       a\\nb\n"
        "created       2023-11-14T22:13:20Z\n"
        "modified      2023-11-14T22:13:20.123Z\n"
        "property      table.log.ttl=3d\n"
        "property      owner=me\n"
        "\n"
        " column | type         | comment\n"
        "--------+--------------+---------\n"
        " id     | INT NOT NULL | key\n"
        " name   | STRING       | \n"
        "(2 rows)\n");
  const std::string keyed = Described(Info("id INT, PRIMARY KEY (id)"), Format::kTable);
  CHECK(keyed.find("kind          primary-key table\nprimary key   id\n") != std::string::npos);
}

TEST_CASE("programs get a table's columns as CSV, or all of it as JSON", "[cli]") {
  const TableInfo info = Info("id INT NOT NULL COMMENT 'a,b', name STRING");
  CHECK(Described(info, Format::kCsv) ==
        "column,type,comment\nid,INT NOT NULL,\"a,b\"\nname,STRING,\n");
  const std::string json = Described(info, Format::kJson);
  const std::string head =
      R"({"table":"shop.orders","id":7,"schema_id":1,"created":"2023-11-14T22:13:20Z",)"
      R"("modified":"2023-11-14T22:13:20.123Z","descriptor":)";
  REQUIRE(json.starts_with(head));
  REQUIRE(json.ends_with("}\n"));
  const std::string descriptor = json.substr(head.size(), json.size() - head.size() - 2);
  CHECK(TableDescriptorFromJson(descriptor).value() == info.descriptor);
}

}  // namespace strom::cli
