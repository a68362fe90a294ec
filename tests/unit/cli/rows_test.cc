#include <sstream>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "cli/csv.h"
#include "cli/row_printer.h"
#include "cli/row_reader.h"
#include "cli/table_printer.h"
#include "tests/testing/random_rows.h"

namespace strom::cli {
namespace {

Schema TwoColumns() {
  return Schema::Make({.columns = {{.name = "id", .type = DataType::Int().NotNull()},
                                   {.name = "name", .type = DataType::String()}}})
      .value();
}

using Parsed = std::vector<std::vector<CsvField>>;
Parsed Records(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  Parsed records;
  while (auto record = reader.Next().value()) records.push_back(*std::move(record));
  return records;
}

std::vector<CsvField> Plain(const std::vector<std::string>& texts) {
  std::vector<CsvField> fields;
  for (const std::string& text : texts) fields.push_back({text, false});
  return fields;
}

// Reads all rows; the message of the first error in their place.
using MakeReader = std::unique_ptr<RowReader> (*)(std::istream&, Schema);
std::pair<std::vector<Row>, std::string> ReadAll(MakeReader make, const std::string& text,
                                                 const Schema& schema = TwoColumns()) {
  std::istringstream in(text);
  const auto reader = make(in, schema);
  std::vector<Row> rows;
  while (true) {
    Result<std::optional<Row>> row = reader->Next();
    if (!row.ok()) return {rows, std::string(row.status().message())};
    if (!row->has_value()) return {rows, ""};
    rows.push_back(**std::move(row));
  }
}

std::string Printed(Format format, const std::vector<Column>& columns,
                    const std::vector<Row>& rows) {
  std::ostringstream out;
  const auto printer = MakeRowPrinter(format, columns, out);
  for (const Row& row : rows) printer->Print(row);
  printer->Finish();
  return out.str();
}

}  // namespace

TEST_CASE("CSV records are those of RFC 4180", "[cli]") {
  CHECK(Records("a,b\nc,d\n") == Parsed{Plain({"a", "b"}), Plain({"c", "d"})});
  CHECK(Records("a,b\r\nc,d") == Parsed{Plain({"a", "b"}), Plain({"c", "d"})});
  CHECK(Records("a,,\n") == Parsed{Plain({"a", "", ""})});
  CHECK(Records("") == Parsed());
  const auto quoted = Records("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"\"\nz\n");
  REQUIRE(quoted.size() == 2);
  CHECK(quoted[0] == std::vector<CsvField>{
                         {"a,b", true}, {"say \"hi\"", true}, {"two\nlines", true}, {"", true}});
  CHECK_FALSE(quoted[0][3].is_null());
  CHECK(quoted[1] == Plain({"z"}));
}

TEST_CASE("broken CSV names the line on which its record began", "[cli]") {
  const auto problem = [](const std::string& text) {
    std::istringstream in(text);
    CsvReader reader(in);
    while (true) {
      const auto record = reader.Next();
      if (!record.ok()) return std::string(record.status().message());
      REQUIRE(record->has_value());
    }
  };
  CHECK(problem("a\n\"b\nc") == "line 2: a quote is not closed");
  CHECK(problem("a,b\"c\n") == "line 1: field 2: text and quotes are mixed");
  CHECK(problem("\"a\nb\",x\n\"a\"b\n") == "line 3: field 1: text and quotes are mixed");
  CHECK(problem(std::string(kRecordBytesMax + 1, 'x')).find("a record of more than") !=
        std::string::npos);
  CHECK(problem("\"" + std::string(kRecordBytesMax + 1, 'x')).find("a record of more than") !=
        std::string::npos);
}

TEST_CASE("a field is quoted when it must be", "[cli]") {
  CHECK(CsvQuoted("plain 水") == "plain 水");
  CHECK(CsvQuoted("") == "\"\"");
  CHECK(CsvQuoted("a,b") == "\"a,b\"");
  CHECK(CsvQuoted("say \"hi\"") == "\"say \"\"hi\"\"\"");
  CHECK(CsvQuoted("two\nlines") == "\"two\nlines\"");
}

TEST_CASE("rows are read from JSON lines", "[cli]") {
  const auto [rows, problem] =
      ReadAll(MakeJsonRowReader, "{\"id\":1,\"name\":\"a\"}\n\n  \n{\"id\":2}\r\n");
  CHECK(problem.empty());
  CHECK(rows ==
        std::vector<Row>{{Value::Int(1), Value::String("a")}, {Value::Int(2), Value::Null()}});
  CHECK(ReadAll(MakeJsonRowReader, "{\"id\":1}\n\n{\"id\":true}\n").second ==
        "line 3: column id: true is no whole number");
  CHECK(ReadAll(MakeJsonRowReader, "{\"id\":1}\n" + std::string(kRecordBytesMax + 1, ' '))
            .second.find("line 2: a line of more than") == 0);
}

TEST_CASE("rows are read from CSV, columns by name", "[cli]") {
  const auto [rows, problem] = ReadAll(MakeCsvRowReader, "name,id\n\"\",1\n,2\n\n\"x,y\",3\n");
  CHECK(problem.empty());
  CHECK(rows == std::vector<Row>{{Value::Int(1), Value::String("")},
                                 {Value::Int(2), Value::Null()},
                                 {Value::Int(3), Value::String("x,y")}});
  CHECK(ReadAll(MakeCsvRowReader, "id\n5\n").first ==
        std::vector<Row>{{Value::Int(5), Value::Null()}});
  CHECK(ReadAll(MakeCsvRowReader, "").first.empty());
}

TEST_CASE("wrong CSV rows name line and column", "[cli]") {
  const auto problem = [](const std::string& text) {
    return ReadAll(MakeCsvRowReader, text).second;
  };
  CHECK(problem("id,nam\n1,a\n") == "line 1: no column nam, did you mean name?");
  CHECK(problem("id,id\n1,2\n") == "line 1: column id comes twice");
  CHECK(problem("id,name\n1,a\nx,b\n") == "line 3: column id: 'x' is no whole number");
  CHECK(problem("id,name\n1\n") == "line 2: 1 fields, but 2 columns");
  CHECK(problem("name\na\n").find("line 2: column id") == 0);
}

TEST_CASE("what is printed as JSON or CSV reads back", "[cli]") {
  const uint64_t seed = GENERATE(take(100, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  testing::RandomRows random(seed, {.depth_max = 0});
  const std::vector<DataType> types = random.RandomTypes();
  SchemaSpec spec;
  for (size_t i = 0; i < types.size(); ++i) {
    spec.columns.push_back({.name = "c, " + std::to_string(i), .type = types[i]});
  }
  const Schema schema = Schema::Make(spec).value();
  std::vector<Row> rows;
  for (int i = 0; i < 20; ++i) rows.push_back(random.RandomRow(types));
  const std::string json = Printed(Format::kJson, schema.columns(), rows);
  INFO(json);
  CHECK(ReadAll(MakeJsonRowReader, json, schema) == std::pair(rows, std::string()));
  const std::string csv = Printed(Format::kCsv, schema.columns(), rows);
  INFO(csv);
  CHECK(ReadAll(MakeCsvRowReader, csv, schema) == std::pair(rows, std::string()));
}

TEST_CASE("a table is aligned, numbers to the right, Chinese by its width", "[cli]") {
  const std::vector<Column> columns = {{.name = "id", .type = DataType::Int()},
                                       {.name = "名称", .type = DataType::String()},
                                       {.name = "raw", .type = DataType::Bytes()}};
  CHECK(Printed(Format::kTable, columns,
                {{Value::Int(1), Value::String("水利"), Value::String("\x0a\xff")},
                 {Value::Int(1234), Value::String("a\nb"), Value::Null()},
                 {Value::Null(), Value::String("éxyz"), Value::String("")}}) ==
        "   id | 名称 | raw\n"
        "------+------+---------\n"
        "    1 | 水利 | x'0aff'\n"
        " 1234 | a\\nb | NULL\n"
        " NULL | éxyz | x''\n"
        "(3 rows)\n");
  CHECK(Printed(Format::kTable, {TextColumn("database")}, {}) ==
        " database\n----------\n(0 rows)\n");
  CHECK(Printed(Format::kTable, {NumberColumn("n")}, {{Value::Int(5)}}) ==
        " n\n---\n 5\n(1 row)\n");
}

TEST_CASE("a long table begins to appear before it ends", "[cli]") {
  std::ostringstream out;
  TablePrinter printer({TextColumn("t")}, out);
  for (size_t i = 0; i + 1 < TablePrinter::kRowsMeasured; ++i) printer.Print({Value::String("x")});
  CHECK(out.str().empty());
  printer.Print({Value::String("xyz")});
  CHECK(out.str().starts_with(" t\n-----\n x\n"));
  printer.Print({Value::String("wider than measured")});
  printer.Finish();
  CHECK(out.str().ends_with(" wider than measured\n(1001 rows)\n"));
}

TEST_CASE("CSV has a header, and tells no value from an empty one", "[cli]") {
  CHECK(Printed(Format::kCsv, TwoColumns().columns(),
                {{Value::Int(1), Value::Null()}, {Value::Int(2), Value::String("")}}) ==
        "id,name\n1,\n2,\"\"\n");
}

}  // namespace strom::cli
