// CDC jobs between a real PostgreSQL and a cluster in this process.
#include <catch2/catch_test_macros.hpp>

#include "common/runtime/system_clock.h"
#include "common/runtime/system_random.h"
#include "common/runtime/thread_pool.h"
#include "pipeline/cdc/job_cdc.h"
#include "pipeline/cdc/postgres/postgres_source.h"
#include "tests/testing/cluster/dev_cluster.h"
#include "tests/testing/postgres_server.h"

namespace strom::cdc {
namespace {

using testing::ColumnOf;
using testing::Eventually;
using Lines = std::vector<std::string>;

const TablePath kTarget{"shop", "ods_items"};

// A source table, its target, and a job between them that is run and stopped at will.
class Pipe {
 public:
  Pipe() {
    Sql("CREATE TABLE items (id bigint PRIMARY KEY, name text, amount numeric(10,2))");
    target_ = cluster_.MakeTable(kTarget, Columns(), {"id"});
  }
  ~Pipe() {
    (void)Stop();
    Sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active");
    Sql("DROP TABLE items; DROP PUBLICATION IF EXISTS strom_test");
  }

  static std::vector<Column> Columns() {
    return {ColumnOf("id", DataType::BigInt().NotNull()), ColumnOf("name", DataType::String()),
            ColumnOf("amount", DataType::Decimal(10, 2))};
  }

  void Sql(const std::string& sql) {
    const Result<std::string> done = postgres().Psql(sql);
    INFO(sql);
    REQUIRE((done.ok() ? "" : done.status().ToString()) == "");
  }

  void Run(int64_t epoch = 1) {
    ended_ = false;
    stop_ = std::make_unique<pipeline::StopSignal>();
    pool_ = std::make_unique<runtime::ThreadPool>(
        runtime::ThreadPool::Options{.name = "job", .threads = 1});
    report_ = std::make_unique<pipeline::ProgressReport>();
    pool_->Post([this, epoch] {
      CdcJob job(
          {cluster_.connection(), clock_, random_, turns_, {"group", epoch}, *stop_, *report_},
          Spec());
      outcome_ = job.Run();
      ended_ = true;
    });
  }
  Status Stop() {
    if (stop_) stop_->Request();
    pool_.reset();
    return outcome_;
  }
  bool ended() const { return ended_; }

  CdcSpec Spec() {
    const auto schema =
        Schema::Make({.columns = Columns(), .primary_key = {"id"}, .auto_increment_column = {}});
    return {.source = std::make_shared<PostgresSource>(
                PostgresSource::Options{.endpoint = {.host = postgres().host(),
                                                     .port = postgres().port(),
                                                     .database = postgres().database(),
                                                     .user = postgres().user(),
                                                     .password = postgres().password()},
                                        .slot = "strom_test",
                                        .publication = "strom_test"}),
            .tables = {{.job = "items",
                        .source = std::make_shared<const SourceTable>(
                            SourceTable{"public", "items", *schema}),
                        .target = *target_,
                        .columns = {}}}};
  }

  static testing::PostgresServer& postgres() {
    static testing::PostgresServer server;
    return server;
  }
  testing::DevCluster& cluster() { return cluster_; }
  Lines Rows() { return cluster_.Rows(kTarget); }
  bool RowsBecome(const Lines& rows) {
    return Eventually([&] { return Rows() == rows; });
  }

