// Sink jobs over a cluster in this process, into a target in memory.
#include "pipeline/sink/sink_job.h"

#include <atomic>
#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "common/runtime/system_clock.h"
#include "common/runtime/system_random.h"
#include "common/runtime/thread_pool.h"
#include "pipeline/worker/view_query.h"
#include "tests/testing/cluster/dev_cluster.h"

namespace strom::worker {
namespace {

using testing::ColumnOf;
using testing::Eventually;
using Table = std::map<int64_t, std::string>;  // Of each key, the row as text.

const TablePath kEvents{"shop", "events"};
constexpr int64_t kMinute = 60'000;
constexpr int64_t kDay = 24 * 60 * kMinute;
constexpr int64_t kNoon = 20'000 * kDay + kDay / 2;

// The wall clock as the test sets it.
class SetClock final : public runtime::Clock {
 public:
  MonoTime Now() const override { return real_.Now(); }
  WallMillis WallNow() const override { return millis; }
  std::atomic<int64_t> millis = kNoon;

 private:
  runtime::RealClock real_;
};

// A database with one table. Each write is there as a whole or not at all; now and then it fails
// either way.
class Target {
 public:
  class Session final : public sink::Sink {
   public:
    explicit Session(Target& target) : target_(target) {}
    Result<std::optional<sink::SinkPosition>> Begin() override {
      const runtime::WaitLock lock(target_.mutex_);
      if (target_.position_.empty()) return std::optional<sink::SinkPosition>();
      STROM_ASSIGN_OR_RETURN(auto position, sink::SinkPosition::FromText(target_.position_));
      return std::optional(std::move(position));
    }
    Status Write(const std::vector<pipeline::KeyedChange>& changes,
                 const sink::SinkPosition& position) override {
      const runtime::WaitLock lock(target_.mutex_);
      const int fault = target_.fails ? static_cast<int>(target_.random_() % 8) : 2;
      if (fault == 0) return Error(ErrorCode::kExternalSystemUnavailable, "refused");
      for (const pipeline::KeyedChange& change : changes) {
        const int64_t key = *change.row[0].get_if<int64_t>();
        if (change.upsert) {
          target_.rows_[key] = Value::Struct(change.row).ToString();
        } else {
          CHECK(target_.rows_.erase(key) == 1);  // Nothing is deleted that is not there.
        }
      }
      target_.position_ = position.ToText();
      if (fault == 1) return Error(ErrorCode::kExternalSystemUnavailable, "the answer is lost");
      return Status::Ok();
    }
    Status Forget() override { return Status::Ok(); }

   private:
    Target& target_;
  };

  Table rows() {
    const runtime::WaitLock lock(mutex_);
    return rows_;
  }
  std::string position() {
    const runtime::WaitLock lock(mutex_);
    return position_;
  }
  std::atomic<bool> fails = false;

 private:
  runtime::WaitMutex mutex_;
  std::mt19937 random_{std::random_device()()};
  Table rows_;
  std::string position_;
};

class Sinks {
 public:
  Sinks() {
    cluster_.MakeTable(
        kEvents,
        {ColumnOf("id", DataType::BigInt().NotNull()), ColumnOf("seen", DataType::Timestamp(3)),
         ColumnOf("day", DataType::Date()), ColumnOf("note", DataType::String())},
        {"id"});
    events_ = cluster_.connection().NewUpsertWriter(kEvents).value();
  }
  ~Sinks() { (void)Stop(); }

  // An event so many minutes after noon.
  void Event(int64_t id, int64_t minute, const char* note) {
    const int64_t seen = kNoon + minute * kMinute;
    REQUIRE(events_
                ->Upsert({Value::Int(id), Value::Time(seen), Value::Int(seen / kDay),
                          Value::String(note)})
                .ok());
    REQUIRE(events_->Flush().Get().ok());
  }
  void Drop(int64_t id) {
    REQUIRE(events_->DeleteKey({Value::Int(id)}).ok());
    REQUIRE(events_->Flush().Get().ok());
  }

