// The rows of a bucket when another replica comes to lead: what is committed is shown, what is not
// is only merged with, until it is.
#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "common/record/log_record_reader.h"
#include "tests/unit/tablet/kv/table_model.h"

namespace strom::tablet {
namespace {

using record::ChangeType;

// `to` gives its rows up, cuts its log at `common` and takes what `from` has below `end`.
void Follow(KvFixture& to, LogTablet& from, LogOffset common, LogOffset end) {
  to.Close();
  REQUIRE(to.log().TruncateTo(common).ok());
  while (to.log().log_end_offset() < end) {
    const LogOffset at = to.log().log_end_offset();
    const Bytes bytes = from.Read(at, 1, true, end).value();
    const LogOffset next = record::SplitBatches(bytes).value().back().next_offset();
    REQUIRE(to.log().AppendAsFollower(bytes, from.EpochsCovering(at, next)).value() == next);
  }
}

// The rows that the changelog below `high_watermark` makes, record by record.
TableModel::Rows RowsBelow(const KvFixture& f, LogTablet& log, LogOffset high_watermark) {
  TableModel::Rows rows;
  LogOffset at(0);
  while (at < high_watermark) {
    const Bytes bytes = log.Read(at, 1, true, log.log_end_offset()).value();
    const auto batch = record::SplitBatches(bytes).value().front();
    const KvSchema& schema = *f.table().FindSchema(batch.header().schema_id).value();
    for (auto& record : record::ReadLogRecords(batch, schema.log).value()) {
      if (record.offset >= high_watermark) break;
      const int64_t id = *record.row[0].get_if<int64_t>();
      if (record.change_type == ChangeType::kDelete) rows.erase(id);
      if (record.change_type == ChangeType::kInsert ||
          record.change_type == ChangeType::kUpdateAfter) {
        rows[id] = std::move(record.row);
      }
    }
    at = batch.next_offset();
  }
  return rows;
}

TableModel::Rows Visible(const KvFixture& f) {
  TableModel::Rows visible;
  for (Row& row : f.Visible()) {
    const int64_t id = *row[0].get_if<int64_t>();
    visible[id] = std::move(row);
  }
  return visible;
}

// Two replicas that lead in turn. The one that does not has any part of the other's log above what
// is committed.
class Turns {
 public:
  explicit Turns(uint64_t seed) : engine_(seed) {
    models_.emplace(0, TableModel({}));
    REQUIRE(leader().log().StartEpoch(LeaderEpoch(++epoch_)).ok());
  }

  void Step() {
    switch (Uniform(8)) {
      case 0:
        return Change();
      case 1:
      case 2:
        return Commit();
      default:
        return Put();
    }
  }

  void Check() {
    REQUIRE(leader().kv().flushed_offset() == high_watermark_);
    const auto expected = RowsBelow(leader(), leader().log(), high_watermark_);
    REQUIRE(Visible(leader()) == expected);
    REQUIRE(leader().kv().row_count() == static_cast<int64_t>(expected.size()));
  }

  void CommitAll() {
    high_watermark_ = leader().log().log_end_offset();
    leader().Flush();
    REQUIRE(leader().kv().buffer_size_bytes() == 0);
    REQUIRE(Visible(leader()) == model().rows());
  }

 private:
  uint64_t Uniform(uint64_t bound) { return engine_() % bound; }
  KvFixture& leader() { return replicas_[leader_]; }
  TableModel& model() { return models_.rbegin()->second; }

  void Put() {
    std::vector<Op> ops;
    for (uint64_t count = Uniform(5); count > 0; --count) {
      const int id = static_cast<int>(Uniform(6));
      if (Uniform(3) == 0) {
        ops.push_back(Delete(id));
      } else {
        ops.push_back(Upsert(TestRow(id, std::to_string(engine_() % 100), {}, "note")));
      }
    }
    PutOptions options;
    if (Uniform(3) == 0) options.target_columns = std::vector<int32_t>{0, kName};
    // What is not committed is what an upsert replaces, deletes and adds to.
    TableModel after = model();
    const auto expected = after.Apply(ops, options);
    const LogOffset before = leader().log().log_end_offset();
    const auto info = leader().Put(ops, options);
    REQUIRE(info.ok());
    REQUIRE(leader().Changes(before) == expected);
    models_.emplace(info->next_offset.value(), after);
  }

  // Anywhere: batches may be committed in part.
  void Commit() {
    const int64_t more = leader().log().log_end_offset().value() - high_watermark_.value();
    const auto by = static_cast<int64_t>(Uniform(static_cast<uint64_t>(more) + 1));
    high_watermark_ = LogOffset(high_watermark_.value() + by);
    committed_ = std::max(committed_, high_watermark_);
    REQUIRE(leader().kv().FlushTo(high_watermark_).ok());
  }

  void Change() {
    KvFixture& next = replicas_[1 - leader_];
    // Where the next leader's log ends: with a batch that holds all that is committed.
    std::vector<int64_t> ends;
    for (const auto& [end, model] : models_) {
      if (end >= std::max(committed_, common_).value()) ends.push_back(end);
    }
    const LogOffset end(ends[Uniform(ends.size())]);
    Follow(next, leader().log(), common_, end);
    leader().Close();
    common_ = end;
    models_.erase(models_.upper_bound(end.value()), models_.end());
    leader_ = 1 - leader_;
    REQUIRE(next.log().StartEpoch(LeaderEpoch(++epoch_)).ok());
    // A follower may know less of what is committed than its leader did.
    high_watermark_ =
        LogOffset(static_cast<int64_t>(Uniform(static_cast<uint64_t>(committed_.value()) + 1)));
    REQUIRE(next.Open(high_watermark_).ok());
  }

