#include "common/arrow/layout.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/common/arrow/sample.h"

namespace strom::arrow {
namespace {

std::vector<Storage> StoragesOf(const SchemaLayout& layout) {
  std::vector<Storage> storages;
  for (const FieldLayout& field : layout.fields()) storages.push_back(field.storage);
  return storages;
}

TEST_CASE("every flat type has its storage, width and buffers", "[arrow]") {
  const auto check = [](const DataType& type, Storage storage, int32_t width, size_t buffers) {
    CAPTURE(type.ToString());
    const SchemaLayout layout({type});
    REQUIRE(layout.fields().size() == 1);
    CHECK(layout.column(0).storage == storage);
    CHECK(layout.column(0).width == width);
    CHECK(layout.buffer_count() == buffers);
  };
  check(DataType::Boolean(), Storage::kBits, 0, 2);
  check(DataType::TinyInt(), Storage::kFixed, 1, 2);
  check(DataType::SmallInt(), Storage::kFixed, 2, 2);
  check(DataType::Int(), Storage::kFixed, 4, 2);
  check(DataType::BigInt(), Storage::kFixed, 8, 2);
  check(DataType::Float(), Storage::kFixed, 4, 2);
  check(DataType::Double(), Storage::kFixed, 8, 2);
  check(DataType::Char(3), Storage::kVariable, 0, 3);
  check(DataType::String(), Storage::kVariable, 0, 3);
  check(DataType::Binary(5), Storage::kFixed, 5, 2);
  check(DataType::Bytes(), Storage::kVariable, 0, 3);
  check(DataType::Decimal(5, 2), Storage::kFixed, 16, 2);
  check(DataType::Decimal(38, 0), Storage::kFixed, 16, 2);
  check(DataType::Date(), Storage::kFixed, 4, 2);
  for (int precision = 0; precision <= 9; ++precision) {
    check(DataType::Time(precision), Storage::kFixed, precision <= 3 ? 4 : 8, 2);
    check(DataType::Timestamp(precision), Storage::kFixed, 8, 2);
    check(DataType::TimestampLtz(precision), Storage::kFixed, 8, 2);
  }
}

TEST_CASE("nested types are flattened in pre-order", "[arrow]") {
  const SchemaLayout layout(NestedTypes());
  CHECK(layout.column_count() == 7);
  CHECK(layout.buffer_count() == 26);
  CHECK(StoragesOf(layout) ==
        std::vector<Storage>{Storage::kList, Storage::kFixed,                        // a
                             Storage::kList, Storage::kStruct, Storage::kFixed,      // m
                             Storage::kVariable,                                     //
                             Storage::kStruct, Storage::kFixed, Storage::kVariable,  // r
                             Storage::kFixed, Storage::kBits, Storage::kFixed, Storage::kFixed});

  const FieldLayout& map = layout.column(1);
  CHECK(map.first_field == 2);
  CHECK(map.field_count == 4);
  CHECK(map.first_buffer == 4);
  CHECK(map.buffer_count == 2 + 1 + 2 + 3);
  CHECK_FALSE(layout.fields()[3].type.nullable());
  CHECK_FALSE(layout.fields()[4].type.nullable());

  const FieldLayout& row = layout.column(2);
  CHECK(row.first_field == 6);
  CHECK(row.field_count == 3);
  CHECK(row.first_buffer == map.first_buffer + map.buffer_count);
  CHECK(row.buffer_count == 1 + 2 + 3);
}

TEST_CASE("columns cover the flattened schema without gaps", "[arrow]") {
  const SchemaLayout layout(NestedTypes());
  size_t field = 0;
  size_t buffer = 0;
  for (size_t i = 0; i < layout.column_count(); ++i) {
    CHECK(layout.column(i).type == NestedTypes()[i]);
    CHECK(layout.column(i).first_field == field);
    CHECK(layout.column(i).first_buffer == buffer);
    field += layout.column(i).field_count;
    buffer += layout.column(i).buffer_count;
  }
  CHECK(field == layout.fields().size());
  CHECK(buffer == layout.buffer_count());
}

TEST_CASE("a schema without columns and a row without fields have a layout", "[arrow]") {
  CHECK(SchemaLayout(std::vector<DataType>()).buffer_count() == 0);
  const SchemaLayout empty_row({DataType::Row({})});
  CHECK(empty_row.fields().size() == 1);
  CHECK(empty_row.buffer_count() == 1);
}

}  // namespace
}  // namespace strom::arrow
