#include "common/arrow/batch_builder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/arrow/ipc_message.h"
#include "tests/unit/common/arrow/sample.h"

namespace strom::arrow {
namespace {

// The buffers of the message of one row set, as hexadecimal.
std::vector<std::string> BuffersOf(const std::vector<DataType>& types,
                                   const std::vector<Row>& rows) {
  const Bytes bytes = Build(types, rows);
  const RecordBatchMessage message = RecordBatchMessage::Parse(bytes).value();
  std::vector<std::string> buffers;
  for (size_t i = 0; i < message.buffer_count(); ++i) {
    buffers.push_back(ToHex(message.buffer_bytes(i)));
  }
  return buffers;
}

using Hex = std::vector<std::string>;

TEST_CASE("numbers are stored little-endian in their width, nulls as zero", "[arrow]") {
  const std::vector<Row> rows = {{Value::Int(-2)}, {Value::Null()}, {Value::Int(5)}};
  CHECK(BuffersOf({DataType::TinyInt()}, rows) == Hex{"05", "fe0005"});
  CHECK(BuffersOf({DataType::SmallInt()}, rows) == Hex{"05", "feff00000500"});
  CHECK(BuffersOf({DataType::Int()}, rows) == Hex{"05", "feffffff0000000005000000"});
  CHECK(BuffersOf({DataType::Date()}, rows) == Hex{"05", "feffffff0000000005000000"});
  CHECK(BuffersOf({DataType::BigInt()}, rows) ==
        Hex{"05", "feffffffffffffff00000000000000000500000000000000"});
  CHECK(BuffersOf({DataType::Float()}, {{Value::Float(1.5F)}}) == Hex{"01", "0000c03f"});
  CHECK(BuffersOf({DataType::Double()}, {{Value::Double(-2)}}) == Hex{"01", "00000000000000c0"});
  CHECK(BuffersOf({DataType::Decimal(38, 0)}, {{Value::Dec(-2)}}) ==
        Hex{"01", "feffffffffffffffffffffffffffffff"});
}

TEST_CASE("booleans and validity are packed, lowest bit first", "[arrow]") {
  std::vector<Row> rows(9, Row{Value::Bool(false)});
  rows[0] = {Value::Bool(true)};
  rows[3] = {Value::Null()};
  rows[8] = {Value::Bool(true)};
  CHECK(BuffersOf({DataType::Boolean()}, rows) == Hex{"f701", "0101"});
}

TEST_CASE("times are stored in the unit of their precision", "[arrow]") {
  const std::vector<Row> time = {{Value::Int(1999)}};
  CHECK(BuffersOf({DataType::Time(0)}, time) == Hex{"01", "01000000"});
  CHECK(BuffersOf({DataType::Time(3)}, time) == Hex{"01", "cf070000"});
  CHECK(BuffersOf({DataType::Time(6)}, time) == Hex{"01", "98801e0000000000"});
  CHECK(BuffersOf({DataType::Time(9)}, time) == Hex{"01", "c051267700000000"});

  const std::vector<Row> before_1970 = {{Value::Time(-1, 999999)}};
  CHECK(BuffersOf({DataType::Timestamp(0)}, before_1970) == Hex{"01", "0000000000000000"});
  CHECK(BuffersOf({DataType::TimestampLtz(3)}, before_1970) == Hex{"01", "ffffffffffffffff"});
  CHECK(BuffersOf({DataType::Timestamp(6)}, before_1970) == Hex{"01", "ffffffffffffffff"});
  CHECK(BuffersOf({DataType::TimestampLtz(9)}, before_1970) == Hex{"01", "ffffffffffffffff"});
  CHECK(BuffersOf({DataType::Timestamp(9)}, {{Value::Time(1, 2)}}) ==
        Hex{"01", "42420f0000000000"});
}

TEST_CASE("a short BINARY is filled up, a short CHAR is not", "[arrow]") {
  CHECK(BuffersOf({DataType::Binary(4)}, {{Value::String("ab")}, {Value::Null()}}) ==
        Hex{"01", "6162000000000000"});
  CHECK(BuffersOf({DataType::Char(4)}, {{Value::String("ab")}}) ==
        Hex{"01", "0000000002000000", "6162"});
}

TEST_CASE("null lists are empty ranges and null rows have null children", "[arrow]") {
  const std::vector<Row> list = {
      {Value::Null()}, {Value::List({})}, {Value::List({Value::Int(1), Value::Null()})}};
  CHECK(BuffersOf({DataType::Array(DataType::TinyInt())}, list) ==
        Hex{"06", "00000000000000000000000002000000", "01", "0100"});

  const DataType row = DataType::Row({{"x", DataType::TinyInt().NotNull(), {}}});
  CHECK(BuffersOf({row}, {{Value::Null()}, {Value::Struct({Value::Int(7)})}}) ==
        Hex{"02", "02", "0007"});
}

TEST_CASE("fields without slots have empty buffers", "[arrow]") {
  CHECK(BuffersOf({DataType::String(), DataType::Boolean()}, {}) == Hex{"", "", "", "", ""});
  CHECK(BuffersOf({DataType::Array(DataType::String())}, {{Value::List({})}}) ==
        Hex{"01", "0000000000000000", "", "", ""});
}

TEST_CASE("a row that does not fit leaves the builder as it was", "[arrow]") {
  RecordBatchBuilder builder(std::vector<DataType>{DataType::String(), DataType::Int().NotNull()});
  REQUIRE(builder.Append({Value::String("a"), Value::Int(1)}).ok());
  const Bytes before = builder.Finish({});

  const auto code = [&builder](Row row) { return builder.Append(row).code(); };
  CHECK(code({Value::String("b")}) == ErrorCode::kCorruptRecord);
  CHECK(code({Value::String("b"), Value::Int(2), Value::Int(3)}) == ErrorCode::kCorruptRecord);
  CHECK(code({Value::String("b"), Value::Null()}) == ErrorCode::kCorruptRecord);
  CHECK(code({Value::String("b"), Value::Double(1)}) == ErrorCode::kCorruptRecord);
  CHECK(code({Value::String("b"), Value::Int(int64_t{1} << 31)}) == ErrorCode::kCorruptRecord);
  CHECK(code({Value::Int(1), Value::Int(2)}) == ErrorCode::kCorruptRecord);
  CHECK(builder.row_count() == 1);
  CHECK(builder.Finish({}) == before);

  const Status status = builder.Append({Value::String("b"), Value::Null()});
  CHECK(status.message().find("column 1") != std::string_view::npos);
}

TEST_CASE("a timestamp beyond its unit is refused, at any depth", "[arrow]") {
  const DataType nano = DataType::Timestamp(9);
  const Value far = Value::Time(int64_t{10000000000000000});
  const auto code = [&far](const DataType& type, const Value& value) {
    RecordBatchBuilder builder(std::vector<DataType>{type});
    return builder.Append({value}).code();
  };
  CHECK(code(nano, far) == ErrorCode::kCorruptRecord);
  CHECK(code(DataType::Timestamp(6), far) == ErrorCode::kCorruptRecord);
  CHECK(code(DataType::Timestamp(3), far) == ErrorCode::kOk);
  CHECK(code(DataType::Array(nano), Value::List({far})) == ErrorCode::kCorruptRecord);
  CHECK(code(DataType::Map(DataType::Int(), nano), Value::Map({{Value::Int(1), far}})) ==
        ErrorCode::kCorruptRecord);
  CHECK(code(DataType::Row({{"t", nano, {}}}), Value::Struct({far})) == ErrorCode::kCorruptRecord);
}

TEST_CASE("a batch refuses more than its offsets reach", "[arrow]") {
  // A null of a wide BINARY takes its whole width.
  RecordBatchBuilder builder(std::vector<DataType>{DataType::Binary(INT32_MAX)});
  CHECK(builder.Append({Value::Null()}).code() == ErrorCode::kRecordTooLarge);
  CHECK(builder.Append({Value::String("a")}).code() == ErrorCode::kRecordTooLarge);
  CHECK(builder.row_count() == 0);

  RecordBatchBuilder nested(std::vector<DataType>{
      DataType::Row({{"a", DataType::Binary(1 << 30), {}}, {"b", DataType::Binary(1 << 30), {}}})});
  CHECK(nested.Append({Value::Null()}).code() == ErrorCode::kRecordTooLarge);
}

TEST_CASE("the estimated size is that of the uncompressed message", "[arrow]") {
  RecordBatchBuilder builder(NestedTypes());
  CHECK(builder.EstimatedSize() == builder.Finish({}).size());
  for (int i = 0; i < 20; ++i) {
    REQUIRE(builder.Append(NestedRows()[i % 2]).ok());
    REQUIRE(builder.EstimatedSize() == builder.Finish({}).size());
  }
}

TEST_CASE("a builder can be used again", "[arrow]") {
  const Codec codec = GENERATE(Codec::kNone, Codec::kLz4Frame, Codec::kZstd);
  RecordBatchBuilder builder(NestedTypes());
  const Bytes empty = builder.Finish({codec});
  for (int round = 0; round < 3; ++round) {
    for (const Row& row : NestedRows()) REQUIRE(builder.Append(row).ok());
    CHECK(builder.row_count() == 2);
    CHECK(builder.Finish({codec}) == Build(NestedTypes(), NestedRows(), {codec}));
    builder.Reset();
    CHECK(builder.row_count() == 0);
    CHECK(builder.Finish({codec}) == empty);
  }
}

TEST_CASE("rows may be appended after a message was made", "[arrow]") {
  RecordBatchBuilder builder(NameTypes());
  const std::vector<Row> rows = NameRows();
  for (size_t i = 0; i < rows.size(); ++i) {
    REQUIRE(builder.Append(rows[i]).ok());
    const std::vector<Row> so_far(rows.begin(), rows.begin() + i + 1);
    CHECK(ReadAll(builder.Finish({}), NameTypes()) == so_far);
  }
}

TEST_CASE("compression makes repetitive batches smaller", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  const std::vector<Row> rows(1000, Row{Value::Int(5), Value::String("the same text")});
  const Bytes plain = Build(NameTypes(), rows);
  const Bytes small = Build(NameTypes(), rows, {codec});
  CHECK(small.size() < plain.size() / 4);
  CHECK(small.size() % 8 == 0);
  CHECK(ReadAll(small, NameTypes()) == rows);
}

}  // namespace
}  // namespace strom::arrow
