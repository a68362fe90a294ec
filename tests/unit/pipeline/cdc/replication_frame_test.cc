#include "pipeline/cdc/replication_frame.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/pipeline/cdc/wire_bytes.h"

namespace strom::cdc {

TEST_CASE("WAL data carries its payload behind a header of 25 bytes", "[cdc]") {
  const std::string bytes = WireBytes('w').I64(1).I64(1).I64(2).Raw("payload");
  const auto frame = ParseReplicationFrame(bytes);
  REQUIRE(frame.ok());
  CHECK(std::get<XLogData>(*frame).payload == "payload");
  for (size_t size = 0; size < 25; ++size) {
    CHECK_FALSE(ParseReplicationFrame(bytes.substr(0, size)).ok());
  }
}

TEST_CASE("a keepalive tells the WAL's end and may ask for a reply", "[cdc]") {
  const std::string bytes = WireBytes('k').I64(0x1600000028).I64(0).I8(1);
  const auto frame = ParseReplicationFrame(bytes);
  REQUIRE(frame.ok());
  const auto keepalive = std::get<Keepalive>(*frame);
  CHECK(keepalive.wal_end == Lsn{0x1600000028});
  CHECK(keepalive.reply_requested);
  CHECK(keepalive.sent_micros == 946684800000000);
  CHECK_FALSE(ParseReplicationFrame(bytes.substr(0, 17)).ok());
  CHECK_FALSE(ParseReplicationFrame(bytes + "x").ok());
}

TEST_CASE("unknown frames are refused", "[cdc]") {
  CHECK(ParseReplicationFrame("").status().code() == ErrorCode::kCorruptMessage);
  CHECK(ParseReplicationFrame("zzz").status().code() == ErrorCode::kCorruptMessage);
}

TEST_CASE("a status update reports one position three times", "[cdc]") {
  const std::string expected = WireBytes('r').I64(0x42).I64(0x42).I64(0x42).I64(5000000).I8(0);
  CHECK(EncodeStatusUpdate(Lsn{0x42}, 946684800000000 + 5000000) == expected);
  CHECK(expected.size() == 34);
}

TEST_CASE("WAL positions have PostgreSQL's text form", "[cdc]") {
  CHECK(Lsn{0x16B374D848}.ToString() == "16/B374D848");
  CHECK(Lsn{0x1C}.ToString() == "0/1C");
  CHECK(Lsn::Parse("16/B374D848").value() == Lsn{0x16B374D848});
  CHECK(Lsn::Parse("0/0").value() == Lsn());
  CHECK(Lsn::Parse("FFFFFFFF/FFFFFFFF").value() == Lsn{UINT64_MAX});
  for (const char* text :
       {"", "/", "1/", "/1", "1", "1/G", "1/123456789", "-1/2", "1/2/3", "1/2 "}) {
    INFO(text);
    CHECK_FALSE(Lsn::Parse(text).ok());
  }
  CHECK(Lsn{0x1FFFFFFFF} < Lsn{0x200000000});
}

}  // namespace strom::cdc
