// Known-bad histories of logs: each must be rejected, and the good one they are made of must not.
#include "tests/sim/checkers/log_checkers.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/sim/known_bad.h"

namespace strom::sim {
namespace {

using record::ChangeType;

const TableBucket kBucket{.table = TableId(1), .partition = {}, .bucket = BucketId(0)};
const ServerId kLeader{1};
const ServerId kFollower{2};

// A log of appends 1 to 4 of writer 7 at offsets 0 to 3, in two batches on two replicas; all are
// acknowledged and were read.
struct Good {
  Good() {
    ReplicaLog log;
    for (int64_t i = 0; i < 4; ++i) {
      log.records.push_back({LogOffset(i), ChangeType::kAppendOnly, 7, i + 1});
      history.appends.push_back({.writer = 7,
                                 .number = i + 1,
                                 .time = {Ms(10 * i), Ms(10 * i + 5)},
                                 .outcome = Outcome::kOk,
                                 .bucket = kBucket,
                                 .offset = LogOffset(i)});
    }
    log.batches = {{LogOffset(0), LogOffset(2), 11}, {LogOffset(2), LogOffset(4), 12}};
    history.fetches.push_back(Fetch(0, 2, 50));
    history.fetches.push_back(Fetch(2, 4, 60));
    end.buckets.push_back({.bucket = kBucket,
                           .keyed = false,
                           .leader = kLeader,
                           .high_watermark = LogOffset(4),
                           .replicas = {{kLeader, log}, {kFollower, log}}});
    for (int epoch = 0; epoch < 2; ++epoch) {
      history.leaderships.push_back({.bucket = kBucket, .leadership = Leads(epoch, epoch)});
    }
    history.copies.push_back({.bucket = kBucket,
                              .at = Ms(100),
                              .acknowledged = LogOffset(4),
                              .ends = {{kLeader, LogOffset(5)}, {kFollower, LogOffset(4)}},
                              .copies_min = 2});
    history.members.push_back({.bucket = kBucket,
                               .at = Ms(100),
                               .told = LogOffset(4),
                               .isr = {kLeader, kFollower},
                               .ends = {{kLeader, LogOffset(5)}, {kFollower, LogOffset(4)}}});
  }

  static FetchSeen Fetch(int64_t from, int64_t to, int64_t at_ms) {
    FetchSeen fetch{.bucket = kBucket,
                    .server = kLeader,
                    .process = 0,
                    .asked = LogOffset(from),
                    .high_watermark = LogOffset(to),
                    .records = {},
                    .time = {Ms(at_ms), Ms(at_ms + 5)}};
    for (int64_t i = from; i < to; ++i) {
      fetch.records.push_back({LogOffset(i), ChangeType::kAppendOnly, 7, i + 1});
    }
    return fetch;
  }

  static metadata::LeaderAndIsr Leads(int leader_epoch, int bucket_epoch) {
    return {.leader = kLeader,
            .leader_epoch = LeaderEpoch(leader_epoch),
            .isr = {kLeader, kFollower},
            .coordinator_epoch = CoordinatorEpoch(1),
            .bucket_epoch = BucketEpoch(bucket_epoch),
            .standby_replicas = {}};
  }

  Violations Check() const {
    Violations all;
    for (const Violations& found :
         {CheckNothingLost(history, end), CheckCopies(history), CheckNoneGivenUp(history),
          CheckNoDuplicates(end), CheckOneValuePerOffset(history, end), CheckWriterOrder(end),
          CheckCommittedStays(history, end), CheckContiguity(history, end),
          CheckHighWatermarks(history), CheckReplicasIdentical(end), CheckIsrHonesty(history),
          CheckLeaderships(history)}) {
      all.insert(all.end(), found.begin(), found.end());
    }
    return all;
  }

  ReplicaLog& leader() { return end.buckets[0].replicas[kLeader]; }
  ReplicaLog& follower() { return end.buckets[0].replicas[kFollower]; }