  struct Bound {
    std::unique_ptr<layer::View> view;
    SinkSpec spec;
  };
  Bound Bind(const std::string& query, std::vector<size_t> key = {0}) {
    TableInfo source = cluster_.connection().admin().GetTable(kEvents).Get().value();
    const Schema& schema = source.descriptor.schema;
    const auto resolve = [&](const sql::ObjectName&) -> Result<sql::SourceTable> {
      return sql::SourceTable{.name = "events",
                              .path = source.path.ToString(),
                              .columns = schema.columns(),
                              .primary_key = schema.primary_key_indexes()};
    };
    Result<sql::BoundQuery> bound = sql::BindQuery(*database_, query, {}, resolve, {}, nullptr);
    INFO(query << ": " << bound.status().ToString());
    REQUIRE(bound.ok());
    std::vector<Column> columns;
    for (const duck::Field& field : bound->columns) {
      columns.push_back(ColumnOf(field.name, field.type));
    }
    SinkSpec spec{.query = *std::move(bound),
                  .source = std::move(source),
                  .target = {.schema_name = "public",
                             .name = "events",
                             .columns = std::move(columns),
                             .primary_key = std::move(key)},
                  .open = [this]() -> Result<std::unique_ptr<sink::Sink>> {
                    return std::unique_ptr<sink::Sink>(std::make_unique<Target::Session>(target));
                  },
                  .forget = {}};
    auto view = layer::View::Make(*database_, spec.query);
    REQUIRE(view.ok());
    return {*std::move(view), std::move(spec)};
  }
  bool Keeps(const std::string& query, std::vector<size_t> key = {0}) {
    const Bound bound = Bind(query, std::move(key));
    return SinkKeepsRows(*bound.view, bound.spec);
  }

  // Runs the job, again after each error, until Stop.
  void Run(const std::string& query) {
    stop_ = std::make_unique<pipeline::StopSignal>();
    pool_ = std::make_unique<runtime::ThreadPool>(
        runtime::ThreadPool::Options{.name = "job", .threads = 1});
    pool_->Post([this, query] {
      while (!stop_->requested()) {
        Bound bound = Bind(query);
        auto job = MakeSinkJob({cluster_.connection(), clock, random_, turns_, {"job", 1}, *stop_,
                                report_},
                               pipeline::JobClock(clock), std::move(bound.view),
                               std::move(bound.spec));
        REQUIRE(job.ok());
        const Status ended = (*job)->Run();
        INFO(ended.ToString());
        CHECK((ended.ok() || ended.code() == ErrorCode::kOperationNotAttempted ||
               ended.code() == ErrorCode::kExternalSystemUnavailable));
      }
    });
  }
  void Stop() {
    if (stop_) stop_->Request();
    pool_.reset();
  }
  bool Becomes(const std::vector<int64_t>& keys) {
    return Eventually([&] {
      std::vector<int64_t> there;
      for (const auto& [key, row] : target.rows()) there.push_back(key);
      return there == keys;
    });
  }

  SetClock clock;
  Target target;

