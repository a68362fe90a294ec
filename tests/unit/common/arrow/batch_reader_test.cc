#include "common/arrow/batch_reader.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/common/arrow/golden.h"
#include "tests/unit/common/arrow/sample.h"

namespace strom::arrow {
namespace {

// A message made of parts, right or wrong.
struct Parts {
  int64_t rows = 0;
  std::vector<FieldNode> nodes;
  std::vector<Bytes> buffers;
  Codec codec = Codec::kNone;
};

template <class T>
Bytes Little(const std::vector<T>& numbers) {
  Bytes out;
  for (const T number : numbers) AppendLittle(out, number);
  return out;
}

Bytes Assemble(const Parts& parts) {
  std::vector<BufferSpan> spans;
  Bytes body;
  for (const Bytes& buffer : parts.buffers) {
    spans.push_back({static_cast<int64_t>(body.size()), static_cast<int64_t>(buffer.size())});
    body += buffer;
    body.resize(PaddedSize(body.size()));
  }
  Bytes out(MessageHeadSize(parts.codec, parts.nodes.size(), spans.size()), '\0');
  WriteMessageHead(parts.codec, parts.rows, parts.nodes, spans, static_cast<int64_t>(body.size()),
                   out.data());
  return out + body;
}

Status OpenStatus(const Parts& parts, const DataType& type, const ReadLimits& limits = {}) {
  return RecordBatchReader::Open(Assemble(parts), SchemaLayout({type}), limits).status();
}

ErrorCode CodeOf(const Parts& parts, const DataType& type, const ReadLimits& limits = {}) {
  return OpenStatus(parts, type, limits).code();
}

std::vector<Row> RowsOf(const Parts& parts, const DataType& type) {
  return ReadAll(Assemble(parts), {type});
}

const Bytes kNoBytes;

TEST_CASE("columns are read without making rows", "[arrow]") {
  const Bytes message = golden::Message(golden::kL1);
  const RecordBatchReader reader = RecordBatchReader::Open(message, NameTypes()).value();
  CHECK(reader.row_count() == 3);
  REQUIRE(reader.column_count() == 2);
  const ColumnView& id = reader.column(0);
  CHECK(id.type() == DataType::Int());
  CHECK(id.null_count() == 0);
  CHECK(id.Number<int32_t>(2) == 3);
  CHECK(id.data() == Little<int32_t>({1, 2, 3}));
  const ColumnView& name = reader.column(1);
  CHECK(name.length() == 3);
  CHECK(name.null_count() == 1);
  CHECK(name.IsNull(1));
  CHECK_FALSE(name.IsNull(2));
  CHECK(name.Variable(2) == "ccc");
  CHECK(name.validity() == "\x05");
  CHECK(name.offsets() == Little<int32_t>({0, 1, 1, 4}));
}

TEST_CASE("uncompressed columns are views into the message", "[arrow]") {
  const Bytes message = golden::Message(golden::kL1);
  const RecordBatchReader reader = RecordBatchReader::Open(message, NameTypes()).value();
  const BytesView data = reader.column(1).data();
  CHECK(data.data() > message.data());
  CHECK(data.data() < message.data() + message.size());
}

TEST_CASE("nested columns are walked child by child", "[arrow]") {
  const Codec codec = GENERATE(Codec::kNone, Codec::kLz4Frame, Codec::kZstd);
  const Bytes message = Build(NestedTypes(), NestedRows(), {codec});
  const RecordBatchReader reader = RecordBatchReader::Open(message, NestedTypes()).value();
  const ColumnView& array = reader.column(0);
  CHECK(array.RangeOf(0).begin == 0);
  CHECK(array.RangeOf(0).end == 3);
  CHECK(array.first_child().Number<int32_t>(2) == 3);
  CHECK(array.first_child().IsNull(1));

  const ColumnView& entries = reader.column(1).first_child();
  CHECK(entries.length() == 1);
  CHECK(entries.first_child().Number<int32_t>(0) == 1);
  CHECK(entries.first_child().next_sibling().Variable(0) == "a");

  const ColumnView& x = reader.column(2).first_child();
  CHECK(x.Number<int32_t>(0) == 5);
  CHECK(x.next_sibling().Variable(0) == "z");
  CHECK(reader.column(2).next_sibling().type() == DataType::Decimal(5, 2));
  CHECK(reader.column(4).Bit(0));
  CHECK(reader.column(6).Fixed(0) == "\x01\x02");
  CHECK(reader.column(6).At(1) == Value::Null());
}

TEST_CASE("a reader may be moved", "[arrow]") {
  const Bytes message = Build(NestedTypes(), NestedRows(), {Codec::kZstd});
  std::vector<RecordBatchReader> readers;
  for (int i = 0; i < 5; ++i) {
    readers.push_back(RecordBatchReader::Open(message, NestedTypes()).value());
  }
  for (const RecordBatchReader& reader : readers) CHECK(ReadRows(reader) == NestedRows());
}

TEST_CASE("a missing validity means all valid or all null", "[arrow]") {
  const Bytes data = Little<int32_t>({7, 8});
  CHECK(RowsOf({2, {{2, 0}}, {kNoBytes, data}}, DataType::Int()) ==
        std::vector<Row>{{Value::Int(7)}, {Value::Int(8)}});
  CHECK(RowsOf({2, {{2, 2}}, {kNoBytes, data}}, DataType::Int()) ==
        std::vector<Row>{{Value::Null()}, {Value::Null()}});
  CHECK(CodeOf({2, {{2, 1}}, {kNoBytes, data}}, DataType::Int()) == ErrorCode::kCorruptMessage);
}

TEST_CASE("null counts have to fit the slots and the bitmap", "[arrow]") {
  const Bytes data = Little<int32_t>({7, 8, 9});
  const auto code = [&data](int64_t nulls, const Bytes& validity) {
    return CodeOf({3, {{3, nulls}}, {validity, data}}, DataType::Int());
  };
  CHECK(code(1, "\x05") == ErrorCode::kOk);
  CHECK(code(1, "\xfd") == ErrorCode::kOk);  // Bits behind the last slot mean nothing.
  CHECK(code(2, "\x05") == ErrorCode::kCorruptMessage);
  CHECK(code(-1, "\x05") == ErrorCode::kCorruptMessage);
  CHECK(code(4, "\x05") == ErrorCode::kCorruptMessage);
  CHECK(code(INT64_MIN, "\x05") == ErrorCode::kCorruptMessage);
  // As in Java, a count of 0 or of all overrules the bitmap.
  CHECK(RowsOf({1, {{1, 0}}, {Bytes(1, '\0'), Little<int8_t>({3})}}, DataType::TinyInt()) ==
        std::vector<Row>{{Value::Int(3)}});
  CHECK(RowsOf({1, {{1, 1}}, {Bytes(1, '\1'), Little<int8_t>({3})}}, DataType::TinyInt()) ==
        std::vector<Row>{{Value::Null()}});
}

TEST_CASE("long bitmaps are counted to the last bit", "[arrow]") {
  const int64_t rows = GENERATE(63, 64, 65, 127, 128, 200);
  Bytes validity((rows + 7) / 8, '\xff');
  validity.back() = static_cast<char>(validity.back() ^ (1 << ((rows - 1) % 8)));
  const Bytes data(rows, '\1');
  CHECK(CodeOf({rows, {{rows, 1}}, {validity, data}}, DataType::TinyInt()) == ErrorCode::kOk);
  CHECK(CodeOf({rows, {{rows, 2}}, {validity, data}}, DataType::TinyInt()) ==
        ErrorCode::kCorruptMessage);
  const Bytes shorter = validity.substr(0, validity.size() - 1);
  CHECK(CodeOf({rows, {{rows, 1}}, {shorter, data}}, DataType::TinyInt()) ==
        ErrorCode::kCorruptMessage);
}

TEST_CASE("a column has as many slots as the message rows", "[arrow]") {
  const Bytes data = Little<int32_t>({7, 8, 9});
  CHECK(CodeOf({3, {{2, 0}}, {"\x07", data}}, DataType::Int()) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf({2, {{3, 0}}, {"\x07", data}}, DataType::Int()) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf({2, {{-1, 0}}, {"\x07", data}}, DataType::Int()) == ErrorCode::kCorruptMessage);
}

TEST_CASE("data has to be there for every row", "[arrow]") {
  const auto code = [](const DataType& type, int64_t rows, size_t size) {
    return CodeOf({rows, {{rows, 0}}, {kNoBytes, Bytes(size, '\0')}}, type);
  };
  CHECK(code(DataType::BigInt(), 3, 24) == ErrorCode::kOk);
  CHECK(code(DataType::BigInt(), 3, 23) == ErrorCode::kCorruptMessage);
  CHECK(code(DataType::BigInt(), INT32_MAX, 24) == ErrorCode::kCorruptMessage);
  CHECK(code(DataType::Binary(INT32_MAX), INT32_MAX, 24) == ErrorCode::kCorruptMessage);
  CHECK(code(DataType::Boolean(), 16, 2) == ErrorCode::kOk);
  CHECK(code(DataType::Boolean(), 17, 2) == ErrorCode::kCorruptMessage);
}

TEST_CASE("offsets ascend within their data", "[arrow]") {
  const auto code = [](const std::vector<int32_t>& offsets) {
    return CodeOf({2, {{2, 0}}, {kNoBytes, Little(offsets), "abcd"}}, DataType::String());
  };
  CHECK(code({0, 1, 4}) == ErrorCode::kOk);
  CHECK(code({1, 1, 3}) == ErrorCode::kOk);  // Slices of other batches begin later.
  CHECK(code({0, 1, 4, 9}) == ErrorCode::kOk);
  CHECK(code({0, 1}) == ErrorCode::kCorruptMessage);
  CHECK(code({}) == ErrorCode::kCorruptMessage);
  CHECK(code({0, 1, 5}) == ErrorCode::kCorruptMessage);
  CHECK(code({0, 3, 2}) == ErrorCode::kCorruptMessage);
  CHECK(code({-1, 1, 4}) == ErrorCode::kCorruptMessage);
  CHECK(code({0, 1, INT32_MIN}) == ErrorCode::kCorruptMessage);
}

TEST_CASE("a column without rows may have one offset or none", "[arrow]") {
  CHECK(CodeOf({0, {{0, 0}}, {"", "", ""}}, DataType::String()) == ErrorCode::kOk);
  CHECK(CodeOf({0, {{0, 0}}, {"", Bytes(4, '\0'), ""}}, DataType::String()) == ErrorCode::kOk);
}

TEST_CASE("a list's child has the slots that the offsets need", "[arrow]") {
  const DataType type = DataType::Array(DataType::TinyInt());
  const auto parts = [](std::vector<int32_t> offsets, int64_t child_length, const Bytes& data) {
    return Parts{2, {{2, 0}, {child_length, 0}}, {kNoBytes, Little(offsets), kNoBytes, data}};
  };
  CHECK(RowsOf(parts({0, 2, 3}, 3, "\1\2\3"), type) ==
        std::vector<Row>{{Value::List({Value::Int(1), Value::Int(2)})},
                         {Value::List({Value::Int(3)})}});
  CHECK(CodeOf(parts({0, 2, 3}, 4, "\1\2\3\4"), type) == ErrorCode::kOk);
  CHECK(CodeOf(parts({0, 2, 3}, 2, "\1\2\3"), type) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf(parts({0, 2, 3}, 3, "\1\2"), type) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf(parts({0, 2, 1}, 3, "\1\2\3"), type) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf(parts({0, 2, 3}, int64_t{1} << 40, "\1\2\3"), type) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf(parts({0, 2, 3}, -1, "\1\2\3"), type) == ErrorCode::kCorruptMessage);
}

TEST_CASE("the children of maps and rows are as long as their parents", "[arrow]") {
  const DataType map = DataType::Map(DataType::TinyInt(), DataType::TinyInt());
  const auto map_parts = [](int64_t entries, int64_t keys, int64_t values) {
    return Parts{
        1,
        {{1, 0}, {entries, 0}, {keys, 0}, {values, 0}},
        {kNoBytes, Little<int32_t>({0, 2}), kNoBytes, kNoBytes, "\1\2\3", kNoBytes, "\4\5\6"}};
  };
  CHECK(RowsOf(map_parts(2, 2, 2), map) ==
        std::vector<Row>{
            {Value::Map({{Value::Int(1), Value::Int(4)}, {Value::Int(2), Value::Int(5)}})}});
  CHECK(CodeOf(map_parts(1, 1, 1), map) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf(map_parts(2, 3, 2), map) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf(map_parts(2, 2, 1), map) == ErrorCode::kCorruptMessage);

  const DataType row = DataType::Row({{"x", DataType::TinyInt(), {}}});
  const auto row_parts = [](int64_t child) {
    return Parts{2, {{2, 0}, {child, 0}}, {kNoBytes, kNoBytes, "\1\2\3"}};
  };
  CHECK(CodeOf(row_parts(2), row) == ErrorCode::kOk);
  CHECK(CodeOf(row_parts(1), row) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf(row_parts(3), row) == ErrorCode::kCorruptMessage);
}

TEST_CASE("a message of another schema is refused", "[arrow]") {
  const Bytes message = golden::Message(golden::kL1);
  const auto code = [&message](const std::vector<DataType>& types) {
    return RecordBatchReader::Open(message, types).status().code();
  };
  CHECK(code({DataType::Int(), DataType::Bytes()}) == ErrorCode::kOk);  // The same form.
  CHECK(code({DataType::Int()}) == ErrorCode::kCorruptMessage);
  CHECK(code({DataType::Int(), DataType::Int()}) == ErrorCode::kCorruptMessage);
  CHECK(code({DataType::BigInt(), DataType::String()}) == ErrorCode::kCorruptMessage);
  CHECK(code({DataType::String(), DataType::Int()}) == ErrorCode::kCorruptMessage);
  CHECK(code({}) == ErrorCode::kCorruptMessage);
}

TEST_CASE("errors name the column and the numbers", "[arrow]") {
  const Status status =
      OpenStatus({2, {{2, 0}}, {kNoBytes, Little<int32_t>({1})}}, DataType::Int());
  CHECK(status.message() == "Arrow message: column 0: data of 4 bytes, needs 8");
}

TEST_CASE("seconds that are no milliseconds are refused unless null", "[arrow]") {
  const Bytes data = Little<int64_t>({1, INT64_MAX});
  CHECK(CodeOf({2, {{2, 0}}, {"\3", data}}, DataType::Timestamp(0)) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf({2, {{2, 0}}, {"\3", data}}, DataType::TimestampLtz(0)) ==
        ErrorCode::kCorruptMessage);
  CHECK(CodeOf({2, {{2, 0}}, {"\3", data}}, DataType::Timestamp(9)) == ErrorCode::kOk);
  CHECK(RowsOf({2, {{2, 1}}, {"\1", data}}, DataType::Timestamp(0)) ==
        std::vector<Row>{{Value::Time(1000)}, {Value::Null()}});
}

TEST_CASE("decompressed bytes are limited before they are allocated", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  const std::vector<DataType> types(3, DataType::BigInt());
  const std::vector<Row> rows(10000, Row(3, Value::Int(1)));  // So that all is compressed.
  const Bytes message = Build(types, rows, {codec});
  const auto code = [&](size_t bytes_max) {
    const ReadLimits limits{.max_decompressed_bytes = bytes_max};
    return RecordBatchReader::Open(message, types, limits).status().code();
  };
  constexpr size_t kNeeded = 3 * (80000 + 1256);  // Data, and validity padded.
  CHECK(code(kNeeded) == ErrorCode::kOk);
  CHECK(code(kNeeded - 1) == ErrorCode::kRecordTooLarge);
  CHECK(code(0) == ErrorCode::kRecordTooLarge);
}

TEST_CASE("a bomb is refused without being opened", "[arrow]") {
  Bytes bomb;
  AppendLittle<int64_t>(bomb, int64_t{1} << 33);
  bomb.append(1 << 20, 'x');  // 32 GiB could be in there, if it were a frame.
  const Parts parts{1, {{1, 0}}, {Bytes(8, '\0'), bomb}, Codec::kZstd};
  CHECK(CodeOf(parts, DataType::TinyInt()) == ErrorCode::kRecordTooLarge);
}

TEST_CASE("list elements are limited, which may be bits", "[arrow]") {
  const DataType type = DataType::Array(DataType::Boolean());
  const Parts parts{
      1, {{1, 0}, {80, 0}}, {kNoBytes, Little<int32_t>({0, 80}), kNoBytes, Bytes(10, '\0')}};
  CHECK(CodeOf(parts, type, {.max_list_elements = 80}) == ErrorCode::kOk);
  CHECK(CodeOf(parts, type, {.max_list_elements = 79}) == ErrorCode::kRecordTooLarge);
  // Elements without any bytes: only the limit stands before the memory they need.
  const DataType empty_rows = DataType::Array(DataType::Row({}));
  const Parts many{
      1, {{1, 0}, {INT32_MAX, 0}}, {kNoBytes, Little<int32_t>({0, INT32_MAX}), kNoBytes}};
  CHECK(CodeOf(many, empty_rows) == ErrorCode::kRecordTooLarge);
}

TEST_CASE("a damaged frame is refused", "[arrow]") {
  const Codec codec = GENERATE(Codec::kLz4Frame, Codec::kZstd);
  Bytes frame;
  AppendCompressed(Bytes(1000, 'a'), {codec}, frame);
  Bytes cut = frame.substr(0, frame.size() - 1);
  const auto parts = [codec](const Bytes& data) {
    return Parts{1000, {{1000, 0}}, {Bytes(8, '\0'), data}, codec};
  };
  CHECK(CodeOf(parts(frame), DataType::TinyInt()) == ErrorCode::kOk);
  CHECK(CodeOf(parts(cut), DataType::TinyInt()) == ErrorCode::kCorruptMessage);
  CHECK(CodeOf(parts(frame.substr(0, 5)), DataType::TinyInt()) == ErrorCode::kCorruptMessage);
  // One row more than the frame holds.
  CHECK(CodeOf({1001, {{1001, 0}}, {Bytes(8, '\0'), frame}, codec}, DataType::TinyInt()) ==
        ErrorCode::kCorruptMessage);
}

}  // namespace
}  // namespace strom::arrow
