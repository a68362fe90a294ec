#include "common/convert/server_node.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::convert {
namespace {

const ServerNode kNode{.type = ServerType::kTablet,
                       .id = ServerId(3),
                       .host = "10.0.0.3",
                       .port = 9123,
                       .rack = "rack-1"};

TEST_CASE("a server survives the wire, with a rack and without", "[convert]") {
  CHECK(FromPb(ToPb(kNode), ServerType::kTablet).value() == kNode);

  ServerNode no_rack = kNode;
  no_rack.rack.reset();
  CHECK_FALSE(ToPb(no_rack).has_rack());
  CHECK(FromPb(ToPb(no_rack), ServerType::kTablet).value() == no_rack);

  no_rack.rack = "";  // Known and empty is not unknown.
  CHECK(FromPb(ToPb(no_rack), ServerType::kTablet).value() == no_rack);
}

TEST_CASE("a coordinator and a tablet server of one number are two servers", "[convert]") {
  const pb::PbServerNode wire = ToPb(kNode);
  const ServerNode coordinator = FromPb(wire, ServerType::kCoordinator).value();
  CHECK(coordinator.type == ServerType::kCoordinator);
  CHECK_FALSE(coordinator == kNode);
  CHECK(fmt::format("{}", coordinator) == "coordinator 3 at 10.0.0.3:9123");
  CHECK(fmt::format("{}", kNode) == "tablet server 3 at 10.0.0.3:9123");
}

TEST_CASE("a server nobody can connect to is refused by name", "[convert]") {
  pb::PbServerNode wire = ToPb(kNode);
  SECTION("negative id") {
    wire.set_node_id(-1);
    CHECK(FromPb(wire, ServerType::kTablet).status().ToString() ==
          "kCorruptMessage: tablet server with the negative id -1");
  }
  SECTION("no host") {
    wire.set_host("");
    CHECK(FromPb(wire, ServerType::kCoordinator).status().ToString() ==
          "kCorruptMessage: coordinator 3 without a host");
  }
  SECTION("no port") {
    for (const int32_t port : {0, -1, 65536, 65536 + 9123, INT32_MIN}) {
      INFO("port " << port);
      wire.set_port(port);
      CHECK(FromPb(wire, ServerType::kTablet).status().code() == ErrorCode::kCorruptMessage);
    }
  }
  SECTION("but the first and last are ports") {
    for (const int32_t port : {1, 65535}) {
      wire.set_port(port);
      CHECK(FromPb(wire, ServerType::kTablet).value().port == port);
    }
  }
}

TEST_CASE("the list of listeners is neither read nor written", "[convert]") {
  pb::PbServerNode wire = ToPb(kNode);
  CHECK_FALSE(wire.has_listeners());
  wire.set_listeners("INTERNAL://10.0.0.3:1");
  CHECK(FromPb(wire, ServerType::kTablet).value() == kNode);
}

}  // namespace
}  // namespace strom::convert
