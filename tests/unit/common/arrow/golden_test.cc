#include "tests/unit/common/arrow/golden.h"

#include <catch2/catch_test_macros.hpp>

#include "common/arrow/ipc_message.h"
#include "common/arrow/projection.h"
#include "tests/unit/common/arrow/sample.h"

namespace strom::arrow {
namespace {

TEST_CASE("an uncompressed message has the bytes Java writes", "[arrow]") {
  CHECK(ToHex(Build(NameTypes(), NameRows())) == ToHex(golden::Message(golden::kL1)));
}

TEST_CASE("an LZ4 message of small buffers has the bytes Java writes", "[arrow]") {
  const Compression lz4{Codec::kLz4Frame};
  CHECK(ToHex(Build(NameTypes(), NameRows(), lz4)) == ToHex(golden::Message(golden::kL7)));
}

TEST_CASE("a ZSTD message of small buffers has the bytes Java writes", "[arrow]") {
  const Compression zstd{Codec::kZstd, 3};
  CHECK(ToHex(Build(NameTypes(), NameRows(), zstd)) == ToHex(golden::Message(golden::kL8)));
}

TEST_CASE("a message of nested types has the bytes Java writes", "[arrow]") {
  CHECK(ToHex(Build(NestedTypes(), NestedRows())) == ToHex(golden::Message(golden::kL15)));
}

TEST_CASE("a projected message has the bytes Java's server makes", "[arrow]") {
  const std::vector<int32_t> columns = {1};
  const Projection projection = Projection::Create(NameTypes(), columns).value();
  Bytes out;
  REQUIRE(projection.AppendProjected(golden::Message(golden::kL1), Codec::kNone, out).ok());
  CHECK(ToHex(out) == ToHex(golden::Message(golden::kL12)));
}

TEST_CASE("an LZ4 frame that compresses equals Java's and reads back", "[arrow]") {
  const std::vector<DataType> types = {DataType::Int()};
  const std::vector<Row> rows(200, Row{Value::Int(7)});
  const Bytes java = golden::Message(golden::kL9);
  CHECK(ReadAll(java, types) == rows);
  const Bytes ours = Build(types, rows, {Codec::kLz4Frame});
  CHECK(ReadAll(ours, types) == rows);

  // The compressors may choose other matches; the frame's shape is fixed: header, and end mark.
  const BytesView java_frame = RecordBatchMessage::Parse(java)->buffer_bytes(1);
  const BytesView our_frame = RecordBatchMessage::Parse(ours)->buffer_bytes(1);
  constexpr size_t kSizeAndFrameHeader = 8 + 7;
  CHECK(ToHex(our_frame.substr(0, kSizeAndFrameHeader)) ==
        ToHex(java_frame.substr(0, kSizeAndFrameHeader)));
  CHECK(our_frame.substr(our_frame.size() - 4) == BytesView("\0\0\0\0", 4));
}

TEST_CASE("messages that Java wrote are read, whatever their address", "[arrow]") {
  const auto check = [](std::string_view batch, const std::vector<DataType>& types,
                        const std::vector<Row>& rows) {
    const Bytes message = golden::Message(batch);
    for (size_t shift = 0; shift < 9; ++shift) {
      const Bytes shifted = Bytes(shift, 'x') + message;
      CHECK(ReadAll(BytesView(shifted).substr(shift), types) == rows);
    }
  };
  check(golden::kL1, NameTypes(), NameRows());
  check(golden::kL7, NameTypes(), NameRows());
  check(golden::kL8, NameTypes(), NameRows());
  check(golden::kL15, NestedTypes(), NestedRows());
}

TEST_CASE("a projected message of Java's reads as the remaining column", "[arrow]") {
  CHECK(ReadAll(golden::Message(golden::kL12), {DataType::String()}) ==
        std::vector<Row>{{Value::String("a")}, {Value::Null()}, {Value::String("ccc")}});
}

}  // namespace
}  // namespace strom::arrow
