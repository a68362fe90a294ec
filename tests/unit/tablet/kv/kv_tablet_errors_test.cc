// What Put does when it cannot: nothing.
#include <cerrno>

#include <catch2/catch_test_macros.hpp>

#include "common/record/log_batch_builder.h"
#include "common/row/row_codec.h"
#include "tests/unit/tablet/kv/kv_fixture.h"

namespace strom::tablet {
namespace {

// A tablet with a flushed and a buffered row, and the check that a failed Put left it alone.
struct Unharmed {
  explicit Unharmed(KvFixture& fixture) : f(fixture) {
    REQUIRE(f.Put({Upsert(TestRow(1, "flushed"))}).ok());
    f.Flush();
    REQUIRE(f.Put({Upsert(TestRow(2, "buffered"))}).ok());
    end = f.log().log_end_offset();
    buffered = f.kv().buffer_size_bytes();
  }
  ~Unharmed() {
    CHECK(f.log().log_end_offset() == end);
    CHECK(f.kv().buffer_size_bytes() == buffered);
    // The next batch sees the old rows.
    REQUIRE(f.Put({Upsert(TestRow(1, "new")), Upsert(TestRow(2, "new"))}).ok());
    const auto changes = f.Changes(end);
    REQUIRE(changes.size() == 4);
    CHECK(changes[0].second == TestRow(1, "flushed"));
    CHECK(changes[2].second == TestRow(2, "buffered"));
  }

  KvFixture& f;
  LogOffset end;
  size_t buffered;
};

// A batch that would change both rows and then holds `record`.
Bytes BatchEndingWith(KvFixture& f, BytesView key, BytesView row, SchemaId schema = SchemaId(1)) {
  record::KvBatchBuilder builder(schema);
  const Bytes before = f.Batch({Upsert(TestRow(1, "x")), Delete(2)});
  const auto view = record::KvBatchView::Parse(before).value();
  for (const record::KvRecord& record : view.records()) builder.Append(record);
  builder.Upsert(key, row);
  return builder.Build();
}

Bytes Encoded(const KvFixture& f, const Row& row) {
  return EncodeRow(RowFormat::kCompacted, row, f.table().newest().types).value();
}

}  // namespace

TEST_CASE("a row that does not decode refuses the whole batch, naming its key", "[kv]") {
  KvFixture f;
  const Unharmed unharmed(f);
  const Bytes row = Encoded(f, TestRow(3, "three"));
  const auto refused = f.PutBytes(BatchEndingWith(f, f.Key(TestRow(3, {})), row.substr(0, 4)));
  CHECK(refused.status().code() == ErrorCode::kCorruptRecord);
  CHECK(refused.status().message().find("key (3)") != std::string_view::npos);
  CHECK(f.PutBytes(BatchEndingWith(f, f.Key(TestRow(3, {})), row + "?")).status().code() ==
        ErrorCode::kCorruptRecord);
}

TEST_CASE("NULL in a key column refuses the whole batch, naming the column", "[kv]") {
  KvFixture f;
  const Unharmed unharmed(f);
  Bytes row = Encoded(f, TestRow(3, "three"));
  row[0] = static_cast<char>(row[0] | 1);
  const auto refused = f.PutBytes(BatchEndingWith(f, f.Key(TestRow(3, {})), row));
  CHECK(refused.status().code() == ErrorCode::kCorruptRecord);
  CHECK(refused.status().message().find("'id'") != std::string_view::npos);
}

TEST_CASE("a row under another row's key is refused", "[kv]") {
  KvFixture f;
  const Unharmed unharmed(f);
  const auto refused =
      f.PutBytes(BatchEndingWith(f, f.Key(TestRow(3, {})), Encoded(f, TestRow(4, "four"))));
  CHECK(refused.status().code() == ErrorCode::kCorruptRecord);
  CHECK(refused.status().message().find("key (3)") != std::string_view::npos);
  CHECK(refused.status().message().find("key (4)") != std::string_view::npos);
}

TEST_CASE("an unknown schema and impossible targets are refused", "[kv]") {
  KvFixture f;
  const Unharmed unharmed(f);
  const Bytes row = Encoded(f, TestRow(3, "three"));
  for (const int16_t schema : {-1, 0, 2}) {
    CHECK(f.PutBytes(BatchEndingWith(f, f.Key(TestRow(3, {})), row, SchemaId(schema)))
              .status()
              .code() == ErrorCode::kSchemaNotExist);
  }
  CHECK(f.Put({Upsert(TestRow(1, "x"))}, {.target_columns = {{1}}}).status().code() ==
        ErrorCode::kInvalidTargetColumn);
}

TEST_CASE("a gap in the writer's sequence is refused and undone", "[kv]") {
  KvFixture f;
  const Unharmed unharmed(f);
  CHECK(f.Put({Upsert(TestRow(1, "x")), Delete(2)}, {}, {WriterId(3), BatchSequence(1)})
            .status()
            .code() == ErrorCode::kOutOfOrderSequence);
}

TEST_CASE("a write to the log that fails is undone", "[kv]") {
  KvFixture f;
  const Unharmed unharmed(f);
  f.disk().faults().FailNext(sim::DiskOperation::kWrite, ".log", EIO);
  CHECK(f.Put({Upsert(TestRow(1, "x")), Delete(2)}).status().code() == ErrorCode::kStorage);
}

TEST_CASE("after a write that cannot be undone the rows are what the log has", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a"))}).ok());
  f.Flush();
  f.disk().faults().FailNext(sim::DiskOperation::kWrite, ".log", EIO);
  f.disk().faults().FailNext(sim::DiskOperation::kTruncate, ".log", EIO);
  REQUIRE_FALSE(f.Put({Upsert(TestRow(1, "b"))}).ok());
  REQUIRE_FALSE(f.Put({Upsert(TestRow(1, "c"))}).ok());  // The segment takes no more.
  CHECK(f.Lookup(1) == TestRow(1, "a"));
  CHECK(f.kv().buffer_size_bytes() == 0);
  f.Crash();
  REQUIRE(f.Put({Upsert(TestRow(1, "d"))}).ok());
  f.Flush();
  CHECK(f.Lookup(1) == TestRow(1, "d"));
}

TEST_CASE("what the log has got in another way is read from it", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a"))}).ok());
  record::LogBatchBuilder builder(f.table().newest().log,
                                  {.schema_id = SchemaId(1), .append_only = false});
  REQUIRE(builder.Append(record::ChangeType::kInsert, TestRow(2, "b")).ok());
  REQUIRE(f.log().AppendAsLeader(builder.Build().value()).ok());
  SECTION("by the next put") {
    REQUIRE(f.Put({Upsert(TestRow(2, "c"))}).ok());
    CHECK(f.Changes(LogOffset(2))[0].second == TestRow(2, "b"));
  }
  SECTION("by the next flush") {
    f.Flush();
    CHECK(f.Lookup(2) == TestRow(2, "b"));
    CHECK(f.kv().row_count() == 2);
  }
  SECTION("or, if that fails, by a later one") {
    f.disk().faults().FailNext(sim::DiskOperation::kRead, ".log", EIO);
    CHECK(f.Put({Upsert(TestRow(2, "c"))}).status().code() == ErrorCode::kStorage);
    f.Flush();
    CHECK(f.Lookup(2) == TestRow(2, "b"));
  }
}

TEST_CASE("what is cut from the log goes from the buffer", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a"))}).ok());
  REQUIRE(f.Put({Upsert(TestRow(1, "b")), Upsert(TestRow(2, "b"))}).ok());
  REQUIRE(f.log().TruncateTo(LogOffset(1)).ok());
  REQUIRE(f.Put({Upsert(TestRow(1, "c"))}).ok());
  CHECK(f.Changes(LogOffset(1))[0].second == TestRow(1, "a"));
  f.Flush();
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "c")});
  // What the store has cannot be undone.
  REQUIRE(f.log().TruncateTo(LogOffset(1)).ok());
  const auto refused = f.Put({Upsert(TestRow(1, "d"))});
  CHECK(refused.status().code() == ErrorCode::kKvStorage);
  f.Crash();
  CHECK(f.Visible() == std::vector<Row>{TestRow(1, "a")});
}