  History history;
  FinalState end;
};

}  // namespace

TEST_CASE("a history in which all is well passes every check of logs", "[sim]") {
  CHECK(Good().Check() == Violations());
}

TEST_CASE("S1: an acknowledged append that is not in the log is found", "[sim]") {
  Good run;
  SECTION("its record is gone") { run.leader().records.pop_back(); }
  SECTION("it is above the high watermark") { run.end.buckets[0].high_watermark = LogOffset(3); }
  SECTION("another one is in its place") { run.leader().records[3].value = 9; }
  CHECK(Found(CheckNothingLost(run.history, run.end), "S1 lost: append (7, 4)"));
}

TEST_CASE("S1: an append of unknown outcome may be missing", "[sim]") {
  Good run;
  run.leader().records.pop_back();
  run.history.appends.back().outcome = Outcome::kUnknown;
  CHECK(CheckNothingLost(run.history, run.end).empty());
}

TEST_CASE("S1: an acknowledged upsert that is not in the changelog is found", "[sim]") {
  Good run;
  run.history.upserts.push_back(
      {.table = TableId(2), .key = 5, .value = 6, .time = {Ms(1), Ms(2)}, .outcome = Outcome::kOk});
  CHECK(Found(CheckNothingLost(run.history, run.end), "S1 lost: upsert (5, 6)"));
}

TEST_CASE("S1: what is acknowledged and not on enough disks is found", "[sim]") {
  Good run;
  CopiesSeen& seen = run.history.copies.back();
  SECTION("a replica lacks the last record") { seen.ends[kFollower] = LogOffset(3); }
  SECTION("a replica has no log") { seen.ends.erase(kFollower); }
  SECTION("there are to be three") { seen.copies_min = 3; }
  CHECK(Found(CheckCopies(run.history), "S1 copies: "));
}

TEST_CASE("S2: a write that its client had to give up is found", "[sim]") {
  Good run;
  SECTION("an append") { run.history.appends.back().error = "a gap"; }
  SECTION("an upsert") {
    run.history.upserts.push_back({.table = TableId(2), .key = 5, .time = {}, .error = "a gap"});
  }
  CHECK(Found(CheckNoneGivenUp(run.history), "a gap"));
}

TEST_CASE("S2: an append that is there twice is found, in another bucket too", "[sim]") {
  Good run;
  SECTION("in the same bucket") {
    run.leader().records.push_back({LogOffset(4), ChangeType::kAppendOnly, 7, 2});
  }
  SECTION("in another one") {
    FinalBucket other = run.end.buckets[0];
    other.bucket.bucket = BucketId(1);
    run.end.buckets.push_back(other);
  }
  CHECK(Found(CheckNoDuplicates(run.end), "S2 twice"));
}

TEST_CASE("S3: two values at one offset are found", "[sim]") {
  Good run;
  SECTION("an append was told an offset where another record is") {
    run.history.appends[1].offset = LogOffset(2);
  }
  SECTION("a reader saw something else") { run.history.fetches[0].records[1].value = 3; }
  SECTION("two readers saw two things above the log") {
    run.end.buckets[0].high_watermark = LogOffset(2);
    run.history.fetches.push_back(Good::Fetch(2, 4, 70));
    run.history.fetches.back().records[0].value = 30;
  }
  CHECK(Found(CheckOneValuePerOffset(run.history, run.end), "S3 two values"));
}

TEST_CASE("S4: a writer's records out of order are found", "[sim]") {
  Good run;
  std::swap(run.leader().records[1].value, run.leader().records[2].value);
  CHECK(Found(CheckWriterOrder(run.end), "S4 order"));
}

TEST_CASE("S5: a record that a reader was given and that vanished is found", "[sim]") {
  Good run;
  run.leader().records.pop_back();
  CHECK(Found(CheckCommittedStays(run.history, run.end), "S5 vanished"));
}

TEST_CASE("S6: holes are found, in files and in what readers were given", "[sim]") {
  Good run;
  SECTION("a batch is missing in a file") {
    run.follower().batches[1] = {LogOffset(3), LogOffset(4), 12};
  }
  SECTION("batches overlap") { run.leader().batches[1] = {LogOffset(1), LogOffset(4), 12}; }
  SECTION("a reader was given a later record first") {
    run.history.fetches[0].records.erase(run.history.fetches[0].records.begin());
  }
  SECTION("a file does not read") { run.follower().damage = "torn"; }
  CHECK(Found(CheckContiguity(run.history, run.end), "S6"));
}

TEST_CASE("S6: an offset without a record, of an empty batch, is no hole", "[sim]") {
  Good run;
  run.leader().records.erase(run.leader().records.begin() + 1);
  run.history.fetches[0].records.erase(run.history.fetches[0].records.begin() + 1);
  CHECK(CheckContiguity(run.history, run.end).empty());
}

TEST_CASE("S7: records above the high watermark, and one that goes back, are found", "[sim]") {
  Good run;
  SECTION("a reader was given what is not committed") {
    run.history.fetches[1].high_watermark = LogOffset(3);
    CHECK(Found(CheckHighWatermarks(run.history), "S7 uncommitted"));
  }
  SECTION("it went back at the same process") {
    run.history.fetches.push_back(Good::Fetch(0, 1, 90));
    CHECK(Found(CheckHighWatermarks(run.history), "S7 back"));
  }
  SECTION("another process may begin lower") {
    run.history.fetches.push_back(Good::Fetch(0, 1, 90));
    run.history.fetches.back().process = 1;
    CHECK(CheckHighWatermarks(run.history).empty());
  }
  SECTION("an answer that was under way at the same time may be older") {
    run.history.fetches.push_back(Good::Fetch(0, 2, 62));
    CHECK(CheckHighWatermarks(run.history).empty());
  }
}

TEST_CASE("S8: two leaders of an epoch and epochs that do not ascend are found", "[sim]") {
  Good run;
  metadata::LeaderAndIsr next = Good::Leads(1, 2);
  SECTION("another leader in the same epoch") {
    next.leader = kFollower;
    run.history.leaderships.push_back({.bucket = kBucket, .leadership = next});
    CHECK(Found(CheckLeaderships(run.history), "S8 two leaders"));
  }
  SECTION("the leader epoch goes back") {
    next.leader_epoch = LeaderEpoch(0);
    run.history.leaderships.push_back({.bucket = kBucket, .leadership = next});
    CHECK(Found(CheckLeaderships(run.history), "S8 epochs"));
  }
  SECTION("two writes have one bucket epoch") {
    next.bucket_epoch = BucketEpoch(1);
    run.history.leaderships.push_back({.bucket = kBucket, .leadership = next});
    CHECK(Found(CheckLeaderships(run.history), "S8 epochs"));
  }
  SECTION("a deposed coordinator writes") {
    next.coordinator_epoch = CoordinatorEpoch(0);
    run.history.leaderships.push_back({.bucket = kBucket, .leadership = next});
    CHECK(Found(CheckLeaderships(run.history), "S8 epochs"));
  }
  SECTION("the leader is not in the ISR") {
    next.isr = {kFollower};
    run.history.leaderships.push_back({.bucket = kBucket, .leadership = next});
    CHECK(Found(CheckLeaderships(run.history), "S8 outside"));
  }
}

TEST_CASE("S9: replicas that differ below the high watermark are found", "[sim]") {
  Good run;
  SECTION("other bytes") { run.follower().batches[0].hash = 99; }
  SECTION("a shorter log") { run.follower().batches.pop_back(); }
  CHECK(Found(CheckReplicasIdentical(run.end), "S9 differs"));
}

TEST_CASE("S9b: a member of the ISR that lacks what clients were told is found", "[sim]") {
  Good run;
  MembersSeen& seen = run.history.members.back();
  SECTION("its log is shorter") { seen.ends[kFollower] = LogOffset(3); }
  SECTION("it has no log") { seen.ends.erase(kFollower); }
  SECTION("the leader itself does") { seen.ends[kLeader] = LogOffset(0); }
  SECTION("one has joined that was never caught up") { seen.isr.emplace_back(3); }
  CHECK(Found(CheckIsrHonesty(run.history), "S9b member: "));
}

TEST_CASE("S9b: who is not in the ISR may lack anything, and nobody lacks what nobody was told",
          "[sim]") {
  Good run;
  MembersSeen& seen = run.history.members.back();
  SECTION("a replica that has left") {
    seen.isr = {kLeader};
    seen.ends[kFollower] = LogOffset(1);
  }
  SECTION("records above what is committed") { seen.ends[kLeader] = LogOffset(9); }
  SECTION("an ISR before its first record") {
    seen.told = LogOffset(0);
    seen.ends.clear();
  }
  CHECK(CheckIsrHonesty(run.history).empty());
}

TEST_CASE("S9: above the high watermark replicas may differ", "[sim]") {
  Good run;
  run.end.buckets[0].high_watermark = LogOffset(2);
  run.follower().batches.pop_back();
  CHECK(CheckReplicasIdentical(run.end).empty());
}

}  // namespace strom::sim
