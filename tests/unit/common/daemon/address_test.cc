#include "common/daemon/address.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::daemon {

TEST_CASE("addresses are read as people write them", "[daemon]") {
  CHECK(ParseAddress("db1:9123").value() == HostPort{"db1", 9123});
  CHECK(ParseAddress(":0").value() == HostPort{"127.0.0.1", 0});
  CHECK(ParseAddress("[::1]:80").value() == HostPort{"::1", 80});
  for (const char* text : {"", "db1", "db1:", "db1:x", "db1:70000", "db1:-1", "::1:80", "[]:80",
                           "a b:80", "http://db1:80", "db1:80 "}) {
    INFO(text);
    const Status status = ParseAddress(text).status();
    CHECK(status.code() == ErrorCode::kInvalidConfig);
    CHECK(status.message() == "'" + std::string(text) + "' is no host:port");
  }
}

}  // namespace strom::daemon
