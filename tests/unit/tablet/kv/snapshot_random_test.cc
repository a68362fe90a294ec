// Snapshots of a bucket under random writes, faults, refused and unknown commits, and changes of
// the server: whatever is completed and kept holds what the store held (reliability.md, S14).
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/remote/kv_snapshot_retention.h"
#include "tests/unit/tablet/kv/snapshot_fixture.h"

namespace strom::tablet {
namespace {

class RandomLife {
 public:
  explicit RandomLife(uint64_t seed) : f_(SnapshotFixture::Engine::kMemory, seed), random_(seed) {}

  void Step() {
    f_.objects().SetErrorRate(0.02);
    switch (random_.Uniform(6)) {
      case 0:
      case 1:
        for (uint64_t i = random_.Uniform(5); i > 0; --i) PutSomething();
        break;
      case 2:
      case 3:
        TakeSnapshot();
        break;
      case 4:
        Prune();
        break;
      default:
        ChangeServer();
    }
    f_.objects().SetErrorRate(0);
    CheckKept();
  }

  int completed_count() const { return completed_count_; }

 private:
  struct Taken {
    StoredSnapshot snapshot;
    Content content;
  };

  void PutSomething() {
    const Bytes key = "k" + std::to_string(random_.Uniform(20));
    if (random_.Chance(0.2)) {
      f_.Put(key, std::nullopt);
      content_.erase(key);
    } else {
      content_[key] = std::to_string(random_.Next());
      f_.Put(key, content_[key]);
    }
  }

  void TakeSnapshot() {
    const int64_t id = next_id_++;
    const StoredSnapshot* const base =
        completed_.empty() || random_.Chance(0.2) ? nullptr : &completed_.rbegin()->second.snapshot;
    const Result<StoredSnapshot> written = f_.Write(id, base);
    if (!written.ok()) return;
    const Taken taken{*written, content_};
    switch (random_.Uniform(5)) {
      case 0:
        (void)f_.pruner().Discard(KvSnapshotId(id));  // Refused.
        break;
      case 1:
        in_doubt_.emplace(KvSnapshotId(id), taken);
        break;
      default:
        ++completed_count_;
        completed_.emplace(KvSnapshotId(id), taken);
    }
  }

  void Prune() {
    for (auto it = in_doubt_.begin(); it != in_doubt_.end();) {
      if (random_.Chance(0.5)) {
        if (random_.Chance(0.5)) completed_.insert(*it);
        it = in_doubt_.erase(it);
      } else {
        ++it;
      }
    }
    std::vector<remote::CompletedKvSnapshot> all;
    for (const auto& [id, taken] : completed_) {
      all.push_back({id, taken.snapshot.metadata.log_offset});
    }
    const remote::KvRetention plan = remote::PlanKvRetention(all, {}, 2);
    for (const remote::CompletedKvSnapshot& dropped : plan.dropped) completed_.erase(dropped.id);
    std::set<KvSnapshotId> kept;
    std::set<KvSnapshotId> in_doubt;
    for (const auto& [id, taken] : completed_) kept.insert(id);
    for (const auto& [id, taken] : in_doubt_) in_doubt.insert(id);
    (void)f_.pruner().Prune(kept, in_doubt);  // Under faults it may have to be done again.
  }

  // The store is lost; the next server goes on with what it can restore.
  void ChangeServer() {
    std::vector<KvSnapshotId> candidates;
    for (auto it = completed_.rbegin(); it != completed_.rend(); ++it)
      candidates.push_back(it->first);
    const std::string name = "server-" + std::to_string(servers_++);
    const RestoredSnapshot restored =
        f_.reader()
            .RestoreNewest(candidates, f_.At(name), {LogOffset(0), LogOffset(1'000'000)})
            .value();
    if (!restored.snapshot) return;
    f_.OpenInstead(name);
    content_ = completed_.at(restored.snapshot->metadata.id).content;
    CHECK(SnapshotFixture::ContentOf(f_.store()) == content_);
  }

  void CheckKept() {
    for (const auto* const snapshots : {&completed_, &in_doubt_}) {
      for (const auto& [id, taken] : *snapshots) CHECK(f_.Restored(id.value()) == taken.content);
    }
  }

  SnapshotFixture f_;
  sim::SimRandom random_;
  Content content_;
  std::map<KvSnapshotId, Taken> completed_;
  std::map<KvSnapshotId, Taken> in_doubt_;
  int64_t next_id_ = 0;
  int servers_ = 0;
  int completed_count_ = 0;
};

}  // namespace

TEST_CASE("every kept snapshot restores to what the store held, whatever happened since",
          "[kv_snapshot]") {
  const uint64_t seed = GENERATE(range(1, 31));
  INFO("seed " << seed);
  RandomLife life(seed);
  for (int step = 0; step < 80; ++step) life.Step();
  CHECK(life.completed_count() > 0);
}

}  // namespace strom::tablet
