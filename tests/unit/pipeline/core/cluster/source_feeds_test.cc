#include "pipeline/core/source_feeds.h"

#include <map>
#include <random>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/notification.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/thread_pool.h"
#include "tests/unit/pipeline/core/cluster/shared_cluster.h"

namespace strom::pipeline {
namespace {

MonoTime Patience() { return runtime::SystemNow() + Seconds(60); }

std::string Text(const Row& row) { return Value::Struct(row).ToString(); }

// The rows of a source as what came of them says: a removal takes one away that is there.
class Bag {
 public:
  void Apply(const Delta& delta) {
    for (const SignedRow& change : delta) {
      const std::string row = Text(change.row);
      if (change.insert) {
        ++rows_[row];
        CHECK(rows_[row] == 1);  // Twice would be a double: rows have keys.
      } else {
        INFO("gone: " << row);
        REQUIRE(rows_[row] == 1);
        rows_.erase(row);
      }
    }
  }
  std::vector<std::string> rows() const {
    std::vector<std::string> rows;
    for (const auto& [row, count] : rows_) rows.push_back(row);
    return rows;
  }

 private:
  std::map<std::string, int> rows_;
};

// Changes as text, with their signs, of one source.
std::vector<std::string> Signed(const std::vector<FeedBatch>& batches, size_t source = 0) {
  std::vector<std::string> lines;
  for (const FeedBatch& batch : batches) {
    if (batch.source != source) continue;
    for (const SignedRow& change : batch.rows.Copy()) {
      lines.push_back((change.insert ? "+ " : "- ") + Text(change.row));
    }
  }
  return lines;
}

Result<std::vector<FeedBatch>> Next(SourceFeeds& feeds, MonoTime deadline, size_t rows_max) {
  feeds.Await(deadline);
  return feeds.Take(rows_max);
}

// Asks for changes until `count` rows came.
std::vector<FeedBatch> Read(SourceFeeds& feeds, size_t count) {
  std::vector<FeedBatch> all;
  size_t rows = 0;
  while (rows < count) {
    auto batches = Next(feeds, Patience(), 1000);
    INFO(batches.status().ToString());
    REQUIRE(batches.ok());
    REQUIRE_FALSE(batches->empty());
    for (FeedBatch& batch : *batches) {
      CHECK(batch.newest_ms > 0);
      CHECK_FALSE(batch.positions.empty());
      rows += batch.rows.size();
      all.push_back(std::move(batch));
    }
  }
  CHECK(rows == count);
  return all;
}

// The table's rows as a snapshot gives them.
std::vector<FeedBatch> Snapshot(SourceFeeds& feeds) {
  std::vector<FeedBatch> batches;
  const Status read = feeds.ReadSnapshots([&](FeedBatch batch) {
    batches.push_back(std::move(batch));
    return Status::Ok();
  });
  INFO(read.ToString());
  REQUIRE(read.ok());
  return batches;
}

std::unique_ptr<SourceFeeds> Open(std::vector<FeedSource> sources, StopSignal& stop) {
  auto feeds = SourceFeeds::Open(SharedCluster().connection(), std::move(sources), stop);
  INFO(feeds.status().ToString());
  REQUIRE(feeds.ok());
  return *std::move(feeds);
}

std::vector<std::string> Sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a snapshot and what comes after it have no gap and no double while somebody writes",
          "[pipeline]") {
  const TableInfo table = MakeKeyed("busy", 3);
  Upsert(table, {R(1, "before")});
  runtime::ThreadPool pool({.name = "writer", .threads = 1});
  runtime::Notification written;
  runtime::Notification enough;
  const uint32_t seed = std::random_device()();
  INFO("seed " << seed);
  Status writing;
  pool.Post([&] {
    std::mt19937 random(seed);
    const auto writer = SharedCluster().connection().NewUpsertWriter(table).value();
    for (int i = 0; writing.ok() && (i < 2000 || (!enough.HasBeenNotified() && i < 200'000)); ++i) {
      const auto id = static_cast<int64_t>(random() % 100);
      writing = random() % 4 == 0 ? writer->DeleteKey({Value::Int(id)})
                                  : writer->Upsert(R(id, std::to_string(i)));
      if (writing.ok() && i % 50 == 0) writing = writer->Flush().Get();
    }
    const Status closed = writer->Close().Get();
    if (writing.ok()) writing = closed;
    written.Notify();
  });

  StopSignal stop;
  Bag bag;
  const auto feeds = Open({{table, {}}}, stop);
  for (const FeedBatch& batch : Snapshot(*feeds)) bag.Apply(batch.rows.Copy());
  for (int i = 0; i < 20; ++i) {
    const auto batches = Next(*feeds, Patience(), 100);
    REQUIRE(batches.ok());
    for (const FeedBatch& batch : *batches) bag.Apply(batch.rows.Copy());
  }
  enough.Notify();
  REQUIRE(written.WaitFor(Seconds(60)));
  REQUIRE(writing.ok());

  Upsert(table, {R(1000, "last")});
  const Lines rows = SharedCluster().Rows({"db", "busy"});
  while (Sorted(bag.rows()) != rows) {
    const auto batches = Next(*feeds, Patience(), 1000);
    REQUIRE(batches.ok());
    REQUIRE_FALSE(batches->empty());
    for (const FeedBatch& batch : *batches) bag.Apply(batch.rows.Copy());
  }
  Delete(table, {1000});  // The very next that comes: nothing was left behind.
  CHECK(Signed(Read(*feeds, 1)) == Lines{"- (1000, 'last')"});
}

TEST_CASE("several sources are read at once, each as declared", "[pipeline]") {
  const TableInfo keyed = MakeKeyed("keyed", 3);
  const TableInfo log = MakeLog("log", 2);
  const TableInfo empty = MakeKeyed("empty", 3);
  Upsert(keyed, {R(1, "a"), R(2, "b"), R(3, "c")});
  Delete(keyed, {2});
  Append(log, {R(7, "x"), R(8, "y")});

  StopSignal stop;
  const auto feeds = Open({{log, {"note"}}, {keyed, {"note", "id"}}, {empty, {}}}, stop);
  const std::vector<FeedBatch> before = Snapshot(*feeds);
  CHECK(Sorted(Signed(before, 1)) == Lines{"+ ('a', 1)", "+ ('c', 3)"});
  CHECK(Signed(before, 0).empty());  // A log has no snapshot: it comes whole,
  CHECK(Signed(before, 2).empty());
  CHECK(Sorted(Signed(Read(*feeds, 2), 0)) == Lines{"+ ('x')", "+ ('y')"});  // from its beginning.

  Upsert(keyed, {R(1, "new")});
  CHECK(Signed(Read(*feeds, 2), 1) == Lines{"- ('a', 1)", "+ ('new', 1)"});
  Upsert(empty, {R(5, "first")});
  CHECK(Signed(Read(*feeds, 1), 2) == Lines{"+ (5, 'first')"});
  Append(log, {R(9, "z")});
  CHECK(Signed(Read(*feeds, 1), 0) == Lines{"+ ('z')"});
  Delete(keyed, {1});
  CHECK(Signed(Read(*feeds, 1), 1) == Lines{"- ('new', 1)"});
}

TEST_CASE("an error of the visitor ends the snapshots", "[pipeline]") {
  const TableInfo table = MakeKeyed("visited");
  Upsert(table, {R(1, "a")});
  StopSignal stop;
  const auto feeds = Open({{table, {}}}, stop);
  const Status read = feeds->ReadSnapshots(
      [](const FeedBatch&) { return Error(ErrorCode::kInvalidConfig, "enough"); });
  CHECK(read.message() == "enough");
}

TEST_CASE("logs are read on from where they were left", "[pipeline]") {
  static int runs = 0;  // One a section.
  const TableInfo table = MakeKeyed("resumed" + std::to_string(++runs), 2);
  Upsert(table, {R(1, "a"), R(2, "b"), R(3, "c"), R(4, "d")});
  Upsert(table, {R(1, "A")});
  Delete(table, {4});
  constexpr size_t kChanges = 7;
  StopSignal stop;
  const auto whole = Open({{table, {}}}, stop);
  REQUIRE(whole->ReadFrom({}).ok());  // From the beginning.
  const std::vector<FeedBatch> all = Read(*whole, kChanges);
  CHECK(Sorted(Signed(all)) == Lines{"+ (1, 'A')", "+ (1, 'a')", "+ (2, 'b')", "+ (3, 'c')",
                                     "+ (4, 'd')", "- (1, 'a')", "- (4, 'd')"});
  std::map<BucketId, LogOffset> ends;
  for (const FeedBatch& batch : all) {
    for (const BucketPosition& position : batch.positions) ends[position.bucket] = position.next;
  }
  REQUIRE(ends.size() == 2);

  SECTION("behind all of it") {
    const auto feeds = Open({{table, {}}}, stop);
    std::vector<BucketPosition> positions;
    for (const auto& [bucket, next] : ends) positions.push_back({bucket, next});
    REQUIRE(feeds->ReadFrom({positions}).ok());
    Upsert(table, {R(9, "new")});
    CHECK(Signed(Read(*feeds, 1)) == Lines{"+ (9, 'new')"});
  }
  SECTION("one bucket behind its end, the other from its beginning, since it has no position") {
    const auto feeds = Open({{table, {}}}, stop);
    REQUIRE(feeds->ReadFrom({{{BucketId(1), ends[BucketId(1)]}}}).ok());
    const auto rest = static_cast<size_t>(ends[BucketId(0)].value());
    const std::vector<FeedBatch> read = Read(*feeds, rest);
    for (const FeedBatch& batch : read) {
      for (const BucketPosition& position : batch.positions) {
        CHECK(position.bucket == BucketId(0));
        CHECK(position.next <= ends[BucketId(0)]);
      }
    }
    CHECK(read.back().positions.back().next == ends[BucketId(0)]);
  }
  SECTION("in the middle: what comes are the last changes, at their offsets") {
    const auto feeds = Open({{table, {}}}, stop);
    const BucketId bucket(ends[BucketId(0)] > ends[BucketId(1)] ? 0 : 1);
    const BucketId other(1 - bucket.value());
    const LogOffset middle(ends[bucket].value() - 1);
    REQUIRE(feeds->ReadFrom({{{bucket, middle}, {other, ends[other]}}}).ok());
    const std::vector<FeedBatch> read = Read(*feeds, 1);
    CHECK(read.back().positions == std::vector<BucketPosition>{{bucket, ends[bucket]}});
  }
  SECTION("where the log does not reach, the table is not the one that was read before") {
    const auto feeds = Open({{table, {}}}, stop);
    REQUIRE(feeds->ReadFrom({{{BucketId(0), LogOffset(1000)}}}).ok());
    Status error;
    while (error.ok()) error = Next(*feeds, Patience(), 1000).status();
    CHECK(error.code() == ErrorCode::kLogOffsetOutOfRange);
    CHECK(std::string(error.message()).find("db.resumed") != std::string::npos);
  }
}

TEST_CASE("about as many rows come at once as were asked for, and the rest later", "[pipeline]") {
  const TableInfo one = MakeLog("many_one", 1);
  const TableInfo two = MakeLog("many_two", 1);
  StopSignal stop;
  const auto feeds = Open({{one, {}}, {two, {}}}, stop);
  Append(one, {R(1, "a"), R(2, "b")});
  Append(two, {R(3, "c"), R(4, "d")});
  Snapshot(*feeds);
  const auto first = Next(*feeds, Patience(), 1).value();
  CHECK(first.size() == 1);  // What came together is not taken apart.
  const auto second = Next(*feeds, Patience(), 1).value();
  CHECK(second.size() == 1);
  CHECK(Signed(first, 0).size() + Signed(second, 0).size() == 2);
  CHECK(Signed(first, 1).size() + Signed(second, 1).size() == 2);
}

TEST_CASE("a deadline, a wake and a stop end the waiting", "[pipeline]") {
  const TableInfo table = MakeKeyed("quiet");
  Upsert(table, {R(1, "a")});
  StopSignal stop;
  const auto feeds = Open({{table, {}}}, stop);
  CHECK(Snapshot(*feeds).size() == 1);
  CHECK(Next(*feeds, runtime::SystemNow() + Millis(5), 10)->empty());
  CHECK(Next(*feeds, MonoTime(), 10)->empty());

  feeds->Wake();
  CHECK(Next(*feeds, MonoTime::Infinite(), 10)->empty());
  runtime::ThreadPool pool({.name = "waker", .threads = 1});
  pool.PostAt(runtime::SystemNow() + Millis(20), [&] { feeds->Wake(); });
  CHECK(Next(*feeds, MonoTime::Infinite(), 10)->empty());
  Upsert(table, {R(2, "b")});
  CHECK(Signed(Read(*feeds, 1)) == Lines{"+ (2, 'b')"});

  pool.PostAt(runtime::SystemNow() + Millis(20), [&] { stop.Request(); });
  CHECK(Next(*feeds, MonoTime::Infinite(), 10)->empty());
  CHECK(stop.requested());
  CHECK(Next(*feeds, MonoTime::Infinite(), 10)->empty());
  const Status late =
      Open({{table, {}}}, stop)->ReadSnapshots([](const FeedBatch&) { return Status::Ok(); });
  CHECK(late.code() == ErrorCode::kOperationNotAttempted);
  CHECK(std::string(late.message()).find("db.quiet") != std::string::npos);
}

TEST_CASE("sources that cannot be read are refused by name", "[pipeline]") {
  const TableInfo table = MakeKeyed("refused");
  StopSignal stop;
  const Status status =
      SourceFeeds::Open(SharedCluster().connection(), {{table, {"id", "nothing"}}}, stop).status();
  CHECK(status.code() == ErrorCode::kInvalidColumnProjection);
  CHECK(std::string(status.message()).find("nothing") != std::string::npos);
}

TEST_CASE("a table that is dropped while it is read is an error", "[pipeline]") {
  const TableInfo table = MakeKeyed("dropped", 1);
  StopSignal stop;
  const auto feeds = Open({{table, {}}}, stop);
  Snapshot(*feeds);
  REQUIRE(SharedCluster().connection().admin().DropTable({"db", "dropped"}).Get().ok());
  const auto batches = Next(*feeds, Patience(), 10);
  INFO(batches.status().ToString());
  CHECK_FALSE(batches.ok());
  CHECK(std::string(batches.status().message()).find("db.dropped") != std::string::npos);
}

}  // namespace strom::pipeline