 private:
  testing::DevCluster cluster_;
  std::unique_ptr<duck::Database> database_ = duck::Database::Open().value();
  runtime::RealRandom random_;
  pipeline::Turns turns_{clock, {}};
  std::unique_ptr<client::UpsertWriter> events_;
  pipeline::ProgressReport report_;
  std::unique_ptr<pipeline::StopSignal> stop_;
  std::unique_ptr<runtime::ThreadPool> pool_;
};

const char* const kRecent =
    "SELECT * FROM events WHERE seen >= LOCALTIMESTAMP - INTERVAL '10' MINUTE";

TEST_CASE("a sink that filters by the clock knows after a restart what it has written",
          "[worker]") {
  Sinks sinks;
  sinks.Event(1, -5, "leaves");
  sinks.Event(2, -2, "is changed");
  sinks.Event(3, -20, "is too old");
  sinks.Event(4, -1, "is deleted");
  sinks.Run(kRecent);
  REQUIRE(sinks.Becomes({1, 2, 4}));
  sinks.Stop();
  CHECK(sinks.target.position().find("clock_ms") != std::string::npos);

  // While nobody runs, rows change and time passes.
  sinks.Event(2, -1, "changed");
  sinks.Drop(4);
  sinks.Drop(3);
  sinks.clock.millis = kNoon + 7 * kMinute + 30'000;
  sinks.Event(5, 6, "is new");
  sinks.Run(kRecent);
  REQUIRE(sinks.Becomes({2, 5}));
  CHECK(sinks.target.rows().at(2).find("'changed'") != std::string::npos);

  SECTION("time alone takes rows out") {
    sinks.clock.millis = kNoon + 12 * kMinute;
    CHECK(sinks.Becomes({5}));  // With the next tick.
  }
  SECTION("a row that comes back is written again") {
    sinks.Event(2, -60, "old");
    REQUIRE(sinks.Becomes({5}));
    sinks.Event(2, 5, "back");
    CHECK(sinks.Becomes({2, 5}));
  }
}

TEST_CASE("a sink that filters by the clock ends equal to its query, whatever fails meanwhile",
          "[worker]") {
  // By the minute, for which the query keeps its rows, and by the day, when it reads them again.
  const bool by_day = GENERATE(false, true);
  const int64_t unit = by_day ? kDay / kMinute : 1;
  const std::string query =
      by_day ? "SELECT * FROM events WHERE day >= CURRENT_DATE - INTERVAL '10' DAY" : kRecent;
  Sinks sinks;
  const uint32_t seed = std::random_device()();
  INFO("seed " << seed << ", by day: " << by_day);
  std::mt19937 random(seed);
  std::map<int64_t, int64_t> minutes;  // Of each event; or days.
  int64_t now = 0;
  sinks.target.fails = true;
  bool runs = false;
  for (int i = 0; i < 300; ++i) {
    const auto id = static_cast<int64_t>(random() % 30);
    const auto what = random() % 20;
    if (what == 0) {
      now += static_cast<int64_t>(random() % 4);
      sinks.clock.millis = kNoon + now * unit * kMinute + static_cast<int64_t>(random() % kMinute);
    } else if (what == 1) {
      runs ? sinks.Stop() : sinks.Run(query);
      runs = !runs;
    } else if (what < 6) {
      if (minutes.erase(id) > 0) sinks.Drop(id);
    } else {
      minutes[id] = now - static_cast<int64_t>(random() % 14);
      sinks.Event(id, minutes[id] * unit, std::to_string(i).c_str());
    }
  }
  if (!runs) sinks.Run(query);
  sinks.target.fails = false;
  // The last word: an event that brings the job to the present minute.
  minutes[100] = now;
  sinks.Event(100, now * unit, "last");
  std::vector<int64_t> expected;
  for (const auto& [id, minute] : minutes) {
    if (minute >= now - 10) expected.push_back(id);
  }
  CHECK(sinks.Becomes(expected));
}

TEST_CASE("which sinks know by themselves what they have written", "[worker]") {
  Sinks sinks;
  CHECK(sinks.Keeps(kRecent));
  CHECK(sinks.Keeps("SELECT id, UPPER(note) FROM events WHERE seen >= LOCALTIMESTAMP"));
  CHECK(sinks.Keeps("SELECT note, id FROM events WHERE seen >= LOCALTIMESTAMP", {1}));
  // Several rows may have one key, or say when they were made; or it takes more than a row.
  CHECK_FALSE(sinks.Keeps("SELECT note, id FROM events WHERE seen >= LOCALTIMESTAMP", {0}));
  CHECK_FALSE(sinks.Keeps("SELECT id + 1, note FROM events WHERE seen >= LOCALTIMESTAMP"));
  CHECK_FALSE(sinks.Keeps("SELECT id, LOCALTIMESTAMP FROM events WHERE seen >= LOCALTIMESTAMP"));
  CHECK_FALSE(
      sinks.Keeps("SELECT id, COUNT(*) FROM events WHERE seen >= LOCALTIMESTAMP GROUP BY id"));
  CHECK_FALSE(sinks.Keeps("SELECT id, seen FROM events WHERE seen >= LOCALTIMESTAMP LIMIT 3"));
}

}  // namespace
}  // namespace strom::worker
