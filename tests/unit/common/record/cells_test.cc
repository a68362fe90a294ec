// Rows that go from compacted rows into log batches as cells are what they are as Values.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "common/record/log_batch_builder.h"
#include "common/row/compacted_cells.h"
#include "common/row/compacted_row.h"
#include "tests/testing/random_rows.h"

namespace strom::record {
namespace {

LogBatchBuilder Builder(const std::vector<DataType>& types) {
  return LogBatchBuilder(RecordSchema(LogFormat::kArrow, types),
                         {.schema_id = SchemaId(1), .append_only = false});
}

std::vector<DataType> CellTypes(testing::RandomRows& random) {
  std::vector<DataType> types;
  while (types.empty()) {
    for (DataType& type : random.RandomTypes()) {
      if (HasCells(type)) types.push_back(std::move(type));
    }
  }
  return types;
}

}  // namespace

TEST_CASE("a batch of cells is the batch of the rows' values, byte for byte", "[record]") {
  const uint64_t seed = GENERATE(take(200, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  testing::RandomRows random(seed, {.columns_max = 30});
  const std::vector<DataType> types = CellTypes(random);
  const auto cells = CompactedCells::Make(types);
  REQUIRE(cells);
  CompactedCells::View view;
  LogBatchBuilder by_values = Builder(types);
  LogBatchBuilder by_cells = Builder(types);
  for (int i = 0; i < 20; ++i) {
    const Row row = random.RandomRow(types);
    const Bytes encoded = EncodeCompactedRow(row, types).value();
    REQUIRE(cells->Read(encoded, view));
    for (size_t c = 0; c < types.size(); ++c) {
      CHECK(view.cells[c].null == row[c].is_null());
      Bytes value;
      if (!row[c].is_null()) REQUIRE(AppendCompactedValue(value, row[c], types[c]).ok());
      CHECK(view.encoded[c] == value);
    }
    REQUIRE(by_values.Append(ChangeType::kInsert, row).ok());
    REQUIRE(by_cells.AppendCells(ChangeType::kInsert, view.cells).ok());
    CHECK(by_cells.size() == by_values.size());
  }
  CHECK(by_cells.Build().value() == by_values.Build().value());
}

TEST_CASE("cells are read from those bytes from which a row is decoded", "[record]") {
  const uint64_t seed = GENERATE(take(200, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  testing::RandomRows random(seed, {.columns_max = 8});
  const std::vector<DataType> types = CellTypes(random);
  const auto cells = CompactedCells::Make(types);
  REQUIRE(cells);
  std::mt19937_64 engine(seed);
  CompactedCells::View view;
  for (int i = 0; i < 50; ++i) {
    Bytes bytes = EncodeCompactedRow(random.RandomRow(types), types).value();
    // The null bits stay: that of a NOT NULL column counts for cells only.
    const size_t nulls = (types.size() + 7) / 8;
    switch (engine() % 3) {
      case 0:
        bytes.resize(engine() % (bytes.size() + 1));
        break;
      case 1:
        bytes.push_back(static_cast<char>(engine()));
        break;
      default:
        if (bytes.size() > nulls) {
          bytes[nulls + engine() % (bytes.size() - nulls)] = static_cast<char>(engine());
        }
    }
    const Result<Row> row = DecodeCompactedRow(bytes, types);
    REQUIRE(cells->Read(bytes, view) == row.ok());
    if (!row.ok()) continue;
    LogBatchBuilder by_values = Builder(types);
    LogBatchBuilder by_cells = Builder(types);
    REQUIRE(by_values.Append(ChangeType::kInsert, *row).ok());
    REQUIRE(by_cells.AppendCells(ChangeType::kInsert, view.cells).ok());
    CHECK(by_cells.Build().value() == by_values.Build().value());
  }
}

TEST_CASE("NULL where it may not be is no row of cells", "[record]") {
  const std::vector<DataType> types = {DataType::Int().NotNull(), DataType::String()};
  const auto cells = CompactedCells::Make(types);
  REQUIRE(cells);
  CompactedCells::View view;
  Bytes row = EncodeCompactedRow({Value::Int(7), Value::Null()}, types).value();
  REQUIRE(cells->Read(row, view));
  CHECK(view.cells[0].number == 7);
  CHECK(view.cells[1].null);
  row[0] = static_cast<char>(row[0] | 1);
  CHECK_FALSE(cells->Read(row, view));
}

TEST_CASE("nested types, and those that the log changes, have no cells", "[record]") {
  for (const DataType& type :
       {DataType::Array(DataType::Int()), DataType::Map(DataType::Int(), DataType::Int()),
        DataType::Char(3), DataType::Binary(3), DataType::Time(0), DataType::Timestamp(0),
        DataType::Timestamp(6), DataType::TimestampLtz(9)}) {
    INFO(type.ToString());
    CHECK_FALSE(CompactedCells::Make(std::vector<DataType>{DataType::Int(), type}));
  }
}

}  // namespace strom::record
