#include "common/arrow/ipc_message.h"

#include <algorithm>
#include <memory>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/common/arrow/golden.h"
#include "tests/unit/common/arrow/sample.h"

namespace strom::arrow {
namespace {

// Positions in the message of L1: 8 bytes before the flatbuffer of section 1.5.2.
constexpr size_t kBodySizeAt = 8 + 24;
constexpr size_t kVersionAt = 8 + 34;
constexpr size_t kHeaderTypeAt = 8 + 41;
constexpr size_t kRowCountAt = 8 + 64;
constexpr size_t kBuffersAt = 8 + 80;  // After the vector's length.

template <class T>
Bytes With(Bytes message, size_t at, T value) {
  StoreLittle(message.data() + at, value);
  return message;
}

ErrorCode CodeOf(BytesView message) { return RecordBatchMessage::Parse(message).status().code(); }

TEST_CASE("a message is taken apart into nodes, buffers and body", "[arrow]") {
  const Bytes bytes = golden::Message(golden::kL1);
  const RecordBatchMessage message = RecordBatchMessage::Parse(bytes).value();
  CHECK(message.row_count() == 3);
  CHECK(message.codec() == Codec::kNone);
  CHECK(message.body().size() == 56);
  REQUIRE(message.node_count() == 2);
  CHECK(message.node(0) == FieldNode{3, 0});
  CHECK(message.node(1) == FieldNode{3, 1});
  REQUIRE(message.buffer_count() == 5);
  CHECK(message.buffer(1) == BufferSpan{8, 12});
  CHECK(message.buffer(4) == BufferSpan{48, 5 - 1});
  CHECK(message.buffer_bytes(4) == "accc");
  CHECK(message.CheckFits(NameTypes()).ok());
  CHECK(message.CheckFits(SchemaLayout({DataType::Int()})).code() == ErrorCode::kCorruptMessage);
}

TEST_CASE("the compression is read from the metadata", "[arrow]") {
  CHECK(RecordBatchMessage::Parse(golden::Message(golden::kL7))->codec() == Codec::kLz4Frame);
  CHECK(RecordBatchMessage::Parse(golden::Message(golden::kL8))->codec() == Codec::kZstd);
  // The codec's byte: one past ZSTD.
  const Bytes unknown = With<uint8_t>(golden::Message(golden::kL8), 8 + 99, 2);
  CHECK(CodeOf(unknown) == ErrorCode::kUnsupportedVersion);
}

TEST_CASE("the head is written as Java writes it, for any number of columns", "[arrow]") {
  for (const std::string_view batch :
       {golden::kL1, golden::kL7, golden::kL8, golden::kL9, golden::kL12, golden::kL15}) {
    const Bytes bytes = golden::Message(batch);
    const RecordBatchMessage message = RecordBatchMessage::Parse(bytes).value();
    std::vector<FieldNode> nodes;
    std::vector<BufferSpan> buffers;
    for (size_t i = 0; i < message.node_count(); ++i) nodes.push_back(message.node(i));
    for (size_t i = 0; i < message.buffer_count(); ++i) buffers.push_back(message.buffer(i));
    Bytes head(MessageHeadSize(message.codec(), nodes.size(), buffers.size()), '?');
    WriteMessageHead(message.codec(), message.row_count(), nodes, buffers,
                     static_cast<int64_t>(message.body().size()), head.data());
    CHECK(ToHex(head) == ToHex(bytes.substr(0, bytes.size() - message.body().size())));
  }
}

TEST_CASE("a message without columns is written and parsed", "[arrow]") {
  const Codec codec = GENERATE(Codec::kNone, Codec::kLz4Frame, Codec::kZstd);
  Bytes head(MessageHeadSize(codec, 0, 0), '?');
  WriteMessageHead(codec, 12, {}, {}, 0, head.data());
  const RecordBatchMessage message = RecordBatchMessage::Parse(head).value();
  CHECK(message.row_count() == 12);
  CHECK(message.codec() == codec);
  CHECK(message.node_count() == 0);
  CHECK(message.body().empty());
}

TEST_CASE("metadata longer than usual is parsed at every address", "[arrow]") {
  const std::vector<DataType> types(200, DataType::String());
  const Bytes bytes = Build(types, {Row(200, Value::String("x"))});
  for (size_t shift = 0; shift < 8; ++shift) {
    const Bytes shifted = Bytes(shift, ' ') + bytes;
    const auto message = RecordBatchMessage::Parse(BytesView(shifted).substr(shift));
    REQUIRE(message.ok());
    CHECK(message->node_count() == 200);
    CHECK(message->node(199) == FieldNode{1, 0});
    CHECK(message->buffer_bytes(599) == "x");
  }
}

TEST_CASE("a message that is cut off or prolonged is refused", "[arrow]") {
  const Bytes good = golden::Message(golden::kL1);
  for (size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    // In memory of its own, so that a sanitizer sees a read beyond the end.
    const std::unique_ptr<char[]> exact(new char[size]);
    std::copy_n(good.data(), size, exact.get());
    REQUIRE(CodeOf(BytesView(exact.get(), size)) == ErrorCode::kCorruptMessage);
  }
  CHECK(CodeOf(good + Bytes(8, '\0')) == ErrorCode::kCorruptMessage);
}

TEST_CASE("prefixes that are none are refused", "[arrow]") {
  const Bytes good = golden::Message(golden::kL1);
  CHECK(CodeOf(With<int32_t>(good, 0, 200)) == ErrorCode::kCorruptMessage);
  for (const int32_t size : {-8, 0, 199, 204, 1 << 30, INT32_MAX}) {
    CAPTURE(size);
    CHECK(CodeOf(With(good, 4, size)) == ErrorCode::kCorruptMessage);
  }
}

TEST_CASE("metadata that is no flatbuffer is refused", "[arrow]") {
  const Bytes good = golden::Message(golden::kL1);
  CHECK(CodeOf(With<uint32_t>(good, 8, 0x7fffffff)) == ErrorCode::kCorruptMessage);    // Root.
  CHECK(CodeOf(With<uint32_t>(good, 8 + 56, 4000)) == ErrorCode::kCorruptMessage);     // Buffers.
  CHECK(CodeOf(With<uint32_t>(good, 8 + 76, 1 << 28)) == ErrorCode::kCorruptMessage);  // Count.
}

TEST_CASE("other versions and kinds of messages are refused by name", "[arrow]") {
  const Bytes good = golden::Message(golden::kL1);
  CHECK(RecordBatchMessage::Parse(With<int16_t>(good, kVersionAt, 3)).ok());  // V4.
  CHECK(CodeOf(With<int16_t>(good, kVersionAt, 2)) == ErrorCode::kUnsupportedVersion);
  CHECK(CodeOf(With<int16_t>(good, kVersionAt, 5)) == ErrorCode::kUnsupportedVersion);
  CHECK(CodeOf(With<uint8_t>(good, kHeaderTypeAt, 0)) != ErrorCode::kOk);
  CHECK(CodeOf(With<uint8_t>(good, kHeaderTypeAt, 1)) != ErrorCode::kOk);
}

TEST_CASE("row counts out of range and wrong body sizes are refused", "[arrow]") {
  const Bytes good = golden::Message(golden::kL1);
  for (const int64_t rows : {int64_t{-1}, int64_t{1} << 31, INT64_MAX, INT64_MIN}) {
    CHECK(CodeOf(With(good, kRowCountAt, rows)) == ErrorCode::kCorruptMessage);
  }
  CHECK(RecordBatchMessage::Parse(With<int64_t>(good, kRowCountAt, INT32_MAX)).ok());
  for (const int64_t size : {int64_t{-8}, int64_t{48}, int64_t{64}, INT64_MAX, INT64_MIN}) {
    CHECK(CodeOf(With(good, kBodySizeAt, size)) == ErrorCode::kCorruptMessage);
  }
}

TEST_CASE("buffers outside the body, out of order or misaligned are refused", "[arrow]") {
  const Bytes good = golden::Message(golden::kL1);
  const auto set = [&good](size_t buffer, int64_t offset, int64_t length) {
    const size_t at = kBuffersAt + buffer * 16;
    return CodeOf(With(With(good, at, offset), at + 8, length));
  };
  REQUIRE(set(4, 48, 8) == ErrorCode::kOk);
  CHECK(set(4, 48, 9) == ErrorCode::kCorruptMessage);
  CHECK(set(4, 56, 0) == ErrorCode::kOk);
  CHECK(set(4, 64, 0) == ErrorCode::kCorruptMessage);
  CHECK(set(4, 48, -1) == ErrorCode::kCorruptMessage);
  CHECK(set(4, -8, 1) == ErrorCode::kCorruptMessage);
  CHECK(set(4, 48, INT64_MAX) == ErrorCode::kCorruptMessage);
  CHECK(set(4, INT64_MAX - 7, 8) == ErrorCode::kCorruptMessage);
  CHECK(set(4, 32, 5) == ErrorCode::kCorruptMessage);  // Inside the one before.
  CHECK(set(1, 9, 12) == ErrorCode::kCorruptMessage);  // No multiple of 8.
  CHECK(set(1, 8, 17) == ErrorCode::kCorruptMessage);  // Into the next one.
}

TEST_CASE("a body that is no multiple of 8 is refused", "[arrow]") {
  const Bytes good = golden::Message(golden::kL1);
  const Bytes cut = With<int64_t>(good.substr(0, good.size() - 4), kBodySizeAt, 52);
  CHECK(CodeOf(cut) == ErrorCode::kCorruptMessage);
}

}  // namespace
}  // namespace strom::arrow
