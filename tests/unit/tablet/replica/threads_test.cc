// What only real threads can show.
#include <atomic>

#include <catch2/catch_test_macros.hpp>

#include "common/io/posix_file_system.h"
#include "common/runtime/notification.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/thread_pool.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

constexpr int kFetches = 3000;

class Threads {
 public:
  Threads() {
    REQUIRE(replicas_.Start().ok());
    for (const int bucket : {0, 1}) {
      std::optional<Status> became;
      runtime::Notification done;
      replicas_.Become(SpecOf(Bucket(bucket)), Lead(), [&](Status status) {
        became = std::move(status);
        done.Notify();
      });
      done.Wait();
      REQUIRE(became->ok());
    }
  }
  ~Threads() {
    runtime::Notification done;
    replicas_.Stop([&](const Status&) { done.Notify(); });
    done.Wait();
  }

  std::shared_ptr<Replica> replica(int bucket) { return replicas_.Find(Bucket(bucket)); }

  // Both buckets, from the end of bucket 0 on; goes on with the next one until all are done.
  void FetchNext() {
    FetchRequest request{.buckets = {},
                         .size_max = 1 << 20,
                         .size_min = 1,
                         .wait_until = clock_.Now() + Seconds(60)};
    request.buckets.push_back({Bucket(0), replica(0)->high_watermark(), 1 << 20, {}});
    request.buckets.push_back({Bucket(1), LogOffset(0), 1 << 20, {}});
    Fetch(replicas_, pool_, clock_, std::move(request), [this](const FetchResults&) {
      if (fetches_left.fetch_sub(1) == 1) return fetched.Notify();
      pool_.Post([this] { FetchNext(); });
    });
  }

  void AppendNext() {
    replica(0)->Append(Batch({1}), {}, [this](Result<AppendInfo>) {
      if (fetched.HasBeenNotified()) return appended.Notify();
      pool_.Post([this] { AppendNext(); });
    });
  }

  std::atomic<int> fetches_left{kFetches};
  runtime::Notification fetched;
  runtime::Notification appended;

 private:
  testing::TempDir temp_;
  io::PosixFileSystem files_;
  runtime::RealClock clock_;
  runtime::ThreadPool pool_{{.name = "test", .threads = 4}};
  runtime::ThreadPool blocking_{{.name = "test-blocking", .threads = 2}};
  std::unique_ptr<DataDirectory> directory_ =
      DataDirectory::Open(files_, temp_.path() + "/data", {.cluster_id = "c", .server_id = kSelf})
          .value();
  FlakyStores stores_{files_};
  LoneDuties duties_;
  ReplicaManager replicas_{pool_,       blocking_, clock_, files_, stores_,
                           *directory_, duties_,   kSelf,  {}};
};

}  // namespace

TEST_CASE("fetches and appends on many threads leave no waiters behind", "[replica]") {
  Threads threads;
  threads.FetchNext();
  threads.AppendNext();
  REQUIRE(threads.fetched.WaitFor(Seconds(120)));
  REQUIRE(threads.appended.WaitFor(Seconds(120)));
  // Whatever is queued on the bucket's strand comes before this answer.
  runtime::Notification settled;
  const Bytes gap = Batch({1}, LogFormat::kIndexed, WriterId(1), BatchSequence(7));
  threads.replica(1)->Append(gap, {}, [&](const Result<AppendInfo>& info) {
    CHECK(info.status().code() == ErrorCode::kOutOfOrderSequence);
    settled.Notify();
  });
  REQUIRE(settled.WaitFor(Seconds(60)));
  // The last fetch may still be on its way to forget its own.
  CHECK(threads.replica(1)->waiter_count() <= 1);
}

}  // namespace strom::tablet
