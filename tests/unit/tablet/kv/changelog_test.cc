// What goes into the changelog, and what replaying it gives.
#include <catch2/catch_test_macros.hpp>

#include "common/record/log_record_reader.h"
#include "tablet/kv/changelog_builder.h"
#include "tablet/kv/changelog_replay.h"
#include "tests/unit/tablet/kv/kv_fixture.h"

namespace strom::tablet {
namespace {

using record::ChangeType;

std::vector<Change> ReadBack(const Bytes& bytes, const KvTable& table) {
  const auto batch = record::LogBatchView::ParseFront(bytes).value();
  REQUIRE(batch.size() == bytes.size());
  CHECK(batch.CheckCrc().ok());
  CHECK_FALSE(batch.append_only());
  std::vector<Change> changes;
  for (const auto& record : record::ReadLogRecords(batch, table.newest().log).value()) {
    changes.emplace_back(record.change_type, record.row);
  }
  return changes;
}

std::vector<PreWriteBuffer::Change> Replay(KvFixture& f, int64_t from, int64_t to) {
  std::vector<PreWriteBuffer::Change> seen;
  const auto note = [&](PreWriteBuffer::Change change) {
    seen.push_back(std::move(change));
    return Status::Ok();
  };
  REQUIRE(ReplayChangelog(f.log(), f.table(), LogOffset(from), LogOffset(to), note).ok());
  return seen;
}

Status ReplayStatus(KvFixture& f, int64_t from, int64_t to) {
  return ReplayChangelog(f.log(), f.table(), LogOffset(from), LogOffset(to),
                         [](const auto&) { return Status::Ok(); });
}

}  // namespace

TEST_CASE("a changelog batch has the table's format, newest schema, writer and sequence", "[kv]") {
  const std::pair<LogFormat, KvFormat> all[] = {{LogFormat::kArrow, KvFormat::kCompacted},
                                                {LogFormat::kCompacted, KvFormat::kCompacted},
                                                {LogFormat::kIndexed, KvFormat::kIndexed}};
  for (const auto& [log_format, kv_format] : all) {
    const auto table =
        KvTable::Make(TestTable(Formats(log_format, kv_format)), SchemaId(3)).value();
    ChangelogBuilder builder(*table);
    builder.Begin(LogOffset(100));
    REQUIRE(builder.Insert(TestRow(1, "a")).ok());
    CHECK(builder.last_offset() == LogOffset(100));
    REQUIRE(builder.Update(TestRow(1, "a"), TestRow(1, "b")).ok());
    CHECK(builder.last_offset() == LogOffset(102));
    REQUIRE(builder.Delete(TestRow(1, "b")).ok());
    const Bytes bytes = builder.Build(WriterId(9), BatchSequence(4)).value();
    const auto header = record::ParseLogBatchHeader(bytes).value();
    CHECK(header.schema_id == SchemaId(3));
    CHECK(header.writer_id == WriterId(9));
    CHECK(header.batch_sequence == BatchSequence(4));
    CHECK(header.magic == 0);
    CHECK(ReadBack(bytes, *table) ==
          std::vector<Change>{{ChangeType::kInsert, TestRow(1, "a")},
                              {ChangeType::kUpdateBefore, TestRow(1, "a")},
                              {ChangeType::kUpdateAfter, TestRow(1, "b")},
                              {ChangeType::kDelete, TestRow(1, "b")}});
  }
}

TEST_CASE("a batch without changes is a header of one offset", "[kv]") {
  const auto table = KvTable::Make(TestTable(), SchemaId(1)).value();
  ChangelogBuilder builder(*table);
  builder.Begin(LogOffset(0));
  REQUIRE(builder.Insert(TestRow(1, "a")).ok());
  builder.Begin(LogOffset(7));  // Forgets what was there.
  const Bytes bytes = builder.Build(WriterId(9), BatchSequence(0)).value();
  CHECK(bytes.size() == record::kLogBatchHeaderSizeMin);
  const auto header = record::ParseLogBatchHeader(bytes).value();
  CHECK(header.record_count == 0);
  CHECK(header.writer_id == WriterId(9));
}

TEST_CASE("image WAL leaves the old rows of updates out", "[kv]") {
  const auto table =
      KvTable::Make(TestTable({{"table.changelog.image", "WAL"}}), SchemaId(1)).value();
  ChangelogBuilder builder(*table);
  builder.Begin(LogOffset(0));
  REQUIRE(builder.Insert(TestRow(1, "a")).ok());
  REQUIRE(builder.Update(TestRow(1, "a"), TestRow(1, "b")).ok());
  REQUIRE(builder.Overwrite(TestRow(2, "c")).ok());
  REQUIRE(builder.Delete(TestRow(1, "b")).ok());
  CHECK(ReadBack(builder.Build(kNoWriter, kNoSequence).value(), *table) ==
        std::vector<Change>{{ChangeType::kInsert, TestRow(1, "a")},
                            {ChangeType::kUpdateAfter, TestRow(1, "b")},
                            {ChangeType::kUpdateAfter, TestRow(2, "c")},
                            {ChangeType::kDelete, TestRow(1, "b")}});
}

TEST_CASE("replay gives the changes of any range with their offsets", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());  // 0, 1
  REQUIRE(f.Put({Delete(9)}).ok());                                         // 2, empty
  REQUIRE(f.Put({Upsert(TestRow(1, "c")), Delete(2)}).ok());                // 3, 4 and 5
  const auto all = Replay(f, 0, 6);
  REQUIRE(all.size() == 4);
  CHECK(all[0].key == f.Key(TestRow(1, {})));
  CHECK(all[0].row_count_delta == 1);
  CHECK(f.table().DecodeStored(*all[2].value).value() == TestRow(1, "c"));
  CHECK(all[2].offset == LogOffset(4));
  CHECK(all[2].row_count_delta == 0);
  CHECK_FALSE(all[3].value.has_value());
  CHECK(all[3].row_count_delta == -1);
  CHECK(Replay(f, 1, 6).size() == 3);
  CHECK(Replay(f, 1, 4).size() == 1);  // The range ends between -U and +U.
  CHECK(Replay(f, 4, 5).size() == 1);
  CHECK(Replay(f, 2, 3).empty());
  CHECK(Replay(f, 6, 6).empty());
}

