// What went wrong in Apache Fluss with the writers of a replicated log, each under its number.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tablet/log/log_files.h"
#include "tests/unit/tablet/log/log_fixture.h"

namespace strom::tablet {
namespace {

constexpr WriterId kWriter{9}, kOther{10};
constexpr int64_t kExpiration = 60000;

LogOptions Options() {
  LogOptions options;
  options.segment.size_max_bytes = 400;
  options.writer_expiration_ms = kExpiration;
  return options;
}

struct Leader : LogFixture {
  Leader() : LogFixture(Options()) { REQUIRE(log().StartEpoch(LeaderEpoch(1)).ok()); }
  void Write(WriterId writer, int from, int to) {
    for (int i = from; i < to; ++i) REQUIRE(Append(2, writer, BatchSequence(i)).ok());
  }
};

void RemoveWriterSnapshots(LogFixture& f) {
  for (const std::string& name : f.FileNames()) {
    if (!ParseLogFileName(name, kWriterSnapshotSuffix)) continue;
    REQUIRE(f.disk().RemoveFile(std::string(LogFixture::kDirectory) + "/" + name).ok());
  }
}

// As the leader of a later epoch, `f` takes what follows from `writer`, and knows a retry.
void CheckGoesOn(LogFixture& f, WriterId writer, int next, int epoch = 2) {
  REQUIRE(f.log().StartEpoch(LeaderEpoch(epoch)).ok());
  CHECK(f.Append(2, writer, BatchSequence(next - 1)).value().duplicate);
  CHECK(f.Append(2, writer, BatchSequence(next + 1)).status().code() ==
        ErrorCode::kOutOfOrderSequence);
  CHECK(f.Append(2, writer, BatchSequence(next)).ok());
}

}  // namespace

// fluss#703, #731: a follower that came back without writer state refused its leader's batches for
// good, and so never came back into the ISR.
TEST_CASE("upstream_703: a follower without writer state takes what its leader took", "[log]") {
  Leader leader;
  leader.Write(kWriter, 0, 20);
  LogFixture follower(Options());
  REQUIRE(follower.Follow(leader.log(), 200).ok());
  leader.Write(kWriter, 20, 30);
  SECTION("its snapshots are gone") {
    RemoveWriterSnapshots(follower);
    follower.Crash();
  }
  SECTION("it begins anew in the middle") {
    const LogOffset middle(20);
    REQUIRE(follower.log().RestartAt(middle).ok());
  }
  REQUIRE(follower.Follow(leader.log(), 200).ok());
  CheckGoesOn(follower, kWriter, 30);
}

// fluss#1383: a writer that was forgotten while its batches were still in the log made the next
// recovery fail.
TEST_CASE("upstream_1383: recovery passes batches of a writer that was forgotten", "[log]") {
  Leader f;
  f.Write(kWriter, 0, 3);
  f.clock().JumpWall(kExpiration + 1);
  f.Write(kOther, 0, 1);
  if (GENERATE(false, true)) f.log().ExpireWriters();  // Whether or not a timer has run.
  CHECK(f.Append(2, kWriter, BatchSequence(3)).status().message().find("unknown writer") !=
        std::string_view::npos);
  SECTION("which stays forgotten") {
    RemoveWriterSnapshots(f);
    f.Crash();
    REQUIRE(f.log().StartEpoch(LeaderEpoch(2)).ok());
    CHECK(f.Append(2, kWriter, BatchSequence(3)).status().message().find("unknown writer") !=
          std::string_view::npos);
  }
  SECTION("and began anew") {
    f.Write(kWriter, 0, 2);
    if (GENERATE(false, true)) RemoveWriterSnapshots(f);
    f.Crash();
    CheckGoesOn(f, kWriter, 2);
  }
}

// fluss#1624: a follower forgot a writer before its leader did, and then refused the leader's
// batches again and again.
TEST_CASE("upstream_1624: writers are forgotten by the log's time, not a server's own", "[log]") {
  Leader leader;
  LogFixture follower(Options());
  leader.Write(kWriter, 0, 10);
  REQUIRE(follower.Follow(leader.log(), 200).ok());
  SECTION("a follower whose clock runs ahead") {
    follower.clock().JumpWall(100 * kExpiration);
    follower.log().ExpireWriters();
    leader.Write(kWriter, 10, 12);
    REQUIRE(follower.Follow(leader.log(), 200).ok());
    CheckGoesOn(follower, kWriter, 12);
  }
  SECTION("a leader that is idle for long") {
    leader.clock().JumpWall(100 * kExpiration);
    leader.log().ExpireWriters();
    CheckGoesOn(leader, kWriter, 10);
  }
  SECTION("a writer that is forgotten is so on all replicas") {
    leader.clock().JumpWall(kExpiration + 1);
    leader.Write(kOther, 0, 1);
    leader.log().ExpireWriters();
    leader.Write(kWriter, 0, 2);  // Anew.
    REQUIRE(follower.Follow(leader.log(), 200).ok());
    CHECK(follower.Append(2, kWriter, BatchSequence(9)).status().code() ==
          ErrorCode::kOutOfOrderSequence);  // Not taken for the one before.
    CheckGoesOn(follower, kWriter, 2);
  }
}

}  // namespace strom::tablet
