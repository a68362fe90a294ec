// Random lives of a bucket against the model: puts, retries, flushes, failing disks, crashes.
#include <array>
#include <cerrno>
#include <deque>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_random.hpp>

#include "tests/unit/tablet/kv/table_model.h"

namespace strom::tablet {
namespace {

constexpr int kIds = 8;
constexpr WriterId kWriter{6};

PropertyMap PropertiesOf(const TableModel::Rules& rules, LogFormat log, KvFormat kv) {
  PropertyMap properties = Formats(log, kv);
  if (rules.wal_image) properties["table.changelog.image"] = "WAL";
  if (rules.engine == MergeEngine::kFirstRow) properties["table.merge-engine"] = "first_row";
  if (rules.engine == MergeEngine::kVersioned) {
    properties["table.merge-engine"] = "versioned";
    properties["table.merge-engine.versioned.ver-column"] = "version";
  }
  return properties;
}

class Life {
 public:
  Life(uint64_t seed, TableModel::Rules rules, LogFormat log, KvFormat kv)
      : engine_(seed),
        rules_(rules),
        model_(rules),
        f_(TestTable(PropertiesOf(rules, log, kv)),
           // Rows go on to the store at once, now and then, or hardly ever.
           {.recent_rows = std::make_shared<RecentRowsBudget>(
                std::array<size_t, 3>{0, 8000, 8 << 20}[seed % 3])}) {
    history_[0] = {};
  }

  void Step() {
    switch (Uniform(12)) {
      case 0:
        return Crash();
      case 1:
        return Retry();
      case 2:
        return FailingPut();
      case 3:
      case 4:
      case 5:
        return Flush();
      default:
        return Put();
    }
  }

  void Check() {
    const TableModel::Rows& expected = Committed();
    TableModel::Rows visible;
    for (Row& row : f_.Visible()) {
      const int64_t id = *row[0].get_if<int64_t>();
      visible[id] = std::move(row);
    }
    REQUIRE(visible == expected);
    const int id = static_cast<int>(Uniform(kIds));
    const auto it = expected.find(id);
    REQUIRE(f_.Lookup(id) == (it == expected.end() ? std::nullopt : std::optional(it->second)));
    if (!rules_.wal_image) {
      REQUIRE(f_.kv().row_count() == static_cast<int64_t>(expected.size()));
    }
  }

  void CheckAll() {
    REQUIRE(f_.Changes() == changes_);
    REQUIRE(TableModel::Fold(changes_, rules_.wal_image) == model_.rows());
    f_.Flush();
    committed_ = f_.log().log_end_offset().value();
    Check();
    REQUIRE(Committed() == model_.rows());
  }

 private:
  struct Sent {
    std::vector<Op> ops;
    PutOptions options;
    Written written;
    AppendInfo info;
  };

  uint64_t Uniform(uint64_t bound) { return engine_() % bound; }

  std::optional<std::string> Text() {
    if (Uniform(4) == 0) return std::nullopt;
    return std::string(Uniform(30), static_cast<char>('a' + Uniform(3)));
  }

  Sent MakeBatch() {
    Sent sent;
    for (uint64_t count = Uniform(6); count > 0; --count) {
      const int id = static_cast<int>(Uniform(kIds));
      if (Uniform(3) == 0) {
        sent.ops.push_back(strom::tablet::Delete(id));
      } else {
        const auto version = Uniform(5) == 0 ? std::nullopt : std::optional<int>(Uniform(5));
        sent.ops.push_back(Upsert(TestRow(id, Text(), version, Text())));
      }
    }
    if (Uniform(6) == 0) sent.options.mode = MergeMode::kOverwrite;
    const bool may_be_partial =
        rules_.engine == MergeEngine::kLastRow || sent.options.mode == MergeMode::kOverwrite;
    if (may_be_partial && Uniform(2) == 0) {
      sent.options.target_columns = std::vector<int32_t>{0};
      for (const int32_t column : {1, 2, 3}) {
        if (Uniform(2) == 0) sent.options.target_columns->push_back(column);
      }
    }
    sent.written = {kWriter, BatchSequence(next_sequence_)};
    return sent;
  }

  Result<AppendInfo> Send(const Sent& sent) { return f_.Put(sent.ops, sent.options, sent.written); }