TEST_CASE("replay stops with the visitor's error", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());
  int visits = 0;
  const Status status =
      ReplayChangelog(f.log(), f.table(), LogOffset(0), LogOffset(2), [&](const auto&) {
        ++visits;
        return Error(ErrorCode::kKvStorage, "no room");
      });
  CHECK(status.code() == ErrorCode::kKvStorage);
  CHECK(visits == 1);
}

TEST_CASE("replay refuses what is no changelog of the table", "[kv]") {
  KvFixture f;
  const KvSchema& schema = f.table().newest();
  const auto append = [&](SchemaId id, bool append_only, ChangeType type) {
    record::LogBatchBuilder builder(schema.log, {.schema_id = id, .append_only = append_only});
    REQUIRE(builder.Append(type, TestRow(1, "a")).ok());
    REQUIRE(f.log().AppendAsLeader(builder.Build().value()).ok());
  };
  append(SchemaId(1), true, ChangeType::kAppendOnly);
  append(SchemaId(2), false, ChangeType::kInsert);
  const Status append_only = ReplayStatus(f, 0, 1);
  CHECK(append_only.code() == ErrorCode::kCorruptRecord);
  CHECK(append_only.message().find("append-only") != std::string_view::npos);
  CHECK(ReplayStatus(f, 1, 2).code() == ErrorCode::kSchemaNotExist);
  CHECK(ReplayStatus(f, 0, 3).code() == ErrorCode::kCorruptRecord);
  CHECK(ReplayStatus(f, 2, 3).code() == ErrorCode::kCorruptRecord);
  CHECK(ReplayStatus(f, 3, 4).code() == ErrorCode::kLogOffsetOutOfRange);
}

TEST_CASE("replay sees a damaged batch", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "aaaaaaaa"))}).ok());
  auto file = f.disk().OpenForWrite("/data/log-0/00000000000000000000.log").value();
  REQUIRE(file->WriteAt(f.log().size_bytes() - 3, "?").ok());
  const Status status = ReplayStatus(f, 0, 1);
  CHECK(status.code() == ErrorCode::kCorruptRecord);
  CHECK(status.message().find("offset 0") != std::string_view::npos);
}

}  // namespace strom::tablet
