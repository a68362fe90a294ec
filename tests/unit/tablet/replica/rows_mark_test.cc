#include "tablet/replica/rows_mark.h"

#include <catch2/catch_test_macros.hpp>

#include "common/io/atomic_file.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::tablet {
namespace {

constexpr const char* kStore = "/d/kv-0";
constexpr const char* kMark = "/d/kv-0.closed";

struct Marked {
  Marked() { STROM_CHECK(disk.CreateDirectories("/d").ok()); }
  sim::SimDisk disk{{}};
};

}  // namespace

TEST_CASE("a mark is taken once, and for good", "[replica]") {
  Marked m;
  CHECK_FALSE(TakeRowsMark(m.disk, kStore).value().has_value());
  REQUIRE(LeaveRowsMark(m.disk, kStore, {.offset = LogOffset(1234567890123), .row_count = 5}).ok());
  m.disk.PowerFail(1);  // It was synced.
  const auto rows = TakeRowsMark(m.disk, kStore).value();
  REQUIRE(rows.has_value());
  CHECK(rows->offset == LogOffset(1234567890123));
  CHECK(rows->row_count == 5);
  m.disk.PowerFail(2);  // And so was its end.
  CHECK_FALSE(TakeRowsMark(m.disk, kStore).value().has_value());
}

TEST_CASE("a mark that does not read is none, and goes", "[replica]") {
  Marked m;
  for (const char* text : {"", "1", "1 ", "1 5", "1 5 ", "1 5 6", "1 5 6\nx", "2 5 6\n", "1 -5 6\n",
                           "1 5 -6\n", "1 99999999999999999999 6\n", "1 5  6\n", "x 5 6\n"}) {
    INFO(text);
    REQUIRE(io::WriteFileAtomically(m.disk, kMark, text).ok());
    CHECK_FALSE(TakeRowsMark(m.disk, kStore).value().has_value());
    CHECK_FALSE(m.disk.Exists(kMark).value());
  }
  REQUIRE(io::WriteFileAtomically(m.disk, kMark, std::string(1000, '1')).ok());
  CHECK_FALSE(TakeRowsMark(m.disk, kStore).value().has_value());
}

TEST_CASE("a mark that cannot be removed is an error: the store must not be opened", "[replica]") {
  Marked m;
  REQUIRE(LeaveRowsMark(m.disk, kStore, {.offset = LogOffset(3), .row_count = 1}).ok());
  m.disk.faults().FailNext(sim::DiskOperation::kRemove, "kv-0.closed", 5);
  CHECK(TakeRowsMark(m.disk, kStore).status().code() == ErrorCode::kStorage);
}

}  // namespace strom::tablet
