#include "common/arrow/projection.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/arrow/ipc_message.h"
#include "tests/unit/common/arrow/golden.h"
#include "tests/unit/common/arrow/sample.h"

namespace strom::arrow {
namespace {

Projection Make(const std::vector<DataType>& types, const std::vector<int32_t>& columns) {
  return Projection::Create(types, columns).value();
}

Bytes Project(const Projection& projection, BytesView message, Codec codec) {
  Bytes out;
  const Status status = projection.AppendProjected(message, codec, out);
  INFO(status.ToString());
  REQUIRE(status.ok());
  return out;
}

TEST_CASE("every set of columns gives the message of a table with these columns", "[arrow]") {
  const Codec codec = GENERATE(Codec::kNone, Codec::kLz4Frame, Codec::kZstd);
  const std::vector<DataType> types = NestedTypes();
  const std::vector<Row> rows = NestedRows();
  const Bytes message = Build(types, rows, {codec});
  for (uint32_t mask = 1; mask < (1U << types.size()); ++mask) {
    std::vector<int32_t> columns;
    std::vector<DataType> chosen_types;
    std::vector<Row> chosen_rows(rows.size());
    for (size_t i = 0; i < types.size(); ++i) {
      if ((mask >> i & 1) == 0) continue;
      columns.push_back(static_cast<int32_t>(i));
      chosen_types.push_back(types[i]);
      for (size_t row = 0; row < rows.size(); ++row) chosen_rows[row].push_back(rows[row][i]);
    }
    const Projection projection = Make(types, columns);
    CAPTURE(mask);
    REQUIRE(Project(projection, message, codec) == Build(chosen_types, chosen_rows, {codec}));
    REQUIRE(projection.layout().column_count() == columns.size());
  }
}

TEST_CASE("the projected message declares the table's compression", "[arrow]") {
  const Bytes lz4 = golden::Message(golden::kL7);
  const Bytes out = Project(Make(NameTypes(), {0}), lz4, Codec::kZstd);
  const RecordBatchMessage message = RecordBatchMessage::Parse(out).value();
  CHECK(message.codec() == Codec::kZstd);
  CHECK(message.buffer_bytes(0) == RecordBatchMessage::Parse(lz4)->buffer_bytes(0));
}

TEST_CASE("a projected message goes behind what is there", "[arrow]") {
  const Projection projection = Make(NameTypes(), {1});
  Bytes out = "header";
  REQUIRE(projection.AppendProjected(golden::Message(golden::kL1), Codec::kNone, out).ok());
  CHECK(out.substr(0, 6) == "header");
  CHECK(out.substr(6) == golden::Message(golden::kL12));
}

TEST_CASE("larger gaps between buffers move along", "[arrow]") {
  // The message of L1 with 64 bytes after each buffer, as other writers pad.
  const Bytes bytes = golden::Message(golden::kL1);
  const RecordBatchMessage narrow = RecordBatchMessage::Parse(bytes).value();
  std::vector<FieldNode> nodes = {narrow.node(0), narrow.node(1)};
  std::vector<BufferSpan> buffers;
  Bytes body;
  for (size_t i = 0; i < narrow.buffer_count(); ++i) {
    buffers.push_back({static_cast<int64_t>(body.size()), narrow.buffer(i).length});
    body.append(narrow.buffer_bytes(i)).resize(64 * (i + 1));
  }
  Bytes wide(MessageHeadSize(Codec::kNone, 2, 5), '\0');
  WriteMessageHead(Codec::kNone, 3, nodes, buffers, static_cast<int64_t>(body.size()), wide.data());
  wide += body;

  const Bytes out = Project(Make(NameTypes(), {1}), wide, Codec::kNone);
  CHECK(RecordBatchMessage::Parse(out)->body().size() == 3 * 64);
  CHECK(ReadAll(out, {DataType::String()}) ==
        std::vector<Row>{{Value::String("a")}, {Value::Null()}, {Value::String("ccc")}});
}

TEST_CASE("columns that do not ascend or do not exist are refused", "[arrow]") {
  const auto code = [](const std::vector<int32_t>& columns) {
    return Projection::Create(NestedTypes(), columns).status().code();
  };
  CHECK(code({0, 3, 6}) == ErrorCode::kOk);
  CHECK(code({}) == ErrorCode::kInvalidColumnProjection);
  CHECK(code({-1}) == ErrorCode::kInvalidColumnProjection);
  CHECK(code({7}) == ErrorCode::kInvalidColumnProjection);
  CHECK(code({1, 1}) == ErrorCode::kInvalidColumnProjection);
  CHECK(code({2, 1}) == ErrorCode::kInvalidColumnProjection);
}

TEST_CASE("a message of another schema is refused and nothing appended", "[arrow]") {
  const Projection projection = Make(NestedTypes(), {0});
  Bytes out = "header";
  CHECK(projection.AppendProjected(golden::Message(golden::kL1), Codec::kNone, out).code() ==
        ErrorCode::kCorruptMessage);
  CHECK(projection.AppendProjected("no message", Codec::kNone, out).code() ==
        ErrorCode::kCorruptMessage);
  CHECK(out == "header");
}

}  // namespace
}  // namespace strom::arrow
