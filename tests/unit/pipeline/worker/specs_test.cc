// How definitions become what jobs run: projections, names, options, keys.
#include <catch2/catch_test_macros.hpp>

#include "pipeline/sink/sink_job.h"
#include "pipeline/worker/cdc_spec.h"
#include "pipeline/worker/projection.h"
#include "pipeline/worker/sink_spec.h"
#include "pipeline/worker/worker_program.h"
#include "tests/testing/cluster/dev_cluster.h"

namespace strom::worker {
namespace {

using testing::ColumnOf;
using Names = std::vector<std::string>;

class Queries {
 public:
  Result<Names> Copied(const std::string& query, const std::vector<Column>* target = nullptr) {
    const auto resolve = [](const sql::ObjectName&) -> Result<sql::SourceTable> {
      return sql::SourceTable{
          .name = "src",
          .path = "src",
          .columns = {ColumnOf("id", DataType::BigInt().NotNull()),
                      ColumnOf("name", DataType::String()), ColumnOf("n", DataType::Int())},
          .primary_key = {0}};
    };
    STROM_ASSIGN_OR_RETURN(const sql::BoundQuery bound,
                           sql::BindQuery(*database_, query, {}, resolve, {}, target));
    return CopiedColumns(bound);
  }

 private:
  std::unique_ptr<duck::Database> database_ = duck::Database::Open().value();
};

TEST_CASE("a query that copies columns is told by their names", "[worker]") {
  Queries queries;
  CHECK(*queries.Copied("SELECT * FROM src") == Names{"id", "name", "n"});
  CHECK(*queries.Copied("SELECT n AS m, id FROM src") == Names{"n", "id"});
  const std::vector<Column> wider = {ColumnOf("k", DataType::BigInt()),
                                     ColumnOf("v", DataType::BigInt())};
  CHECK(*queries.Copied("SELECT id, n FROM src", &wider) == Names{"id", "n"});
}

TEST_CASE("a query that does more than copying is refused, saying what", "[worker]") {
  Queries queries;
  const auto problem = [&queries](const std::string& query) {
    const Result<Names> copied = queries.Copied(query);
    REQUIRE_FALSE(copied.ok());
    CHECK(copied.status().code() == ErrorCode::kInvalidSql);
    return copied.status().message();
  };
  CHECK(problem("SELECT id, n + 1 FROM src").find("computes a column") != std::string::npos);
  CHECK(problem("SELECT id FROM src WHERE n > 1").find("WHERE") != std::string::npos);
  CHECK(problem("SELECT n FROM src GROUP BY n").find("groups") != std::string::npos);
  CHECK(problem("SELECT DISTINCT n FROM src").find("DISTINCT") != std::string::npos);
  CHECK(problem("SELECT id FROM src UNION ALL SELECT id FROM src").find("combines") !=
        std::string::npos);
  CHECK(problem("SELECT a.id FROM src a JOIN src b ON a.id = b.id").find("one table") !=
        std::string::npos);
}

TEST_CASE("a slot's name is made of the database's, and differs by server", "[worker]") {
  const std::string name = SlotName("postgres-cdc://h:5432/My-DB");
  CHECK(name.starts_with("strom_my_db_"));
  CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos);
  CHECK(name == SlotName("postgres-cdc://h:5432/My-DB"));
  CHECK(name != SlotName("postgres-cdc://other:5432/My-DB"));
  CHECK(SlotName("postgres-cdc://h:1/" + std::string(200, 'x')).size() <= 63);
}

TEST_CASE("hidden tables have names of their own, whatever the job is called", "[worker]") {
  const auto path = [](std::string name) { return HiddenTablePath({.name = std::move(name)}); };
  CHECK(path("a.b").database == "__strom");
  CHECK(path("a.b") != path("a_b"));
  CHECK_FALSE(NameProblem(path("汇出 " + std::string(300, 'y')).table).has_value());
}

TEST_CASE("what comes in wins over what goes of the same key", "[worker]") {
  const std::vector<Column> columns = {ColumnOf("id", DataType::BigInt()),
                                       ColumnOf("v", DataType::String())};
  const auto row = [](int64_t id, const char* v) { return Row{Value::Int(id), Value::String(v)}; };
  const auto changes = sink::ByKey({{true, row(1, "new")},
                              {false, row(1, "old")},
                              {false, row(2, "gone")},
                              {true, row(3, "a")},
                              {true, row(3, "b")}},
                             columns, {0});
  REQUIRE(changes.ok());
  CHECK(*changes == std::vector<pipeline::KeyedChange>{
                        {true, row(1, "new")}, {false, row(2, "gone")}, {true, row(3, "b")}});
  const auto null_key = sink::ByKey({{true, {Value::Null(), Value::String("x")}}}, columns, {0});
  CHECK(null_key.status().code() == ErrorCode::kCorruptRecord);
  CHECK(null_key.status().message().find("column id") != std::string::npos);
}

TEST_CASE("a worker's options come from the command line and the configuration", "[worker]") {
  CHECK(KindArgument({"cdc", "-Dx=y"}) == Names{"-Dstrom.worker.kinds=cdc", "-Dx=y"});
  CHECK(KindArgument({"all"}) == Names{"-Dstrom.worker.kinds=cdc,layer,sink"});
  CHECK(KindArgument({"--help"}) == Names{"--help"});
  CHECK(KindArgument({}).empty());
  CHECK(*ParseKinds("sink,cdc") == std::set{JobKind::kCdc, JobKind::kSink});
  CHECK(ParseKinds("sinks").status().code() == ErrorCode::kInvalidConfig);
  CHECK_FALSE(ParseKinds("").ok());
  const auto config = config::Config::Parse(
      "", {"bootstrap.servers=a:1,b:2", "strom.worker.kinds=layer", "strom.worker.slots=7"});
  const WorkerOptions options = WorkerOptionsOf(*config).value();
  CHECK(options.bootstrap_servers == Names{"a:1", "b:2"});
  CHECK(options.name.starts_with("worker-"));
  CHECK(options.slots == 7);
  CHECK(WorkerService::Start({.bootstrap_servers = {}, .name = "w", .address = ""})
            .status()
            .message()
            .find("bootstrap.servers") != std::string::npos);
}

}  // namespace
}  // namespace strom::worker