  void Accept(Sent sent, const AppendInfo& info) {
    REQUIRE_FALSE(info.duplicate);
    const auto changes = model_.Apply(sent.ops, sent.options);
    const auto offsets = std::max<size_t>(changes.size(), 1);
    REQUIRE(info.next_offset.value() - info.base_offset.value() == static_cast<int64_t>(offsets));
    changes_.insert(changes_.end(), changes.begin(), changes.end());
    history_[info.next_offset.value()] = model_.rows();
    ++next_sequence_;
    sent.info = info;
    recent_.push_back(std::move(sent));
    if (recent_.size() > WriterState::kBatchesKept) recent_.pop_front();
  }

  void Put() {
    Sent sent = MakeBatch();
    const auto info = Send(sent);
    REQUIRE(info.ok());
    Accept(std::move(sent), *info);
  }

  void Retry() {
    if (recent_.empty()) return;
    const Sent& sent = recent_[Uniform(recent_.size())];
    const auto info = Send(sent);
    REQUIRE(info.ok());
    REQUIRE(info->duplicate);
    REQUIRE(info->base_offset == sent.info.base_offset);
    REQUIRE(info->next_offset == sent.info.next_offset);
  }

  // Fails in one of several ways, and then succeeds.
  void FailingPut() {
    Sent sent = MakeBatch();
    const size_t buffered = f_.kv().buffer_size_bytes();
    const LogOffset end = f_.log().log_end_offset();
    if (Uniform(2) == 0) {
      f_.disk().faults().FailNext(sim::DiskOperation::kWrite, ".log", EIO);
      REQUIRE(Send(sent).status().code() == ErrorCode::kStorage);
    } else {
      Sent gap = sent;
      gap.written.sequence = BatchSequence(next_sequence_ + 1);
      REQUIRE(Send(gap).status().code() == ErrorCode::kOutOfOrderSequence);
    }
    REQUIRE(f_.kv().buffer_size_bytes() == buffered);
    REQUIRE(f_.log().log_end_offset() == end);
    const auto info = Send(sent);
    REQUIRE(info.ok());
    Accept(std::move(sent), *info);
  }

  // Some batch end, not below what is committed.
  LogOffset SomeHighWatermark() {
    std::vector<int64_t> ends;
    for (const auto& [end, rows] : history_) {
      if (end >= committed_) ends.push_back(end);
    }
    return LogOffset(ends[Uniform(ends.size())]);
  }

  void Flush() {
    const LogOffset high_watermark = SomeHighWatermark();
    REQUIRE(f_.kv().FlushTo(high_watermark).ok());
    committed_ = high_watermark.value();
    REQUIRE(f_.kv().flushed_offset() == high_watermark);
  }

  void Crash() {
    const LogOffset high_watermark = SomeHighWatermark();
    f_.Crash(high_watermark);
    committed_ = high_watermark.value();
  }

  const TableModel::Rows& Committed() const { return history_.at(committed_); }

  std::mt19937_64 engine_;
  const TableModel::Rules rules_;
  TableModel model_;
  KvFixture f_;
  std::map<int64_t, TableModel::Rows> history_;  // By the end of the batch that made it.
  std::vector<Change> changes_;                  // All.
  std::deque<Sent> recent_;
  int32_t next_sequence_ = 0;
  int64_t committed_ = 0;
};

}  // namespace

TEST_CASE("whatever happens to a bucket, its rows are the fold of a faithful changelog", "[kv]") {
  const auto engine =
      GENERATE(MergeEngine::kLastRow, MergeEngine::kFirstRow, MergeEngine::kVersioned);
  const bool wal_image = GENERATE(false, true);
  const auto [log, kv] = GENERATE(table<LogFormat, KvFormat>({
      {LogFormat::kArrow, KvFormat::kCompacted},
      {LogFormat::kCompacted, KvFormat::kCompacted},
      {LogFormat::kArrow, KvFormat::kIndexed},
      {LogFormat::kCompacted, KvFormat::kIndexed},
      {LogFormat::kIndexed, KvFormat::kIndexed},
  }));
  const uint64_t seed = GENERATE(take(3, random<uint64_t>(1, UINT64_MAX)));
  INFO("seed " << seed << ", log " << ToName(log) << ", kv " << ToName(kv) << ", engine "
               << static_cast<int>(engine) << (wal_image ? ", WAL" : ""));
  Life life(seed, {engine, wal_image}, log, kv);
  for (int i = 0; i < 80; ++i) {
    INFO("step " << i);
    life.Step();
    life.Check();
  }
  life.CheckAll();
}

}  // namespace strom::tablet
