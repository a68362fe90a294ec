// Layer jobs over a cluster in this process.
#include "pipeline/worker/layer_views.h"

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/system_clock.h"
#include "common/runtime/system_random.h"
#include "common/runtime/thread_pool.h"
#include "tests/testing/cluster/dev_cluster.h"

namespace strom::worker {
namespace {

using testing::ColumnOf;
using testing::Eventually;
using Lines = std::vector<std::string>;

const TablePath kOrders{"shop", "orders"};
const TablePath kUsers{"shop", "users"};
const TablePath kTarget{"shop", "totals"};
const TablePath kDays{"shop", "days"};
constexpr int64_t kDay = 86'400'000;

Value Text(const char* text) { return Value::String(text); }

// The wall clock as the test sets it.
class SetClock final : public runtime::Clock {
 public:
  MonoTime Now() const override { return real_.Now(); }
  WallMillis WallNow() const override { return millis; }
  std::atomic<int64_t> millis = 20'000 * kDay + kDay / 2;

 private:
  runtime::RealClock real_;
};

class Layers {
 public:
  Layers() {
    cluster_.MakeTable(
        kOrders,
        {ColumnOf("id", DataType::BigInt().NotNull()), ColumnOf("user_id", DataType::BigInt()),
         ColumnOf("amount", DataType::BigInt())},
        {"id"});
    cluster_.MakeTable(
        kUsers,
        {ColumnOf("user_id", DataType::BigInt().NotNull()), ColumnOf("name", DataType::String())},
        {"user_id"});
    cluster_.MakeTable(
        kTarget,
        {ColumnOf("name", DataType::String().NotNull()), ColumnOf("total", DataType::BigInt()),
         ColumnOf("made", DataType::Timestamp(3))},
        {"name"});
    cluster_.MakeTable(
        kDays,
        {ColumnOf("id", DataType::BigInt().NotNull()), ColumnOf("day", DataType::Date())}, {"id"});
    days_ = cluster_.connection().NewUpsertWriter(kDays).value();
    orders_ = cluster_.connection().NewUpsertWriter(kOrders).value();
    users_ = cluster_.connection().NewUpsertWriter(kUsers).value();
  }
  ~Layers() { (void)Stop(); }

