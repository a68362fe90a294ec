#include "common/row/row_codec.h"

#include <catch2/catch_test_macros.hpp>

#include "common/row/compacted_row.h"
#include "common/row/indexed_row.h"
#include "common/row/stored_value.h"
#include "tests/testing/random_rows.h"

namespace strom {
namespace {

constexpr RowFormat kFormats[] = {RowFormat::kCompacted, RowFormat::kIndexed};

std::vector<RowField> FieldsOf(const std::vector<DataType>& types) {
  std::vector<RowField> fields;
  for (const DataType& type : types)
    fields.push_back({.name = "f", .type = type, .description = {}});
  return fields;
}

TEST_CASE("each format is dispatched to its codec", "[row]") {
  const std::vector<DataType> types = {DataType::Int(), DataType::String()};
  const Row row = {Value::Int(1), Value::String("a")};
  CHECK(ToHex(EncodeRow(RowFormat::kCompacted, row, types).value()) == "00010161");
  CHECK(ToHex(EncodeRow(RowFormat::kIndexed, row, types).value()) == "00010000000100000061");
  CHECK(ToRowFormat(KvFormat::kCompacted) == RowFormat::kCompacted);
  CHECK(ToRowFormat(KvFormat::kIndexed) == RowFormat::kIndexed);
  for (const RowFormat format : kFormats) {
    CHECK(DecodeRow(format, EncodeRow(format, row, types).value(), types).value() == row);
  }
}

TEST_CASE("fields and types give the same bytes", "[row]") {
  testing::RandomRows random(5);
  for (int i = 0; i < 50; ++i) {
    const std::vector<DataType> types = random.RandomTypes();
    const std::vector<RowField> fields = FieldsOf(types);
    const Row row = random.RandomRow(types);
    for (const RowFormat format : kFormats) {
      const Bytes bytes = EncodeRow(format, row, types).value();
      CHECK(EncodeRow(format, row, fields).value() == bytes);
      CHECK(DecodeRow(format, bytes, fields).value() == row);
    }
  }
  for (const RowFormat format : kFormats) {
    Bytes out = "before";
    CHECK(!AppendRow(format, out, {Value::Bool(true)}, FieldsOf({DataType::Int()})).ok());
    CHECK(out == "before");
  }
}

TEST_CASE("chosen columns come in the order they were asked for", "[row]") {
  testing::RandomRows random(7);
  for (int i = 0; i < 100; ++i) {
    INFO("round " << i);
    const std::vector<DataType> types = random.RandomTypes();
    const Row row = random.RandomRow(types);
    std::vector<size_t> columns;  // A random selection, backwards.
    for (size_t c = types.size(); c-- > 0;) {
      if (random.Percent(50)) columns.push_back(c);
    }
    Row expected;
    for (const size_t c : columns) expected.push_back(row[c]);
    for (const RowFormat format : kFormats) {
      const ColumnDecoder decoder(format, types, columns);
      const auto decoded = decoder.Decode(EncodeRow(format, row, types).value());
      REQUIRE(decoded.ok());
      CHECK(*decoded == expected);
    }
  }
}

TEST_CASE("a row cut off before a wanted column is refused, behind it is not seen", "[row]") {
  const std::vector<DataType> types = {DataType::String(), DataType::Int(), DataType::BigInt()};
  const size_t columns[] = {1};
  for (const RowFormat format : kFormats) {
    const Row row = {Value::String("abc"), Value::Int(1), Value::Int(2)};
    const Bytes bytes = EncodeRow(format, row, types).value();
    const size_t tail = format == RowFormat::kCompacted ? 1 : 8;
    const ColumnDecoder decoder(format, types, columns);
    CHECK(decoder.Decode(BytesView(bytes).substr(0, bytes.size() - tail)).value()[0] ==
          Value::Int(1));
    const auto cut = decoder.Decode(BytesView(bytes).substr(0, bytes.size() - tail - 1));
    CHECK(cut.status().code() == ErrorCode::kCorruptMessage);
  }
}

TEST_CASE("a stored value is a schema id and a row", "[row]") {
  Bytes bytes;
  AppendStoredValueHeader(bytes, SchemaId(1));
  const std::vector<DataType> types = {DataType::Int().NotNull(), DataType::String()};
  const Row row = {Value::Int(1), Value::String("a")};
  REQUIRE(AppendRow(RowFormat::kCompacted, bytes, row, types).ok());
  CHECK(ToHex(bytes) == "010000010161");  // V4 of fluss-record-formats.md.

  const StoredValue value = ParseStoredValue(bytes).value();
  CHECK(value.schema_id == SchemaId(1));
  CHECK(DecodeRow(RowFormat::kCompacted, value.row, types).value() == row);
  CHECK(ParseStoredValue("\1").status().code() == ErrorCode::kCorruptMessage);
  CHECK(ParseStoredValue("\xff\xff").status().code() == ErrorCode::kCorruptRecord);
}

}  // namespace
}  // namespace strom