TEST_CASE("a full buffer refuses batches until more is committed", "[kv]") {
  KvFixture f(TestTable(), {.buffer_size_max_bytes = 2000});
  const std::string text(900, 'x');
  REQUIRE(f.Put({Upsert(TestRow(1, text))}).ok());
  const size_t before = f.kv().buffer_size_bytes();
  const auto refused = f.Put({Upsert(TestRow(2, "small")), Upsert(TestRow(3, text))});
  CHECK(refused.status().code() == ErrorCode::kStorageBackpressure);
  CHECK(f.kv().buffer_size_bytes() == before);
  CHECK(f.log().log_end_offset() == LogOffset(1));
  f.Flush();
  CHECK(f.Put({Upsert(TestRow(2, "small")), Upsert(TestRow(3, text))}).ok());
  f.Flush();
  // What never fits is not worth a retry.
  CHECK(f.Put({Upsert(TestRow(4, std::string(3000, 'x')))}).status().code() ==
        ErrorCode::kRecordTooLarge);
  CHECK(f.kv().buffer_size_bytes() == 0);
}

TEST_CASE("small records that replace large rows cannot make an endless changelog", "[kv]") {
  KvFixture f(TestTable(), {.changelog_batch_max_bytes = 5000});
  for (int i = 0; i < 10; ++i) REQUIRE(f.Put({Upsert(TestRow(i, std::string(1000, 'x')))}).ok());
  const LogOffset end = f.log().log_end_offset();
  std::vector<Op> ops;
  for (int i = 0; i < 10; ++i) ops.push_back(Delete(i));
  const auto refused = f.Put(ops);
  CHECK(refused.status().code() == ErrorCode::kRecordTooLarge);
  CHECK(refused.status().message().find("5000") != std::string_view::npos);
  CHECK(f.log().log_end_offset() == end);
  ops.resize(2);
  CHECK(f.Put(ops).ok());
}

}  // namespace strom::tablet