  void Order(int64_t id, int64_t user, int64_t amount) {
    REQUIRE(orders_->Upsert({Value::Int(id), Value::Int(user), Value::Int(amount)}).ok());
    REQUIRE(orders_->Flush().Get().ok());
  }
  void DropOrder(int64_t id) {
    REQUIRE(orders_->DeleteKey({Value::Int(id)}).ok());
    REQUIRE(orders_->Flush().Get().ok());
  }
  // So many days after the clock's first.
  void Day(int64_t id, int64_t day) {
    REQUIRE(days_->Upsert({Value::Int(id), Value::Int(20'000 + day)}).ok());
    REQUIRE(days_->Flush().Get().ok());
  }
  void User(int64_t id, const char* name) {
    REQUIRE(users_->Upsert({Value::Int(id), Text(name)}).ok());
    REQUIRE(users_->Flush().Get().ok());
  }

  TableInfo Info(const TablePath& path) {
    return cluster_.connection().admin().GetTable(path).Get().value();
  }

  sql::BoundQuery Bind(const std::string& query) {
    const auto resolve = [this](const sql::ObjectName& name) -> Result<sql::SourceTable> {
      const TableInfo table = Info({"shop", name.parts.back()});
      const Schema& schema = table.descriptor.schema;
      return sql::SourceTable{.name = name.parts.back(),
                              .path = table.path.ToString(),
                              .columns = schema.columns(),
                              .primary_key = schema.primary_key_indexes()};
    };
    const std::vector<Column> target = Info(kTarget).descriptor.schema.columns();
    const Result<sql::BoundQuery> bound =
        sql::BindQuery(*database_, query, {}, resolve, {}, &target);
    INFO(query);
    REQUIRE((bound.ok() ? "" : bound.status().ToString()) == "");
    return *bound;
  }

  void Run(const std::vector<std::string>& queries, int64_t epoch = 1) {
    ended_ = false;
    stop_ = std::make_unique<pipeline::StopSignal>();
    report_ = std::make_unique<pipeline::ProgressReport>();
    LayerSpec spec{.target = Info(kTarget), .columns = {}, .queries = {}, .tables = {}};
    for (const std::string& query : queries) spec.queries.push_back(Bind(query));
    for (const TablePath& path : {kOrders, kUsers, kDays})
      spec.tables.emplace(path.ToString(), Info(path));
    pool_ = std::make_unique<runtime::ThreadPool>(
        runtime::ThreadPool::Options{.name = "job", .threads = 1});
    pool_->Post([this, epoch, spec] {
      Result<std::unique_ptr<layer::LayerJob>> job = MakeLayerJob(
          {cluster_.connection(), clock_, random_, turns_, {"job", epoch}, *stop_, *report_},
          pipeline::JobClock(day_clock), *database_, spec);
      outcome_ = job.ok() ? (*job)->Run() : job.status();
      ended_ = true;
    });
  }
  Status Stop() {
    if (stop_) stop_->Request();
    pool_.reset();
    return outcome_;
  }

  // Names and totals of the target.
  Lines Totals() {
    Lines lines;
    for (const std::string& row : cluster_.Rows(kTarget)) {
      lines.push_back(row.substr(0, row.rfind(',')));
    }
    return lines;
  }
  bool Become(const Lines& lines) {
    return Eventually([&] { return Totals() == lines; });
  }
  Lines Changelog() { return cluster_.Changelog(kTarget); }
  testing::DevCluster& cluster() { return cluster_; }
  pipeline::JobProgress progress() { return report_->Get(); }
  bool ended() const { return ended_; }

  SetClock day_clock;

 private:
  testing::DevCluster cluster_;
  std::unique_ptr<duck::Database> database_ = duck::Database::Open().value();
  runtime::RealClock clock_;
  runtime::RealRandom random_;
  pipeline::Turns turns_{clock_, {}};
  std::unique_ptr<client::UpsertWriter> orders_;
  std::unique_ptr<client::UpsertWriter> users_;
  std::unique_ptr<client::UpsertWriter> days_;
  std::unique_ptr<pipeline::StopSignal> stop_;
  std::unique_ptr<pipeline::ProgressReport> report_;
  Status outcome_;
  std::atomic<bool> ended_ = false;
  std::unique_ptr<runtime::ThreadPool> pool_;
};

const char* const kTotals =
    "SELECT u.name, SUM(o.amount), CURRENT_TIMESTAMP FROM orders o JOIN users u "
    "ON o.user_id = u.user_id GROUP BY u.name";

TEST_CASE("a table stays equal to a join with groups, under upserts and deletes of both sides",
          "[worker]") {
  Layers layers;
  layers.User(1, "ann");
  layers.Order(10, 1, 5);
  layers.Run({kTotals});
  REQUIRE(layers.Become({"('ann', 5"}));
  layers.Order(11, 1, 7);
  layers.User(2, "bob");
  layers.Order(12, 2, 1);
  REQUIRE(layers.Become({"('ann', 12", "('bob', 1"}));
  layers.User(1, "eve");
  layers.DropOrder(12);
  REQUIRE(layers.Become({"('eve', 12"}));
  CHECK(layers.Stop().ok());
}

TEST_CASE("a job that starts again writes what is different, and nothing else", "[worker]") {
  Layers layers;
  layers.User(1, "ann");
  layers.User(2, "bob");
  layers.Order(10, 1, 5);
  layers.Order(11, 2, 6);
  layers.Run({kTotals});
  REQUIRE(layers.Become({"('ann', 5", "('bob', 6"}));
  CHECK(layers.Stop().ok());
  const size_t before = layers.Changelog().size();

  SECTION("nothing has changed, though the clock has") {
    layers.Run({kTotals}, 2);
    REQUIRE(Eventually([&] { return layers.progress().phase == "running"; }));
    CHECK(layers.Stop().ok());
    CHECK(layers.Changelog().size() == before);
  }
  SECTION("one row is new, one gone, one other") {
    layers.User(3, "cat");
    layers.Order(12, 3, 1);
    layers.Order(10, 1, 50);
    layers.DropOrder(11);
    layers.Run({kTotals}, 2);
    REQUIRE(layers.Become({"('ann', 50", "('cat', 1"}));
    CHECK(layers.Stop().ok());
    CHECK(layers.Changelog().size() == before + 4);  // -U +U, -D, +I.
  }
}

TEST_CASE("rows that a date let pass are found again when it has changed", "[worker]") {
  Layers layers;
  for (int64_t id = 0; id < 30; ++id) layers.Day(id, id % 3);
  layers.Run({"SELECT CAST(day AS STRING), COUNT(*), CURRENT_TIMESTAMP FROM days WHERE day <= "
              "CURRENT_DATE GROUP BY day"});
  REQUIRE(layers.Become({"('2024-10-04', 10"}));
  layers.Day(0, 1);
  REQUIRE(layers.Become({"('2024-10-04', 9"}));
  layers.day_clock.millis += kDay;
  layers.Day(3, 2);  // With this change it is looked at: both count.
  REQUIRE(layers.Become({"('2024-10-04', 8", "('2024-10-05', 11"}));
  layers.day_clock.millis += kDay;
  layers.Day(4, 7);
  REQUIRE(layers.Become({"('2024-10-04', 8", "('2024-10-05', 10", "('2024-10-06', 11"}));
  CHECK(layers.Stop().ok());
}

TEST_CASE("several queries into one table are a union", "[worker]") {
  Layers layers;
  layers.User(1, "ann");
  layers.Order(10, 1, 5);
  layers.Run({"SELECT name, CAST(0 AS BIGINT), CURRENT_TIMESTAMP FROM users",
              "SELECT 'all', SUM(amount), CURRENT_TIMESTAMP FROM orders"});
  REQUIRE(layers.Become({"('all', 5", "('ann', 0"}));
  layers.Order(11, 1, 5);
  layers.User(2, "bob");
  REQUIRE(layers.Become({"('all', 10", "('ann', 0", "('bob', 0"}));
  CHECK(layers.Stop().ok());
}

TEST_CASE("a NULL where the target has none ends the job with the column's name", "[worker]") {
  Layers layers;
  layers.Order(10, 1, 5);
  layers.Run(
      {"SELECT u.name, o.amount, CURRENT_TIMESTAMP FROM orders o LEFT JOIN users u "
       "ON o.user_id = u.user_id"});
  REQUIRE(Eventually([&] { return layers.ended(); }));
  const Status status = layers.Stop();
  CHECK(status.code() == ErrorCode::kCorruptRecord);
  CHECK(status.message().find("name") != std::string::npos);
}

}  // namespace
}  // namespace strom::worker
