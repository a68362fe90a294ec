#include "pipeline/core/turns.h"

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/runtime/notification.h"
#include "common/runtime/system_clock.h"

namespace strom::pipeline {
namespace {

constexpr MonoDuration kLong = Seconds(3600);

std::map<std::string, Turns::Place> Line() {
  return {{"dwd", {.depth = 0, .upstream = {}}},
          {"dws", {.depth = 1, .upstream = {"dwd"}}},
          {"ads", {.depth = 2, .upstream = {"dws"}}},
          {"other", {.depth = 3, .upstream = {}}}};
}

// A job that waits for its turn on a thread of its own.
class Waiting {
 public:
  Waiting(Turns& turns, std::string group)
      : thread_([this, &turns, group = std::move(group)] {
          turn_.emplace(turns.Take(group));
          admitted_.Notify();
          done_.Wait();
          turn_.reset();
        }) {}
  ~Waiting() {
    if (!done_.HasBeenNotified()) done_.Notify();
    thread_.join();
  }
  // Waits until it has its turn.
  void Await() { REQUIRE(admitted_.WaitFor(Seconds(60))); }
  bool has_turn() const { return admitted_.HasBeenNotified(); }
  void Settle() { turn_->Settle(); }
  void End() { done_.Notify(); }

 private:
  std::optional<Turns::Turn> turn_;
  runtime::Notification admitted_;
  runtime::Notification done_;
  std::thread thread_;
};

// Until so many jobs wait: they have been seen by Take.
void AwaitWaiters(const Turns& turns, size_t count) {
  while (turns.waiting() < count) std::this_thread::yield();
}

}  // namespace

TEST_CASE("jobs that wait have their turns from the sources on", "[pipeline]") {
  const runtime::RealClock clock;
  Turns turns(clock, {.at_once = 1, .compute_max = kLong, .settle_max = kLong});
  turns.SetPlaces(Line());
  std::optional<Turns::Turn> first(turns.Take("other"));
  Waiting ads(turns, "ads");
  AwaitWaiters(turns, 1);
  Waiting dws(turns, "dws");
  AwaitWaiters(turns, 2);
  Waiting dwd(turns, "dwd");
  AwaitWaiters(turns, 3);
  first.reset();
  dwd.Await();
  CHECK_FALSE(dws.has_turn());
  dwd.End();
  dws.Await();
  CHECK_FALSE(ads.has_turn());
  dws.End();
  ads.Await();
}

TEST_CASE("a job has its second turn in a round after all others' first", "[pipeline]") {
  const runtime::RealClock clock;
  Turns turns(clock, {.at_once = 1, .compute_max = kLong, .settle_max = kLong});
  turns.SetPlaces(Line());
  std::optional<Turns::Turn> first(turns.Take("dwd"));
  Waiting other(turns, "other");
  AwaitWaiters(turns, 1);
  first.reset();
  other.Await();
  Waiting again(turns, "dwd");
  AwaitWaiters(turns, 1);
  Waiting ads(turns, "ads");
  AwaitWaiters(turns, 2);
  other.End();
  ads.Await();
  CHECK_FALSE(again.has_turn());
  ads.End();
  again.Await();
}

TEST_CASE("who reads a result waits until it is stored, others compute meanwhile", "[pipeline]") {
  const runtime::RealClock clock;
  Turns turns(clock, {.at_once = 1, .compute_max = kLong, .settle_max = kLong});
  turns.SetPlaces(Line());
  std::optional<Turns::Turn> dwd(turns.Take("dwd"));
  Waiting dws(turns, "dws");
  AwaitWaiters(turns, 1);
  dwd->Settle();
  CHECK_FALSE(dws.has_turn());
  Waiting other(turns, "other");
  other.Await();
  other.End();
  CHECK_FALSE(dws.has_turn());
  dwd.reset();
  dws.Await();
}

TEST_CASE("a job that computes or stores for too long is not waited for", "[pipeline]") {
  const runtime::RealClock clock;
  Turns turns(clock, {.at_once = 1, .compute_max = Millis(5), .settle_max = Millis(5)});
  turns.SetPlaces(Line());
  Turns::Turn dwd = turns.Take("dwd");
  Waiting dws(turns, "dws");
  dws.Await();  // Beyond at_once, and with what there is.
  dws.Settle();
  Waiting ads(turns, "ads");
  ads.Await();
}

TEST_CASE("no more jobs compute at a time than may", "[pipeline]") {
  const runtime::RealClock clock;
  Turns turns(clock, {.at_once = 3, .compute_max = kLong, .settle_max = kLong});
  std::atomic<int> computing = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> jobs;
  for (int i = 0; i < 8; ++i) {
    jobs.emplace_back([&, i] {
      for (int n = 0; n < 300; ++n) {
        Turns::Turn turn = turns.Take(std::to_string(i));
        const int now = ++computing;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --computing;
        if (n % 2 == 0) turn.Settle();
      }
    });
  }
  for (std::thread& job : jobs) job.join();
  CHECK(most <= 3);
  CHECK(turns.waiting() == 0);
}

}  // namespace strom::pipeline
