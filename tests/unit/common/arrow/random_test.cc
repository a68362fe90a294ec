#include <algorithm>
#include <memory>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "common/arrow/projection.h"
#include "tests/testing/random_rows.h"
#include "tests/unit/common/arrow/golden.h"
#include "tests/unit/common/arrow/sample.h"

namespace strom::arrow {
namespace {

using testing::RandomRows;

constexpr Codec kCodecs[] = {Codec::kNone, Codec::kLz4Frame, Codec::kZstd};

// What is read after `value` was written: Arrow fills a short BINARY up with zeros.
Value FilledUp(const Value& value, const DataType& type) {
  if (value.is_null()) return value;
  switch (type.kind()) {
    case TypeKind::kBinary: {
      Bytes bytes = *value.get_if<Bytes>();
      bytes.resize(type.length());
      return Value::String(std::move(bytes));
    }
    case TypeKind::kArray: {
      ValueList list;
      for (const Value& element : *value.list()) list.push_back(FilledUp(element, type.element()));
      return Value::List(std::move(list));
    }
    case TypeKind::kMap: {
      ValueMap map;
      for (const auto& [key, mapped] : *value.map()) {
        map.emplace_back(FilledUp(key, type.key()), FilledUp(mapped, type.value()));
      }
      return Value::Map(std::move(map));
    }
    case TypeKind::kRow: {
      Row row;
      for (size_t i = 0; i < type.fields().size(); ++i) {
        row.push_back(FilledUp((*value.row())[i], type.fields()[i].type));
      }
      return Value::Struct(std::move(row));
    }
    default:
      return value;
  }
}

std::vector<Row> MakeRows(RandomRows& random, const std::vector<DataType>& types, uint64_t count) {
  std::vector<Row> rows;
  for (; count > 0; --count) rows.push_back(random.RandomRow(types));
  return rows;
}

TEST_CASE("random rows of random types come back from every compression", "[arrow]") {
  const auto seed = GENERATE(take(100, random<uint64_t>(0, UINT64_MAX)));
  CAPTURE(seed);
  RandomRows random(seed);
  const std::vector<DataType> types = random.RandomTypes();
  const std::vector<Row> rows = MakeRows(random, types, random.Uniform(71));
  for (const Codec codec : kCodecs) {
    const Bytes message = Build(types, rows, {codec});
    const std::vector<Row> read = ReadAll(message, types);
    REQUIRE(read.size() == rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t column = 0; column < types.size(); ++column) {
        REQUIRE(read[i][column] == FilledUp(rows[i][column], types[column]));
      }
    }
  }
}

TEST_CASE("a projection is the message of the remaining columns, for random tables", "[arrow]") {
  const auto seed = GENERATE(take(100, random<uint64_t>(0, UINT64_MAX)));
  CAPTURE(seed);
  RandomRows random(seed);
  const std::vector<DataType> types = random.RandomTypes();
  const std::vector<Row> rows = MakeRows(random, types, random.Uniform(21));

  std::vector<int32_t> columns;
  for (size_t i = 0; i < types.size(); ++i) {
    if (i + 1 == types.size() || random.Percent(50)) columns.push_back(static_cast<int>(i));
  }
  std::vector<DataType> chosen_types;
  std::vector<Row> chosen_rows(rows.size());
  for (const int32_t column : columns) {
    chosen_types.push_back(types[column]);
    for (size_t i = 0; i < rows.size(); ++i) chosen_rows[i].push_back(rows[i][column]);
  }
  const Projection projection = Projection::Create(types, columns).value();
  for (const Codec codec : kCodecs) {
    Bytes out;
    REQUIRE(projection.AppendProjected(Build(types, rows, {codec}), codec, out).ok());
    REQUIRE(out == Build(chosen_types, chosen_rows, {codec}));
  }
}

// Does with outside bytes everything one can do. They lie in memory of exactly their size, so that
// a sanitizer sees a read beyond their end.
void Handle(BytesView bytes, const std::vector<DataType>& types) {
  const std::unique_ptr<char[]> exact(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), exact.get());
  const BytesView message(exact.get(), bytes.size());

  constexpr ReadLimits kLimits{.max_decompressed_bytes = 1 << 20, .max_list_elements = 1 << 12};
  constexpr int64_t kRowsMax =
      1 << 12;  // A batch's header says how many; some types take no bytes.
  const Result<RecordBatchReader> reader = RecordBatchReader::Open(message, types, kLimits);
  const std::vector<int32_t> columns = {0};
  const Projection projection = Projection::Create(types, columns).value();
  Bytes out;
  const Status projected = projection.AppendProjected(message, Codec::kNone, out);
  if (!reader.ok()) {
    CHECK_FALSE(reader.status().message().empty());
    return;
  }
  CHECK(projected.ok());  // It checks less.
  CHECK(out.size() < bytes.size() + 200);
  for (int64_t i = 0; i < std::min(reader->row_count(), kRowsMax); ++i) {
    REQUIRE(reader->ReadRow(i).size() == types.size());
  }
}

TEST_CASE("mutated messages are read or refused, never more", "[arrow]") {
  const auto seed = GENERATE(take(60, random<uint64_t>(0, UINT64_MAX)));
  CAPTURE(seed);
  RandomRows random(seed);
  const std::vector<DataType> types = random.RandomTypes();
  const std::vector<Row> rows = MakeRows(random, types, random.Uniform(21));
  const Codec codec = kCodecs[random.Uniform(3)];
  const Bytes good = Build(types, rows, {codec});
  for (int round = 0; round < 60; ++round) {
    Bytes bad = good;
    for (uint64_t i = 1 + random.Uniform(4); i > 0; --i) {
      const size_t at = random.Uniform(bad.size() - 7);
      switch (random.Uniform(4)) {
        case 0:
          bad[at] = static_cast<char>(random.Uniform(256));
          break;
        case 1:
          bad[at] = static_cast<char>(bad[at] ^ (1 << random.Uniform(8)));
          break;
        case 2:  // An aligned number, as offsets and lengths are.
          StoreLittle(bad.data() + at / 8 * 8, static_cast<int64_t>(random.Uniform(300)) - 2);
          break;
        default:
          StoreLittle(bad.data() + at / 4 * 4, static_cast<uint32_t>(random.Uniform(1U << 31)));
      }
    }
    Handle(bad, types);
  }
}

TEST_CASE("messages that are cut off are refused", "[arrow]") {
  const auto seed = GENERATE(take(10, random<uint64_t>(0, UINT64_MAX)));
  CAPTURE(seed);
  RandomRows random(seed);
  const std::vector<DataType> types = random.RandomTypes();
  const Bytes good = Build(types, MakeRows(random, types, 10), {kCodecs[random.Uniform(3)]});
  for (size_t size = 0; size < good.size(); ++size) {
    REQUIRE_FALSE(RecordBatchReader::Open(BytesView(good).substr(0, size), types).ok());
  }
}

TEST_CASE("every byte of a recorded message may change", "[arrow]") {
  for (const std::string_view batch : {golden::kL1, golden::kL7, golden::kL8}) {
    const Bytes good = golden::Message(batch);
    for (size_t at = 0; at < good.size(); ++at) {
      for (const int change : {1, 2, 0x80, 0xff}) {
        Bytes bad = good;
        bad[at] = static_cast<char>(bad[at] ^ change);
        Handle(bad, NameTypes());
      }
    }
  }
}

}  // namespace
}  // namespace strom::arrow
