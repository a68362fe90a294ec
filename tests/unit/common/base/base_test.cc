#include <catch2/catch_test_macros.hpp>

#include "common/base/bytes.h"
#include "common/base/crc32c.h"
#include "common/base/logging.h"
#include "common/base/result.h"

namespace strom {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Error(ErrorCode::kInvalidConfig, "{} is odd", n);
  return n / 2;
}

Result<int> Quarter(int n) {
  STROM_ASSIGN_OR_RETURN(const int half, Half(n));
  return Half(half);
}

}  // namespace

TEST_CASE("a result carries the value or the error that prevented it", "[base]") {
  CHECK(Quarter(8).value() == 2);
  const Result<int> bad = Quarter(6);
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.status().ToString() == "kInvalidConfig: 3 is odd");
  CHECK(bad.status().WithContext("option x").message() == "option x: 3 is odd");
}

TEST_CASE("error codes keep Fluss's numbers and classes", "[base]") {
  CHECK(static_cast<int>(ErrorCode::kNotLeaderOrFollower) == 12);
  CHECK(static_cast<int>(ErrorCode::kHistoricalPartitionThrottled) == 73);
  CHECK(IsRetriable(ErrorCode::kNotLeaderOrFollower));
  CHECK(IsInvalidMetadata(ErrorCode::kLeaderNotAvailable));
  CHECK_FALSE(IsRetriable(ErrorCode::kTableNotExist));
  CHECK(ErrorCodeFromWire(31) == ErrorCode::kOutOfOrderSequence);
  CHECK(ErrorCodeFromWire(4711) == ErrorCode::kUnknownServerError);
}

TEST_CASE("CRC-32C has the published check value, in hardware and in the table", "[base]") {
  CHECK(Crc32c("123456789") == 0xe3069283);
  CHECK(ExtendCrc32cPortable(0, "123456789") == 0xe3069283);
  Bytes text;
  for (int i = 0; i < 300; ++i) {
    text.push_back(static_cast<char>(i * 7));
    const size_t cut = text.size() / 3;
    const BytesView view = text;
    CHECK(ExtendCrc32c(Crc32c(view.substr(0, cut)), view.substr(cut)) ==
          ExtendCrc32cPortable(0, view));
  }
}

TEST_CASE("hexadecimal text reads back, and bad text is refused", "[base]") {
  CHECK(ToHex(FromHex("00 fF\n7a").value()) == "00ff7a");
  CHECK_FALSE(FromHex("abc").ok());
  CHECK_FALSE(FromHex("zz").ok());
}

TEST_CASE("log levels are named, and an unknown name is refused", "[base]") {
  CHECK(ParseLogLevel("warn").value() == LogLevel::kWarn);
  CHECK(ParseLogLevel("loud").status().message() ==
        "log level 'loud' is none of trace, debug, info, warn, error, off");
}

}  // namespace strom
