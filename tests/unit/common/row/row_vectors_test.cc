#include "tests/testing/row_vectors.h"

#include <catch2/catch_test_macros.hpp>

#include "common/row/compacted_row.h"
#include "common/row/indexed_row.h"
#include "common/row/row_codec.h"

namespace strom {
namespace {

using testing::RowVector;

TEST_CASE("compacted rows have the bytes that Java writes", "[row]") {
  for (const RowVector& vector : testing::CompactedRowVectors()) {
    INFO(vector.name);
    const auto encoded = EncodeCompactedRow(vector.row, vector.types);
    REQUIRE(encoded.status().ToString() == "OK");
    CHECK(ToHex(*encoded) == vector.hex);
    const auto decoded = DecodeCompactedRow(FromHex(vector.hex).value(), vector.types);
    REQUIRE(decoded.status().ToString() == "OK");
    CHECK(*decoded == vector.row);
  }
}

TEST_CASE("indexed rows have the bytes that Java writes", "[row]") {
  for (const RowVector& vector : testing::IndexedRowVectors()) {
    INFO(vector.name);
    const auto encoded = EncodeIndexedRow(vector.row, vector.types);
    REQUIRE(encoded.status().ToString() == "OK");
    CHECK(ToHex(*encoded) == vector.hex);
    const auto decoded = DecodeIndexedRow(FromHex(vector.hex).value(), vector.types);
    REQUIRE(decoded.status().ToString() == "OK");
    CHECK(*decoded == vector.row);
  }
}

TEST_CASE("every single column of a row of all types can be decoded alone", "[row]") {
  const auto check = [](RowFormat format, const RowVector& vector) {
    const Bytes bytes = FromHex(vector.hex).value();
    for (size_t i = 0; i < vector.types.size(); ++i) {
      INFO(RowFormatName(format) << " column " << i << " " << vector.types[i].ToString());
      const ColumnDecoder decoder(format, vector.types, std::vector<size_t>{i});
      const auto row = decoder.Decode(bytes);
      REQUIRE(row.status().ToString() == "OK");
      REQUIRE(row->size() == 1);
      CHECK((*row)[0] == vector.row[i]);
    }
  };
  check(RowFormat::kCompacted, testing::CompactedRowVectors().back());
  check(RowFormat::kIndexed, testing::IndexedRowVectors().back());
}

TEST_CASE("the vectors are there", "[row]") {
  CHECK(testing::CompactedRowVectors().size() == 14);
  CHECK(testing::IndexedRowVectors().size() == 5);
  CHECK(testing::KeyVectors().size() == 21);
  CHECK(testing::KeyVectors().back().key.hex.size() == 512);  // A1 has 256 bytes.
}

}  // namespace
}  // namespace strom
