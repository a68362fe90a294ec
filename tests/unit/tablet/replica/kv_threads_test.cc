// Rows on the real engine, read on many threads while their bucket changes hands.
#include <atomic>

#include <catch2/catch_test_macros.hpp>

#include "common/io/posix_file_system.h"
#include "common/kv/rocks_store.h"
#include "common/runtime/notification.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/thread_pool.h"
#include "tests/testing/temp_dir.h"
#include "tests/unit/tablet/replica/replica_fixture.h"

namespace strom::tablet {
namespace {

constexpr int kTerms = 30;  // How often the bucket is let go and led again.
constexpr int kReaders = 4;
const TableBucket kBucket = Bucket(0);

class Threads {
 public:
  Threads() { REQUIRE(replicas_.Start().ok()); }
  ~Threads() {
    runtime::Notification done;
    replicas_.Stop([&](const Status&) { done.Notify(); });
    done.Wait();
  }

  // Blocks until the call that `start` makes has answered.
  template <class F>
  Status Await(F start) {
    std::optional<Status> answer;
    runtime::Notification done;
    start([&](Status status) {
      answer = std::move(status);
      done.Notify();
    });
    done.Wait();
    return *answer;
  }
  Status Lead(int epoch) {
    return Await([&](auto done) {
      replicas_.Become(KeyedSpec(kBucket), tablet::Lead(epoch, epoch), std::move(done));
    });
  }
  Status LetGo(int epoch) {
    return Await([&](auto done) {
      replicas_.StopReplica(kBucket, LeaderEpoch(epoch), false, std::move(done));
    });
  }
  // Upserts key 1 with the next number; what was acknowledged last is in `acknowledged`.
  Status Put() {
    const int number = acknowledged.load() + 1;
    return Await([&](auto done) {
      replicas_.Find(kBucket)->PutKv(
          KvBatch({tablet::Put(1, std::to_string(number))}), {}, {},
          [&, done = std::move(done)](const Result<AppendInfo>& info) mutable {
            if (info.ok()) acknowledged.store(number);
            done(info.status());
          });
    });
  }

  // Reads key 1 again and again: what was acknowledged before a read began is there.
  void Read() {
    if (finished.load()) {
      if (readers_left.fetch_sub(1) == 1) readers_done.Notify();
      return;
    }
    ReadOnce();
    blocking_.Post([this] { Read(); });
  }
  void ReadOnce() {
    const int before = acknowledged.load();
    const auto replica = replicas_.Find(kBucket);
    if (!replica) return;
    const auto rows = replica->Rows();
    if (!rows.ok()) return;
    const Bytes key = KeyOf(1);
    const auto values = (*rows)->Lookup(std::vector<BytesView>{key});
    if (!values.ok()) {
      ++failures;
    } else if (const auto& value = values->at(0); before > 0 && !value) {
      ++failures;
    } else if (value && std::stoi(RowText(*value).substr(4)) < before) {
      ++failures;
    } else {
      ++reads;
    }
  }
  void StartReaders() {
    for (int i = 0; i < kReaders; ++i) blocking_.Post([this] { Read(); });
  }

  std::atomic<int> acknowledged{0};
  std::atomic<int> failures{0};
  std::atomic<int> reads{0};
  std::atomic<bool> finished{false};
  std::atomic<int> readers_left{kReaders};
  runtime::Notification readers_done;

 private:
  testing::TempDir temp_;
  io::PosixFileSystem files_;
  runtime::RealClock clock_;
  std::unique_ptr<kv::KvStoreFactory> stores_ = kv::MakeRocksStoreFactory({});
  runtime::ThreadPool pool_{{.name = "test", .threads = 4}};
  runtime::ThreadPool blocking_{{.name = "test-blocking", .threads = kReaders + 2}};
  std::unique_ptr<DataDirectory> directory_ =
      DataDirectory::Open(files_, temp_.path() + "/data", {.cluster_id = "c", .server_id = kSelf})
          .value();
  LoneDuties duties_;
  ReplicaManager replicas_{pool_,       blocking_, clock_, files_, *stores_,
                           *directory_, duties_,   kSelf,  {}};
};

}  // namespace

TEST_CASE("reads on many threads see what was acknowledged, whoever leads when", "[replica]") {
  Threads threads;
  REQUIRE(threads.Lead(0).ok());
  threads.StartReaders();
  for (int term = 0; term < kTerms; ++term) {
    for (int i = 0; i < 5; ++i) CHECK(threads.Put().ok());
    // The store opens again only because it was closed before the stop was answered.
    CHECK(threads.LetGo(term).ok());
    CHECK(threads.Lead(term + 1).ok());
  }
  threads.finished.store(true);
  REQUIRE(threads.readers_done.WaitFor(Seconds(60)));
  CHECK(threads.failures.load() == 0);
  CHECK(threads.reads.load() > 0);
  CHECK(threads.acknowledged.load() == 5 * kTerms);
}

}  // namespace strom::tablet
