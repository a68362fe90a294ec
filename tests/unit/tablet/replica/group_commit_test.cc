#include "tablet/replica/group_commit.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/tablet/log/log_fixture.h"

namespace strom::tablet {
namespace {

// A log whose syncs run when the test lets them.
class CommitFixture : public LogFixture {
 public:
  // Appends a record and asks for a sync; the recovery point there was when it was said to be done.
  std::shared_ptr<std::optional<Result<LogOffset>>> AppendAndSync() {
    STROM_CHECK(Append(1).ok());
    return Sync();
  }
  std::shared_ptr<std::optional<Result<LogOffset>>> Sync() {
    auto answer = std::make_shared<std::optional<Result<LogOffset>>>();
    strand.Post([this, answer] {
      commit.Sync(owner, [this, answer](const Status& status) {
        answer->emplace(status.ok() ? Result<LogOffset>(log().recovery_point()) : status);
      });
    });
    scheduler.RunReady();
    return answer;
  }

  sim::SimScheduler scheduler{1};
  sim::SimScheduler disk_thread{2};  // Stands still unless it is run.
  runtime::Strand strand{scheduler};
  GroupCommit commit{disk_thread, strand, log()};
  std::shared_ptr<void> owner = std::make_shared<int>();
};

}  // namespace

TEST_CASE("who asks during a sync shares the next one", "[replica]") {
  CommitFixture f;
  const auto first = f.AppendAndSync();
  const auto second = f.AppendAndSync();
  const auto third = f.AppendAndSync();
  CHECK_FALSE(*first);
  CHECK(f.disk_thread.tasks_run() == 0);

  f.disk_thread.RunReady();
  f.scheduler.RunReady();
  REQUIRE(*first);
  CHECK_FALSE(*second);  // The sync under way may have begun before.
  f.disk_thread.RunReady();
  f.scheduler.RunReady();
  REQUIRE(*second);
  REQUIRE(*third);
  CHECK((*third)->value() == LogOffset(3));
  CHECK(f.disk_thread.tasks_run() == 2);
}

TEST_CASE("the first sync that fails is the last", "[replica]") {
  CommitFixture f;
  f.disk().faults().FailNext(sim::DiskOperation::kSync, ".log", EIO);
  const auto first = f.AppendAndSync();
  const auto second = f.AppendAndSync();
  f.disk_thread.RunReady();
  f.scheduler.RunReady();
  REQUIRE(*first);
  REQUIRE(*second);
  CHECK_FALSE((*first)->ok());
  CHECK_FALSE((*second)->ok());
  CHECK_FALSE(f.commit.failure().ok());
  const auto third = f.Sync();
  REQUIRE(*third);
  CHECK_FALSE((*third)->ok());
  CHECK(f.disk_thread.tasks_run() == 1);
}

TEST_CASE("idle is when no sync is under way or asked for", "[replica]") {
  CommitFixture f;
  bool idle = false;
  f.strand.Post([&] { f.commit.AwaitIdle([&] { idle = true; }); });
  f.scheduler.RunReady();
  CHECK(std::exchange(idle, false));

  f.AppendAndSync();
  f.AppendAndSync();
  f.strand.Post([&] { f.commit.AwaitIdle([&] { idle = true; }); });
  f.scheduler.RunReady();
  f.disk_thread.RunReady();
  f.scheduler.RunReady();
  CHECK_FALSE(idle);
  f.disk_thread.RunReady();
  f.scheduler.RunReady();
  CHECK(idle);
}

}  // namespace strom::tablet
