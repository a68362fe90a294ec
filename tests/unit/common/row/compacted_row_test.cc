#include "common/row/compacted_row.h"

#include <catch2/catch_test_macros.hpp>

#include "common/base/varint.h"

namespace strom {
namespace {

using Types = std::vector<DataType>;

std::string EncodeHex(const Row& row, const Types& types) {
  const auto bytes = EncodeCompactedRow(row, types);
  return bytes.ok() ? ToHex(*bytes) : bytes.status().ToString();
}

Status DecodeStatus(std::string_view hex, const Types& types) {
  return DecodeCompactedRow(FromHex(hex).value(), types).status();
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST_CASE("a compacted row of no columns has no bytes", "[row]") {
  CHECK(EncodeHex({}, {}) == "");
  CHECK(DecodeCompactedRow("", Types{}).value().empty());
}

TEST_CASE("a NULL in a column that is NOT NULL is refused", "[row]") {
  const auto bytes = EncodeCompactedRow({Value::Null()}, Types{DataType::Int().NotNull()});
  CHECK(bytes.status().code() == ErrorCode::kCorruptRecord);
  CHECK(Contains(bytes.status().message(), "column 0"));
}

TEST_CASE("the null bit of a column that is NOT NULL is not looked at", "[row]") {
  const auto row = DecodeCompactedRow(FromHex("0105").value(), Types{DataType::Int().NotNull()});
  REQUIRE(row.ok());
  CHECK((*row)[0] == Value::Int(5));
}

TEST_CASE("a value of the wrong kind is refused and leaves nothing behind", "[row]") {
  const Value wrong[] = {Value::Bool(true), Value::Float(1),   Value::Double(1),
                         Value::Dec(1),     Value::Time(1),    Value::List({}),
                         Value::Map({}),    Value::Struct({}), Value::String("text")};
  const DataType types[] = {DataType::TinyInt(), DataType::SmallInt(), DataType::Int(),
                            DataType::BigInt(),  DataType::Date(),     DataType::Time(3)};
  Bytes out = "before";
  for (const DataType& type : types) {
    for (const Value& value : wrong) {
      INFO(value.ToString() << " as " << type.ToString());
      const Status status =
          AppendCompactedRow(out, {Value::Int(1), value}, Types{DataType::Int(), type});
      CHECK(status.code() == ErrorCode::kCorruptRecord);
      CHECK(Contains(status.message(), "column 1"));
      CHECK(out == "before");
    }
  }
  const DataType others[] = {DataType::Boolean(),
                             DataType::Float(),
                             DataType::Double(),
                             DataType::Char(3),
                             DataType::String(),
                             DataType::Binary(3),
                             DataType::Bytes(),
                             DataType::Decimal(5, 2),
                             DataType::Decimal(30, 2),
                             DataType::Timestamp(3),
                             DataType::TimestampLtz(9),
                             DataType::Array(DataType::Int()),
                             DataType::Map(DataType::Int(), DataType::Int()),
                             DataType::Row({})};
  for (const DataType& type : others) {
    INFO(type.ToString());
    CHECK(EncodeCompactedRow({Value::Int(1)}, Types{type}).status().code() ==
          ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("numbers out of the range of their type are refused", "[row]") {
  const std::pair<DataType, Value> cases[] = {
      {DataType::TinyInt(), Value::Int(128)},
      {DataType::TinyInt(), Value::Int(-129)},
      {DataType::SmallInt(), Value::Int(32768)},
      {DataType::Int(), Value::Int(2147483648)},
      {DataType::Date(), Value::Int(-2147483649)},
      {DataType::Time(0), Value::Int(-1)},
      {DataType::Time(0), Value::Int(86400000)},
      {DataType::Decimal(5, 2), Value::Dec(100000)},
      {DataType::Decimal(20, 2), Value::Dec(-static_cast<__int128>(10000000000) * 10000000000)},
      {DataType::Timestamp(6), Value::Time(0, 1000000)},
      {DataType::Timestamp(6), Value::Time(0, -1)},
      {DataType::Timestamp(3), Value::Time(0, 1)},  // Would be lost.
  };
  for (const auto& [type, value] : cases) {
    INFO(value.ToString() << " as " << type.ToString());
    CHECK(EncodeCompactedRow({value}, Types{type}).status().code() == ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("a row needs one value a column", "[row]") {
  const Status status = EncodeCompactedRow({Value::Int(1)}, Types{}).status();
  CHECK(status.code() == ErrorCode::kCorruptRecord);
  CHECK(Contains(status.message(), "1 values for 0 columns"));
}

TEST_CASE("CHAR and BINARY of a compacted row are not limited in bytes", "[row]") {
  // Java counts characters: two of them may take four bytes.
  const Types types = {DataType::Char(2), DataType::Binary(1)};
  const Row row = {Value::String("\xc3\xa9\xc3\xa9"), Value::String("ab")};
  CHECK(EncodeHex(row, types) == "0004c3a9c3a9026162");
  CHECK(DecodeCompactedRow(FromHex("0004c3a9c3a9026162").value(), types).value() == row);
}

TEST_CASE("bytes that are no compacted row are refused", "[row]") {
  const Types one_int = {DataType::Int()};
  const Types one_string = {DataType::String()};
  SECTION("missing null bits") { CHECK(!DecodeStatus("", one_int).ok()); }
  SECTION("missing value") {
    const Status status = DecodeStatus("00", one_int);
    CHECK(status.code() == ErrorCode::kCorruptMessage);
    CHECK(Contains(status.message(), "column 0"));
  }
  SECTION("bytes after the last column") {
    const Status status = DecodeStatus("000105", one_int);
    CHECK(status.code() == ErrorCode::kCorruptRecord);
    CHECK(Contains(status.message(), "1 bytes follow"));
  }
  SECTION("a number of six bytes") { CHECK(!DecodeStatus("00808080808001", one_int).ok()); }
  SECTION("a length beyond the end, near and far") {
    CHECK(!DecodeStatus("00026100", {DataType::String(), DataType::Int()}).ok());
    CHECK(!DecodeStatus("00ffffffff0f61", one_string).ok());
    CHECK(!DecodeStatus("00ffffffff0761", {DataType::Array(DataType::Int())}).ok());
  }
  SECTION("a boolean that is neither 0 nor 1") {
    CHECK(DecodeStatus("0002", {DataType::Boolean()}).code() == ErrorCode::kCorruptRecord);
  }
  SECTION("a time after the end of the day") {
    CHECK(DecodeStatus("0080b89929", {DataType::Time(3)}).code() == ErrorCode::kCorruptRecord);
    CHECK(DecodeStatus("00ffb79929", {DataType::Time(3)}).ok());
  }
  SECTION("decimals with too many digits, no bytes, too many bytes") {
    CHECK(DecodeStatus("00a08d06", {DataType::Decimal(5, 0)}).code() == ErrorCode::kCorruptRecord);
    CHECK(DecodeStatus("0000", {DataType::Decimal(20, 0)}).code() == ErrorCode::kCorruptRecord);
    CHECK(DecodeStatus("0011" + std::string(34, '0'), {DataType::Decimal(20, 0)}).code() ==
          ErrorCode::kCorruptRecord);
    CHECK(DecodeStatus("00107f" + std::string(30, 'f'), {DataType::Decimal(38, 0)}).code() ==
          ErrorCode::kCorruptRecord);
  }
  SECTION("more nanoseconds than a millisecond has") {
    CHECK(DecodeStatus("0000c0843d", {DataType::Timestamp(6)}).code() == ErrorCode::kCorruptRecord);
    CHECK(DecodeStatus("0000ffffffff0f", {DataType::Timestamp(6)}).code() ==
          ErrorCode::kCorruptRecord);
  }
}

TEST_CASE("the longest decimals keep their value", "[row]") {
  const Types types = {DataType::Decimal(38, 0)};
  __int128 largest = 0;
  for (int i = 0; i < 38; ++i) largest = largest * 10 + 9;
  for (const __int128 v : {largest, -largest, __int128{0}, __int128{-1}, __int128{127},
                           __int128{128}, __int128{-128}, __int128{-129}}) {
    const Row row = {Value::Dec(v)};
    const Bytes bytes = EncodeCompactedRow(row, types).value();
    CHECK(DecodeCompactedRow(bytes, types).value() == row);
  }
  CHECK(EncodeHex({Value::Dec(-1)}, types) == "0001ff");
  CHECK(EncodeHex({Value::Dec(128)}, types) == "00020080");
  CHECK(EncodeHex({Value::Dec(-128)}, types) == "000180");
  CHECK(EncodeHex({Value::Dec(-129)}, types) == "0002ff7f");
}

TEST_CASE("types may nest 64 levels deep and no deeper", "[row]") {
  const auto nested = [](int levels) {
    DataType type = DataType::Int();
    Value value = Value::Int(7);
    for (int i = 0; i < levels; ++i) {
      type = i % 2 == 0 ? DataType::Array(type)
                        : DataType::Row({{.name = "f", .type = type, .description = {}}});
      value = i % 2 == 0 ? Value::List({value}) : Value::Struct({value});
    }
    return std::pair<DataType, Value>(type, value);
  };
  const auto [type, value] = nested(64);
  const auto bytes = EncodeCompactedRow({value}, Types{type});
  REQUIRE(bytes.ok());
  CHECK(DecodeCompactedRow(*bytes, Types{type}).value()[0] == value);

  const auto [deeper_type, deeper_value] = nested(65);
  const Status encoding = EncodeCompactedRow({deeper_value}, Types{deeper_type}).status();
  CHECK(encoding.code() == ErrorCode::kCorruptRecord);
  CHECK(Contains(encoding.message(), "deeper than 64"));

  // One more array, written by hand, around the deepest value that is allowed.
  ByteReader in(BytesView(*bytes).substr(1), "test");
  const BytesView inner = in.ReadBytes(in.ReadVarint32().value()).value();
  Bytes array;
  AppendLittle(array, uint64_t{1});  // One element, not NULL.
  AppendLittle(array, uint64_t{16} << 32 | inner.size());
  array += inner;
  Bytes deeper(1, '\0');
  AppendVarint32(deeper, static_cast<uint32_t>(array.size()));
  const Status decoding = DecodeCompactedRow(deeper + array, Types{deeper_type}).status();
  CHECK(decoding.code() == ErrorCode::kCorruptRecord);
  CHECK(Contains(decoding.message(), "deeper than 64"));
}

}  // namespace
}  // namespace strom
