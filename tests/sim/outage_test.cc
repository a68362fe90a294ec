// While the metadata service is away, and every coordinator gone, who starts finds what is there.
#include <optional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/base/logging.h"
#include "tests/sim/driven_cluster.h"

namespace strom::sim {
namespace {

constexpr MonoDuration kOpenedWithin = Seconds(30);

// A client on a host of its own.
class Newcomer {
 public:
  Newcomer(DrivenCluster& driven, const std::string& name)
      : driven_(driven), host_(driven.world(), name, 7) {
    host_.Boot();
    connection_ = client::Connection::Create(
                      {.bootstrap_servers = driven.cluster().Addresses()},
                      {host_.executor(), host_.clock(), host_.random(), host_.network()})
                      .value();
  }
  ~Newcomer() {
    connection_.reset();
    host_.Kill();
    host_.AfterKill(/*power_failed=*/false);
  }

  client::Connection& connection() { return *connection_; }
  client::Outcome<TableInfo> Open(const TablePath& path) {
    return driven_.Await(connection_->admin().GetTable(path), kOpenedWithin + Seconds(1));
  }

 private:
  DrivenCluster& driven_;
  SimHost host_;
  std::unique_ptr<client::Connection> connection_;
};

}  // namespace

TEST_CASE("who starts while the metadata service is away opens tables, writes and looks up",
          "[sim]") {
  SetLogLevel(LogLevel::kOff);
  DrivenCluster driven(static_cast<uint64_t>(GENERATE(range(1, 6))), SimConfig());
  driven.StartAll();
  driven.Run(Seconds(5));
  REQUIRE(driven.Await(driven.admin().CreateDatabase("db", {}, client::IfExists::kIgnore)).ok());
  REQUIRE(driven.Await(driven.admin().CreateTable({"db", "rows"}, PairsTable(true, 2))).ok());
  REQUIRE(driven.Await(driven.admin().CreateTable({"db", "log"}, PairsTable(false, 2))).ok());
  driven.Run(Seconds(1));

  driven.world().meta.SetAvailable(false);
  driven.cluster().KillCoordinator(0);
  driven.Run(Seconds(10));  // Longer than sessions live.

  Newcomer newcomer(driven, "newcomer");
  const auto rows = newcomer.Open({"db", "rows"});
  REQUIRE(rows.ok());
  {
    const auto writer = newcomer.connection().NewUpsertWriter(*rows).value();
    REQUIRE(writer->TryUpsert({Value::Int(1), Value::Int(11)}).ok());
    REQUIRE(driven.Await(writer->Close()).ok());
    const auto lookup = newcomer.connection().NewLookup(*rows).value();
    const auto found = driven.Await(lookup->Get({Value::Int(1)}));
    CHECK(found.value() == Row{Value::Int(1), Value::Int(11)});
  }
  const auto log = newcomer.Open({"db", "log"});
  REQUIRE(log.ok());
  {
    const auto writer = newcomer.connection().NewAppendWriter(*log).value();
    REQUIRE(writer->TryAppend({Value::Int(1), Value::Int(12)}).ok());
    REQUIRE(driven.Await(writer->Close()).ok());
  }
  // What is not known to be there is an error in time, not a guess.
  CHECK(newcomer.Open({"db", "nothing"}).status().code() == ErrorCode::kNetwork);
}

}  // namespace strom::sim
