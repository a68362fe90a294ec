#include "common/types/server_info.h"

#include <catch2/catch_test_macros.hpp>

namespace strom {

TEST_CASE("listeners read and write as NAME://host:port", "[types]") {
  const Listeners listeners = {{"FLUSS", {"10.0.0.5", 9123}}, {"CLIENT", {"ts1", 65535}}};
  CHECK(ListenersToText(listeners) == "CLIENT://ts1:65535,FLUSS://10.0.0.5:9123");
  CHECK(ListenersFromText("FLUSS://10.0.0.5:9123, CLIENT://ts1:65535").value() == listeners);
  CHECK(ListenersFromText(ListenersToText(listeners)).value() == listeners);
}

TEST_CASE("an IPv6 host keeps its brackets outside", "[types]") {
  const Listeners listeners = ListenersFromText("A://[::1]:80").value();
  CHECK(listeners.at("A") == HostPort{"::1", 80});
  CHECK(listeners.at("A").ToString() == "[::1]:80");
  CHECK(ListenersToText(listeners) == "A://[::1]:80");
}

TEST_CASE("a host may be empty", "[types]") {
  CHECK(ListenersFromText("A://:80").value().at("A") == HostPort{"", 80});
}

TEST_CASE("texts that are no listeners are refused", "[types]") {
  for (const char* text :
       {"", ",", "A://h:1,", "h:1", "://h:1", "A://h", "A://h:", "A://h:0", "A://h:65536",
        "A://h:-1", "A://h:1x", "A://h: 1", "A://h:1,A://g:2", "A:/h:1"}) {
    INFO(text);
    CHECK(ListenersFromText(text).status().code() == ErrorCode::kInvalidConfig);
  }
  std::string many = "L://h:1";
  for (size_t i = 0; i < kListenersMax; ++i) many += ",L" + std::to_string(i) + "://h:1";
  CHECK(ListenersFromText(many).status().code() == ErrorCode::kInvalidConfig);
}

TEST_CASE("where a server listens, port 0 means any free one", "[types]") {
  CHECK(BindListenersFromText("A://127.0.0.1:0").value().at("A") == HostPort{"127.0.0.1", 0});
  CHECK(ListenersFromText("A://127.0.0.1:0").status().message() ==
        "listener 'A://127.0.0.1:0': the port is not from 1 to 65535");
  CHECK(BindListenersFromText("A://127.0.0.1:65536").status().message() ==
        "listener 'A://127.0.0.1:65536': the port is not from 0 to 65535");
}

TEST_CASE("a caller gets the address of its listener, or of the one for clients", "[types]") {
  ServerInfo server{.id = ServerId(1),
                    .listeners = {{"INTERNAL", {"a", 1}}, {"CLIENT", {"b", 2}}},
                    .rack = std::nullopt};
  CHECK(*server.AddressFor("INTERNAL") == HostPort{"a", 1});
  CHECK(*server.AddressFor("GRPC") == HostPort{"b", 2});
  server.listeners["FLUSS"] = {"c", 3};
  CHECK(*server.AddressFor("GRPC") == HostPort{"c", 3});
  server.listeners = {{"INTERNAL", {"a", 1}}};
  CHECK(server.AddressFor("GRPC") == nullptr);
}

}  // namespace strom
