#include "tablet/replica/job_fences.h"

#include <atomic>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/runtime/notification.h"
#include "common/runtime/thread_pool.h"
#include "tests/unit/tablet/replica/kv_testing.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {

TEST_CASE("a write under an older epoch is refused, a newer one is remembered", "[replica]") {
  JobFences fences;
  CHECK(fences.Enter({"a", 3}).ok());
  CHECK(fences.EpochOf("a") == 3);
  const Status old = fences.Enter({"a", 2}).status();
  CHECK(old.code() == ErrorCode::kFencedJobEpoch);
  CHECK(old.message().find("a write under epoch 2, known is 3") != std::string::npos);
  CHECK(fences.Enter({"a", 5}).ok());
  CHECK(fences.Enter({"a", 3}).status().code() == ErrorCode::kFencedJobEpoch);
  CHECK(fences.Enter({"b", 1}).ok());
  CHECK(fences.EpochOf("c") == std::nullopt);
}

TEST_CASE("a write that is no job's always enters", "[replica]") {
  JobFences fences;
  fences.Raise({{"a", 9}}, [] {});
  CHECK(JobAdmission().Enter().ok());
  CHECK(JobAdmission(fences, std::nullopt).Enter().ok());
  CHECK_FALSE(JobAdmission(fences, JobFence{"a", 8}).Enter().ok());
  CHECK(JobAdmission(fences, JobFence{"a", 9}).Enter().ok());
}

TEST_CASE("raising waits for those who entered under older epochs, and for nobody else",
          "[replica]") {
  JobFences fences;
  auto first = std::make_unique<Result<JobFences::Pass>>(fences.Enter({"a", 1}));
  auto second = std::make_unique<Result<JobFences::Pass>>(fences.Enter({"a", 1}));
  const auto other = fences.Enter({"b", 1});
  REQUIRE(first->ok());
  bool raised = false;
  fences.Raise({{"a", 2}, {"c", 7}}, [&] { raised = true; });
  CHECK_FALSE(raised);
  CHECK_FALSE(fences.Enter({"a", 1}).ok());  // Closed already.
  const auto newer = fences.Enter({"a", 2});
  CHECK(newer.ok());
  first.reset();
  CHECK_FALSE(raised);
  second.reset();
  CHECK(raised);
}

TEST_CASE("raising to an epoch that is known, or older, changes nothing", "[replica]") {
  JobFences fences;
  int raised = 0;
  fences.Raise({{"a", 4}}, [&] { ++raised; });
  const auto pass = fences.Enter({"a", 4});
  fences.Raise({{"a", 4}}, [&] { ++raised; });
  fences.Raise({{"a", 2}}, [&] { ++raised; });
  fences.Raise({}, [&] { ++raised; });
  CHECK(raised == 4);
  CHECK(fences.EpochOf("a") == 4);
}

TEST_CASE("a server that was away takes no write of a job until it is told again", "[replica]") {
  JobFences fences;
  CHECK(fences.Enter({"a", 1}).ok());
  fences.Close();
  const Status waits = fences.Enter({"a", 1}).status();
  CHECK(waits.code() == ErrorCode::kOperationNotAttempted);
  CHECK_FALSE(fences.Enter({"b", 7}).ok());
  CHECK(JobAdmission(fences, std::nullopt).Enter().ok());
  fences.Raise({{"a", 2}}, [] {});
  CHECK(fences.Enter({"a", 1}).status().code() == ErrorCode::kFencedJobEpoch);
  CHECK(fences.Enter({"a", 2}).ok());
  CHECK(fences.Enter({"b", 7}).ok());
}

TEST_CASE("a pass that is moved is given back once", "[replica]") {
  JobFences fences;
  bool raised = false;
  {
    JobFences::Pass pass = fences.Enter({"a", 1}).value();
    const JobFences::Pass moved(std::move(pass));
    fences.Raise({{"a", 2}}, [&] { raised = true; });
    CHECK_FALSE(raised);
  }
  CHECK(raised);
}

TEST_CASE("writes alone cannot make the server remember groups without end", "[replica]") {
  JobFences fences;
  for (size_t i = 0; i < JobFences::kGroupsMax; ++i) {
    if (!fences.Enter({std::to_string(i), 1}).ok()) FAIL(i);
  }
  CHECK(fences.Enter({"one more", 1}).status().code() == ErrorCode::kOperationNotAttempted);
  CHECK(fences.Enter({"7", 1}).ok());
  fences.Raise({{"one more", 1}}, [] {});
  CHECK(fences.Enter({"one more", 1}).ok());
}