  std::mt19937_64 engine_;
  KvFixture replicas_[2];
  size_t leader_ = 0;
  int epoch_ = 0;
  std::map<int64_t, TableModel> models_;  // By the end of the batch that made it.
  LogOffset high_watermark_;              // The leader's.
  LogOffset committed_;                   // The highest there was.
  LogOffset common_;                      // Up to here both logs are the same.
};

}  // namespace

TEST_CASE("a new leader shows what is committed, and merges with what is not", "[kv]") {
  KvFixture old_leader, next;
  REQUIRE(old_leader.log().StartEpoch(LeaderEpoch(1)).ok());
  REQUIRE(old_leader.Put({Upsert(TestRow(1, "a")), Upsert(TestRow(2, "b"))}).ok());
  REQUIRE(old_leader.Put({Upsert(TestRow(1, "c")), Delete(2), Upsert(TestRow(3, "d"))}).ok());
  Follow(next, old_leader.log(), LogOffset(0), LogOffset(6));
  REQUIRE(next.log().StartEpoch(LeaderEpoch(2)).ok());
  REQUIRE(next.Open(LogOffset(2)).ok());

  CHECK(next.Visible() == std::vector<Row>{TestRow(1, "a"), TestRow(2, "b")});
  CHECK(next.kv().row_count() == 2);
  // Old values are those of the uncommitted rows.
  REQUIRE(next.Put({Upsert(TestRow(1, "e")), Delete(2), Upsert(TestRow(3, "f"))}).ok());
  CHECK(next.Changes(LogOffset(6)) ==
        std::vector<Change>{{ChangeType::kUpdateBefore, TestRow(1, "c")},
                            {ChangeType::kUpdateAfter, TestRow(1, "e")},
                            {ChangeType::kUpdateBefore, TestRow(3, "d")},
                            {ChangeType::kUpdateAfter, TestRow(3, "f")}});
  CHECK(next.Visible() == std::vector<Row>{TestRow(1, "a"), TestRow(2, "b")});

  REQUIRE(next.kv().FlushTo(LogOffset(6)).ok());
  CHECK(next.Visible() == std::vector<Row>{TestRow(1, "c"), TestRow(3, "d")});
  next.Flush();
  CHECK(next.Visible() == std::vector<Row>{TestRow(1, "e"), TestRow(3, "f")});
  CHECK(next.kv().row_count() == 2);
}

TEST_CASE("a scan of a new leader does not see what is not committed", "[kv]") {
  KvFixture f;
  REQUIRE(f.Put({Upsert(TestRow(1, "a"))}).ok());
  REQUIRE(f.Put({Upsert(TestRow(1, "b")), Upsert(TestRow(2, "c"))}).ok());
  f.Crash(LogOffset(1));
  CHECK(f.kv().OpenScan().value()->log_offset() == LogOffset(1));
  CHECK_FALSE(f.Lookup(2).has_value());
  f.Flush();
  CHECK(f.Lookup(2) == TestRow(2, "c"));
}

TEST_CASE("more uncommitted rows than the buffer may hold open, and hold back new ones", "[kv]") {
  KvFixture f(TestTable(), {.buffer_size_max_bytes = 4000});
  for (int i = 0; i < 50; ++i) {
    REQUIRE(f.Put({Upsert(TestRow(i, std::string(100, 'x')))}).ok());
    f.Flush();
  }
  f.Crash(LogOffset(10));
  CHECK(f.kv().buffer_size_bytes() > 4000);
  CHECK(f.Put({Upsert(TestRow(60, "y"))}).status().code() == ErrorCode::kStorageBackpressure);
  CHECK(f.kv().row_count() == 10);
  f.Flush();
  CHECK(f.Put({Upsert(TestRow(60, "y"))}).ok());
  CHECK(f.kv().row_count() == 50);
}

TEST_CASE("whoever leads, reads see the committed rows and upserts the newest ones", "[kv]") {
  const uint64_t seed = GENERATE(take(40, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed);
  Turns turns(seed);
  for (int i = 0; i < 80; ++i) {
    INFO("step " << i);
    turns.Step();
    turns.Check();
  }
  turns.CommitAll();
}

// fluss#238: a batch that changes nothing still counts as the writer's next one, on every replica.
TEST_CASE("upstream_238: deleting a missing key advances the sequence, on a follower too", "[kv]") {
  KvFixture leader, follower;
  const auto put = [](KvFixture& f, int sequence, Op op) {
    return f.Put({std::move(op)}, {}, {WriterId(4), BatchSequence(sequence)});
  };
  REQUIRE(leader.log().StartEpoch(LeaderEpoch(1)).ok());
  REQUIRE(put(leader, 0, Upsert(TestRow(1, "a"))).ok());
  const AppendInfo empty = put(leader, 1, Delete(9)).value();
  CHECK(empty.next_offset == empty.base_offset.Next());  // No record, and an offset.
  CHECK(put(leader, 1, Delete(9)).value().duplicate);
  REQUIRE(put(leader, 2, Upsert(TestRow(2, "b"))).ok());
  Follow(follower, leader.log(), LogOffset(0), leader.log().log_end_offset());
  REQUIRE(follower.log().StartEpoch(LeaderEpoch(2)).ok());
  REQUIRE(follower.Open(LogOffset(2)).ok());
  CHECK(put(follower, 1, Delete(9)).value().base_offset == empty.base_offset);
  CHECK(put(follower, 1, Delete(9)).value().duplicate);
  REQUIRE(put(follower, 3, Delete(9)).ok());
  REQUIRE(put(follower, 4, Delete(1)).ok());
  follower.Flush();
  CHECK(follower.Visible() == std::vector<Row>{TestRow(2, "b")});
}

}  // namespace strom::tablet
