#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/network.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/thread_pool.h"
#include "tests/unit/common/rpc/rpc_testing.h"

namespace strom::rpc {

// DatabaseExists ("yes" exists, "fail" fails) and ListTables (thousands of bytes) over a real
// network, for tests that speak the wire themselves.
class RealServer {
 public:
  using MakeNetwork = std::function<std::unique_ptr<Network>(RealServer& server)>;

  RealServer(Carrier carrier, const MakeNetwork& make_network,
             std::shared_ptr<const Authenticator> authenticator = nullptr)
      : network(make_network(*this)) {
    dispatcher.Handle(
        kDatabaseExists, [this](const RequestContext& ctx, const auto& request, auto respond) {
          last_version = ctx.api_version;
          if (request->database_name() == "fail") {
            return std::move(respond).Fail(Error(ErrorCode::kTableNotExist, "no 100 % table ä"));
          }
          pb::DatabaseExistsResponse response;
          response.set_exists(request->database_name() == "yes");
          std::move(respond).Ok(response);
        });
    dispatcher.Handle(kListTables, [](const RequestContext&, const auto& request, auto respond) {
      pb::ListTablesResponse response;
      response.add_table_name(std::string(std::stoul(request->database_name()), 't'));
      std::move(respond).Ok(response);
    });
    auto opened = network->Listen({.endpoint = {"127.0.0.1", 0, carrier},
                                   .listener = {.name = "FLUSS"},
                                   .authenticator = std::move(authenticator)},
                                  dispatcher);
    REQUIRE(opened.ok());
    listener = *std::move(opened);
  }

  runtime::RealClock clock;
  runtime::ThreadPool executor{{.name = "rpc test", .threads = 2}};
  runtime::ThreadPool blocking{{.name = "blocking", .threads = 1}};
  Dispatcher dispatcher;
  std::atomic<int> last_version = -1;
  std::unique_ptr<Network> network;
  std::unique_ptr<Listener> listener;
};

}  // namespace strom::rpc