TEST_CASE("once raising has ended no queued write under an older epoch is appended", "[replica]") {
  const auto seed = static_cast<uint64_t>(GENERATE(range(1, 21)));
  INFO("seed " << seed);
  ReplicaFixture f(seed);
  JobFences fences;
  const TableBucket log = Bucket(0);
  const TableBucket rows = Bucket(1, 8);
  REQUIRE(f.Become(log).ok());
  REQUIRE(f.Become(KeyedSpec(rows)).ok());
  const auto ends = [&] {
    return std::pair(f.replicas().Find(log)->log().log_end_offset(),
                     f.replicas().Find(rows)->log().log_end_offset());
  };
  int answered = 0;
  int refused = 0;
  const auto on_answer = [&](const Result<AppendInfo>& info) {
    ++answered;
    if (info.ok()) return;
    CHECK(info.status().code() == ErrorCode::kFencedJobEpoch);
    ++refused;
  };
  std::optional<std::pair<LogOffset, LogOffset>> ends_when_raised;
  int refused_when_raised = 0;
  constexpr int kWrites = 30;
  for (int i = 0; i < kWrites; ++i) {
    f.executor().Post([&, i] {
      const JobAdmission admission(fences, JobFence{"g", 1});
      f.replicas().Find(log)->Append(Batch({i}), {.admission = admission}, on_answer);
      f.replicas().Find(rows)->PutKv(KvBatch({Put(i, "x")}), {}, {.admission = admission},
                                     on_answer);
    });
  }
  f.executor().Post([&] {
    fences.Raise({{"g", 2}}, [&] {
      ends_when_raised = ends();
      refused_when_raised = refused;
    });
  });
  REQUIRE(f.scheduler().RunUntil([&] { return answered == 2 * kWrites; }, Seconds(10)));
  REQUIRE(ends_when_raised.has_value());
  CHECK(ends() == *ends_when_raised);
  CHECK(refused >= refused_when_raised);
}

// https://jepsen.io/analyses/bufstream-0.1.0
TEST_CASE("K2: what a former session sent and comes late changes nothing of the next one's",
          "[replica]") {
  ReplicaFixture f;
  JobFences fences;
  const TableBucket log = Bucket(0);
  REQUIRE(f.Become(log).ok());
  const auto append = [&](int value, WriterId writer, int sequence, int64_t epoch) {
    std::optional<Result<AppendInfo>> answer;
    f.replicas().Find(log)->Append(
        Batch({value}, LogFormat::kIndexed, writer, BatchSequence(sequence)),
        {.admission = JobAdmission(fences, JobFence{"g", epoch})},
        [&](Result<AppendInfo> info) { answer = std::move(info); });
    REQUIRE(f.scheduler().RunUntil([&] { return answer.has_value(); }, Seconds(10)));
    return *answer;
  };
  const WriterId former(7), next(8);
  REQUIRE(append(0, former, 0, 1).ok());
  REQUIRE(append(1, former, 1, 1).ok());
  // The job's next worker begins; the former one's third batch is still on its way.
  bool raised = false;
  fences.Raise({{"g", 2}}, [&] { raised = true; });
  REQUIRE(raised);
  REQUIRE(append(10, next, 0, 2).ok());
  CHECK(append(2, former, 2, 1).status().code() == ErrorCode::kFencedJobEpoch);
  CHECK(append(1, former, 1, 1).status().code() == ErrorCode::kFencedJobEpoch);  // A repetition.
  REQUIRE(append(11, next, 1, 2).ok());
  CHECK(append(10, next, 0, 2).value().duplicate);
  CHECK(f.ReadAll(log) == std::vector<int>{0, 1, 10, 11});
}

TEST_CASE("raising and appending race on real threads, and nothing slips through", "[replica]") {
  runtime::ThreadPool pool({.name = "race", .threads = 4});
  for (int round = 0; round < 200; ++round) {
    JobFences fences;
    std::atomic<int> appended = 0;
    std::atomic<int> left = 4;
    std::atomic<int> appended_when_raised = -1;
    runtime::Notification done;
    runtime::Notification raised;
    for (int thread = 0; thread < 4; ++thread) {
      pool.Post([&] {
        for (int i = 0; i < 50; ++i) {
          const auto pass = fences.Enter({"g", 1});
          if (pass.ok()) ++appended;  // The append, while the pass is held.
        }
        if (--left == 0) done.Notify();
      });
    }
    pool.Post([&] {
      fences.Raise({{"g", 2}}, [&] {
        appended_when_raised = appended.load();
        raised.Notify();
      });
    });
    done.Wait();
    raised.Wait();
    if (appended != appended_when_raised) FAIL(round);
  }
}

}  // namespace strom::tablet
