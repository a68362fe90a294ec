#include "tests/testing/row_vectors.h"

#include <limits>

namespace strom::testing {
namespace {

const DataType kInt = DataType::Int();
const DataType kBigInt = DataType::BigInt();
const DataType kString = DataType::String();
const Value kNull;
constexpr int64_t kMillis = 1698235273182;

Value I(int64_t v) { return Value::Int(v); }
Value S(Bytes v) { return Value::String(std::move(v)); }
Value D(__int128 v) { return Value::Dec(v); }
Value T(int64_t millis, int32_t nanos = 0) { return Value::Time(millis, nanos); }
Value L(ValueList v) { return Value::List(std::move(v)); }

RowField Field(std::string name, DataType type) {
  return {.name = std::move(name), .type = std::move(type), .description = std::nullopt};
}

DataType IntAndString() { return DataType::Row({Field("a", kInt), Field("b", kString)}); }

// 10.4: a row with every type, without its bytes. The first 22 columns are the key A1.
RowVector AllTypes(std::string name, size_t columns) {
  const DataType inner = DataType::Row({Field("v1", kInt)});
  RowVector all{
      .name = std::move(name),
      .types = {DataType::Boolean(),
                DataType::TinyInt(),
                DataType::SmallInt(),
                kInt,
                kBigInt,
                DataType::Float(),
                DataType::Double(),
                DataType::Date(),
                DataType::Time(0),
                DataType::Binary(20),
                DataType::Bytes(),
                DataType::Char(2),
                kString,
                DataType::Decimal(5, 2),
                DataType::Decimal(20, 0),
                DataType::Timestamp(1),
                DataType::Timestamp(5),
                DataType::TimestampLtz(1),
                DataType::TimestampLtz(5),
                DataType::Array(kInt),
                DataType::Array(DataType::Float().NotNull()),
                DataType::Array(DataType::Array(kString)),
                DataType::Map(kInt, kString),
                DataType::Row({Field("u1", kInt), Field("u2", inner), Field("u3", kString)})},
      .row = {Value::Bool(true),
              I(2),
              I(10),
              I(100),
              I(-6101065172474983726),
              Value::Float(13.2F),
              Value::Double(15.21),
              I(19655),
              I(34200000),
              S("1234567890"),
              S("20"),
              S("1"),
              S("hello"),
              D(9),
              D(10),
              T(kMillis),
              T(kMillis),
              T(kMillis),
              T(kMillis),
              L({I(1), I(2), I(3), I(4), I(5), I(-11), kNull, I(444), I(102234)}),
              L({Value::Float(0.1F), Value::Float(1.1F), Value::Float(-0.5F), Value::Float(6.6F),
                 Value::Float(std::numeric_limits<float>::max()),
                 Value::Float(std::numeric_limits<float>::denorm_min())}),
              L({L({S("a"), kNull, S("c")}), kNull, L({S("hello"), S("world")})}),
              Value::Map({{I(0), kNull}, {I(1), S("1")}, {I(2), S("2")}}),
              Value::Struct({I(123), Value::Struct({I(22)}), S("Test")})},
      .hex = {}};
  all.types.resize(columns, kInt);
  all.row.resize(columns);
  return all;
}

RowVector WithHex(RowVector vector, std::string hex) {
  vector.hex = std::move(hex);
  return vector;
}

}  // namespace

std::vector<RowVector> CompactedRowVectors() {
  return {
      {"C1", {kInt, kString}, {I(1), S("a")}, "00010161"},
      {"C2", {kInt, kString}, {kNull, S("hello")}, "010568656c6c6f"},
      {"C3",
       {kInt, kInt, kInt, kInt, kInt, kInt, kInt},
       {I(0), I(127), I(128), I(300), I(-1), I(INT32_MIN), I(INT32_MAX)},
       "00007f8001ac02ffffffff0f8080808008ffffffff07"},
      {"C4",
       {kBigInt, kBigInt, kBigInt, kBigInt},
       {I(0), I(300), I(-1), I(INT64_MAX)},
       "0000ac02ffffffffffffffffff01ffffffffffffffff7f"},
      {"C5",
       {DataType::Boolean(), DataType::TinyInt(), DataType::SmallInt(), DataType::Float(),
        DataType::Double()},
       {Value::Bool(true), I(-2), I(-2), Value::Float(1.5F), Value::Double(-2.25)},
       "0001fefeff0000c03f00000000000002c0"},
      {"C6",
       {DataType::Decimal(5, 2), DataType::Decimal(20, 2)},
       {D(-12345), D(-12345)},
       "00c79fffffffffffffff0102cfc7"},
      {"C7",
       {DataType::Timestamp(3), DataType::Timestamp(6), DataType::TimestampLtz(9)},
       {T(kMillis), T(kMillis, 456000), T(kMillis, 456789)},
       "00de9fd7b5b631de9fd7b5b631c0ea1bde9fd7b5b631d5f01b"},
      {"C8",
       {DataType::Char(5), DataType::Binary(4), DataType::Bytes(), kString},
       {S("ab"), S("\x01\x02"), S(""), S("")},
       "000261620201020000"},
      {"C9",
       {kInt, kInt, kInt, kInt, kInt, kInt, kInt, kInt, kInt},
       {I(1), I(2), I(3), I(4), I(5), I(6), I(7), I(8), kNull},
       "00010102030405060708"},
      {"C10",
       {DataType::Array(kInt)},
       {L({I(1), kNull, I(3)})},
       "0018030000000200000001000000000000000300000000000000"},
      {"C11",
       {DataType::Array(kString)},
       {L({S("abc"), kNull, S("longer-than-7")})},
       "00300300000002000000616263000000008300000000000000000d000000200000006c6f6e676572"
       "2d7468616e2d37000000"},
      {"C12",
       {DataType::Map(kInt, kString)},
       {Value::Map({{I(1), S("a")}})},
       "0024100000000100000000000000010000000000000001000000000000006100000000000081"},
      {"C13", {IntAndString()}, {Value::Struct({I(300), S("x")})}, "000500ac020178"},
      WithHex(AllTypes("A2", 24),
              "00000001020a0064d295fcd8ceb1aaaaab0133335341ec51b81e856b2e40c799"
              "01c0b3a7100a3132333435363738393002323001310568656c6c6f09010ade9f"
              "d7b5b631de9fd7b5b63100de9fd7b5b631de9fd7b5b631003009000000400000"
              "000100000002000000030000000400000005000000f5ffffff00000000bc0100"
              "005a8f010000000000200600000000000000cdcccc3dcdcc8c3f000000bf3333"
              "d340ffff7f7f0100000058030000000200000020000000200000000000000000"
              "0000001800000040000000030000000200000061000000000000810000000000"
              "0000006300000000000081020000000000000068656c6c6f000085776f726c64"
              "0000853c18000000030000000000000000000000010000000200000000000000"
              "0300000001000000000000000000000031000000000000813200000000000081"
              "0a007b0200160454657374"),
  };
}

std::vector<RowVector> IndexedRowVectors() {
  return {
      {"I1", {kInt, kString}, {I(1), S("a")}, "00010000000100000061"},
      {"I2",
       {kInt, kString, DataType::Bytes()},
       {I(1), kNull, S("\x01\x02")},
       "020200000000000000010000000102"},
      {"I3",
       {DataType::Char(5), DataType::Binary(4), DataType::Decimal(20, 2), DataType::Timestamp(6)},
       {S("ab"), S("\x01\x02"), D(-12345), T(kMillis, 456000)},
       "0002000000616200000001020000cfc7decfb5668b01000040f50600"},
      {"I4",
       {IntAndString(), DataType::Array(kBigInt.NotNull())},
       {Value::Struct({I(300), S("x")}), L({I(1), I(2)})},
       "000a0000001800000000010000002c01000078020000000000000001000000000000000200000000"
       "000000"},
      WithHex(AllTypes("A3", 24),
              "0000000200000005000000010000003000000020000000580000003c00000016"
              "00000001020a0064000000d20a1feb8ca954ab33335341ec51b81e856b2e40c7"
              "4c0000c0d9090231323334353637383930000000000000000000003230310068"
              "656c6c6f09000000000000000adecfb5668b010000decfb5668b010000000000"
              "00decfb5668b010000decfb5668b010000000000000900000040000000010000"
              "0002000000030000000400000005000000f5ffffff00000000bc0100005a8f01"
              "00000000000600000000000000cdcccc3dcdcc8c3f000000bf3333d340ffff7f"
              "7f01000000030000000200000020000000200000000000000000000000180000"
              "0040000000030000000200000061000000000000810000000000000000630000"
              "0000000081020000000000000068656c6c6f000085776f726c64000085180000"
              "0003000000000000000000000001000000020000000000000003000000010000"
              "0000000000000000003100000000000081320000000000008100050000000400"
              "00007b000000001600000054657374"),
  };
}

std::vector<KeyVector> KeyVectors() {
  return {
      {KeyEncoding::kCompacted, {"K1a", {kInt, kBigInt, kInt}, {I(1), I(3), I(2)}, "010302"}},
      {KeyEncoding::kCompacted, {"K1b", {kInt, kInt, kInt}, {I(2), I(5), I(6)}, "020506"}},
      {KeyEncoding::kCompacted, {"K1c", {kString}, {S("a2")}, "026132"}},
      {KeyEncoding::kCompacted,
       {"K1d", {kInt, kString, kBigInt}, {I(1), S("ab"), I(300)}, "01026162ac02"}},
      {KeyEncoding::kPaimon, {"K2a", {kInt}, {I(1)}, "00000000000000000100000000000000"}},
      {KeyEncoding::kPaimon,
       {"K2b",
        {kInt, kString},
        {I(1), S("ab")},
        "000000000000000001000000000000006162000000000082"}},
      {KeyEncoding::kPaimon,
       {"K2c",
        {kInt, kString, kBigInt},
        {I(1), S("ab"), I(300)},
        "0000000000000000010000000000000061620000000000822c01000000000000"}},
      {KeyEncoding::kPaimon,
       {"K3",
        {kString},
        {S("longer-than-7")},
        "00000000000000000d000000100000006c6f6e6765722d7468616e2d37000000"}},
      {KeyEncoding::kPaimon,
       {"K4",
        {DataType::Timestamp(6)},
        {T(kMillis, 456000)},
        "000000000000000040f5060010000000decfb5668b010000"}},
      {KeyEncoding::kPaimon,
       {"K5",
        {DataType::Decimal(20, 2)},
        {D(-12345)},
        "00000000000000000200000010000000cfc70000000000000000000000000000"}},
      {KeyEncoding::kIceberg, {"K6a", {kInt}, {I(42)}, "2a00000000000000"}},
      {KeyEncoding::kIceberg, {"K6b", {kBigInt}, {I(42)}, "2a00000000000000"}},
      {KeyEncoding::kIceberg, {"K6c", {kString}, {S("iceberg")}, "69636562657267"}},
      {KeyEncoding::kIceberg, {"K6d", {DataType::Date()}, {I(19655)}, "c74c000000000000"}},
      {KeyEncoding::kIceberg, {"K6e", {DataType::Time(0)}, {I(34200000)}, "00967af607000000"}},
      {KeyEncoding::kIceberg,
       {"K6f", {DataType::Timestamp(6)}, {T(kMillis, 456000)}, "f8fc333689080600"}},
      {KeyEncoding::kIceberg, {"K6g", {DataType::Decimal(20, 2)}, {D(-12345)}, "cfc7"}},
      {KeyEncoding::kHudi, {"K7a", {kInt, kString}, {I(1), S("ab")}, "000015d1"}},
      {KeyEncoding::kHudi, {"K7b", {kInt}, {I(1)}, "00000050"}},
      {KeyEncoding::kIceberg, {"K6g, compact", {DataType::Decimal(5, 2)}, {D(-12345)}, "cfc7"}},
      {KeyEncoding::kCompacted,
       WithHex(AllTypes("A1", 22),
               "01020a0064d295fcd8ceb1aaaaab0133335341ec51b81e856b2e40c79901c0b3"
               "a7100a3132333435363738393002323001310568656c6c6f09010ade9fd7b5b6"
               "31de9fd7b5b63100de9fd7b5b631de9fd7b5b631003009000000400000000100"
               "000002000000030000000400000005000000f5ffffff00000000bc0100005a8f"
               "010000000000200600000000000000cdcccc3dcdcc8c3f000000bf3333d340ff"
               "ff7f7f0100000058030000000200000020000000200000000000000000000000"
               "1800000040000000030000000200000061000000000000810000000000000000"
               "6300000000000081020000000000000068656c6c6f000085776f726c64000085")},
  };
}

}  // namespace strom::testing