 private:
  testing::DevCluster cluster_;
  std::optional<TableInfo> target_;
  runtime::RealClock clock_;
  runtime::RealRandom random_;
  pipeline::Turns turns_{clock_, {}};
  std::unique_ptr<pipeline::StopSignal> stop_;
  std::unique_ptr<pipeline::ProgressReport> report_;
  Status outcome_;
  std::atomic<bool> ended_ = false;
  std::unique_ptr<runtime::ThreadPool> pool_;
};

TEST_CASE("rows are copied, then follow inserts, updates, key changes and deletes", "[worker]") {
  Pipe pipe;
  pipe.Sql("INSERT INTO items VALUES (1, 'a', 1), (2, 'b', NULL)");
  pipe.Run();
  REQUIRE(pipe.RowsBecome({"(1, 'a', 100)", "(2, 'b', NULL)"}));
  pipe.Sql(
      "BEGIN; INSERT INTO items VALUES (3, '水', 3.5); UPDATE items SET amount = 2 WHERE id = 1;"
      "UPDATE items SET id = 20 WHERE id = 2; COMMIT; DELETE FROM items WHERE id = 3");
  REQUIRE(pipe.RowsBecome({"(1, 'a', 200)", "(20, 'b', NULL)"}));
  CHECK(pipe.Stop().ok());
}

TEST_CASE("each version of a row is in the changelog once, in order, whenever the job is stopped",
          "[worker]") {
  Pipe pipe;
  pipe.Sql("INSERT INTO items VALUES (1, 'start', 0)");
  pipe.Run();
  REQUIRE(pipe.RowsBecome({"(1, 'start', 0)"}));
  Lines expected = {"+I (1, 'start', 0)"};
  std::string last = "(1, 'start', 0)";
  for (int i = 1; i <= 40; ++i) {
    pipe.Sql("UPDATE items SET name = 'v" + std::to_string(i) + "' WHERE id = 1");
    const std::string now = "(1, 'v" + std::to_string(i) + "', 0)";
    expected.push_back("-U " + last);
    expected.push_back("+U " + now);
    last = now;
    if (i % 7 == 0) {
      CHECK(pipe.Stop().ok());
      pipe.Run(i);
    }
  }
  REQUIRE(pipe.RowsBecome({last}));
  CHECK(pipe.Stop().ok());
  CHECK(pipe.cluster().Changelog(kTarget) == expected);
}

TEST_CASE("a truncation deletes every row once", "[worker]") {
  Pipe pipe;
  pipe.Sql("INSERT INTO items SELECT i, 'x', i FROM generate_series(1, 500) i");
  pipe.Run();
  REQUIRE(Eventually([&] { return pipe.Rows().size() == 500; }));
  pipe.Sql(
      "BEGIN; UPDATE items SET name = 'y' WHERE id = 1; TRUNCATE items; "
      "INSERT INTO items VALUES (7, 'after', 1); COMMIT");
  REQUIRE(pipe.RowsBecome({"(7, 'after', 100)"}));
  CHECK(pipe.Stop().ok());
  const Lines log = pipe.cluster().Changelog(kTarget);
  CHECK(std::count_if(log.begin(), log.end(),
                      [](const std::string& line) { return line.starts_with("-D"); }) == 500);
}

TEST_CASE("a copy that did not end is made equal: what is gone is deleted, what is there not sent",
          "[worker]") {
  Pipe pipe;
  pipe.Sql("INSERT INTO items VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)");
  const auto writer = pipe.cluster().connection().NewUpsertWriter(kTarget).value();
  // As a run before may have left it, of which no progress is remembered.
  REQUIRE(writer->Upsert({Value::Int(1), Value::String("a"), Value::Dec(100)}).ok());
  REQUIRE(writer->Upsert({Value::Int(2), Value::String("old"), Value::Dec(200)}).ok());
  REQUIRE(writer->Upsert({Value::Int(9), Value::String("gone"), Value::Dec(1)}).ok());
  REQUIRE(writer->Close().Get().ok());
  pipe.Run();
  REQUIRE(pipe.RowsBecome({"(1, 'a', 100)", "(2, 'b', 200)", "(3, 'c', 300)"}));
  CHECK(pipe.Stop().ok());
  const Lines log = pipe.cluster().Changelog(kTarget);
  CHECK(std::count(log.begin(), log.end(), "+I (1, 'a', 100)") == 1);
  CHECK(std::count(log.begin(), log.end(), "-D (9, 'gone', 1)") == 1);
}

TEST_CASE("large values that an update leaves out are kept", "[worker]") {
  Pipe pipe;
  pipe.Sql("ALTER TABLE items ALTER COLUMN name SET STORAGE EXTERNAL");
  pipe.Sql("INSERT INTO items VALUES (1, repeat('x', 10000), 1)");
  pipe.Run();
  REQUIRE(Eventually([&] { return pipe.Rows().size() == 1; }));
  pipe.Sql("BEGIN; UPDATE items SET amount = 5; UPDATE items SET amount = 6; COMMIT");
  const std::string row = "(1, '" + std::string(10000, 'x') + "', 600)";
  REQUIRE(pipe.RowsBecome({row}));
  CHECK(pipe.Stop().ok());
}

TEST_CASE("an older epoch of the group can write nothing any more", "[worker]") {
  Pipe pipe;
  pipe.Run(5);
  pipe.Sql("INSERT INTO items VALUES (1, 'a', 1)");
  REQUIRE(pipe.RowsBecome({"(1, 'a', 100)"}));
  CHECK(pipe.Stop().ok());
  pipe.Run(4);
  pipe.Sql("INSERT INTO items VALUES (2, 'b', 2)");
  REQUIRE(Eventually([&] { return pipe.ended(); }));
  CHECK(pipe.Stop().code() == ErrorCode::kFencedJobEpoch);
}

TEST_CASE("a slot that was removed is a gap: the job says so and copies nothing over it",
          "[worker]") {
  Pipe pipe;
  pipe.Run();
  pipe.Sql("INSERT INTO items VALUES (1, 'a', 1)");
  REQUIRE(pipe.RowsBecome({"(1, 'a', 100)"}));
  CHECK(pipe.Stop().ok());
  pipe.Sql("SELECT pg_drop_replication_slot('strom_test')");
  pipe.Run();
  REQUIRE(Eventually([&] { return pipe.ended(); }));
  const Status status = pipe.Stop();
  CHECK(status.code() == ErrorCode::kExternalSystem);
  CHECK(status.message().find("strom_test was removed") != std::string::npos);
}

}  // namespace
}  // namespace strom::cdc
