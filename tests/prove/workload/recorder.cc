#include "tests/prove/workload/recorder.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/check.h"

namespace strom::prove {
namespace {

constexpr size_t kErrorsRemembered = 20;
constexpr const char* kWishNames[kWishes] = {"appends", "upserts", "lookups"};

}  // namespace

Recorder::Recorder(const runtime::Clock& clock, int buckets, size_t operations_max)
    : clock_(clock),
      buckets_(buckets),
      operations_max_(operations_max),
      windows_(static_cast<size_t>(kWishes * buckets), clock.Now()) {}

void Recorder::Begin() {
  absl::MutexLock lock(&mutex_);
  STROM_CHECK(counts_.open == 0) << counts_.open << " operations of the last round are open";
  history_ = {};
  counts_ = {};
  windows_ = ServiceWindows(windows_.size(), clock_.Now());
}

sim::History Recorder::TakeHistory() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(history_, {});
}

bool Recorder::Full() {
  if (OperationsLocked() < operations_max_) return false;
  ++counts_.dropped;
  return true;
}

std::optional<size_t> Recorder::AppendBegins(int64_t writer, int64_t number) {
  absl::MutexLock lock(&mutex_);
  if (Full()) return std::nullopt;
  ++counts_.open;
  history_.appends.push_back(
      {.writer = writer, .number = number, .time = {.invoked = clock_.Now()}});
  return history_.appends.size() - 1;
}

std::optional<size_t> Recorder::UpsertBegins(TableId table, int64_t key,
                                             std::optional<int64_t> value) {
  absl::MutexLock lock(&mutex_);
  if (Full()) return std::nullopt;
  ++counts_.open;
  history_.upserts.push_back(
      {.table = table, .key = key, .value = value, .time = {.invoked = clock_.Now()}});
  return history_.upserts.size() - 1;
}

bool Recorder::LookupBegins() {
  absl::MutexLock lock(&mutex_);
  if (Full()) return false;
  ++counts_.open;
  return true;
}

void Recorder::AppendEnds(size_t op, const Status& status, const TableBucket& bucket,
                          std::optional<LogOffset> offset) {
  absl::MutexLock lock(&mutex_);
  --counts_.open;
  if (!status.ok()) return Failed(status);
  if (op >= history_.appends.size()) return;  // Too late: its round is over.
  sim::AppendOp& done = history_.appends[op];
  done.outcome = sim::Outcome::kOk;
  done.time.completed = clock_.Now();
  done.bucket = bucket;
  done.offset = offset;
  Served(Wish::kAppend, bucket.bucket, done.time);
}

void Recorder::UpsertEnds(size_t op, const Status& status, const TableBucket& bucket,
                          std::optional<LogOffset> log_end_offset) {
  absl::MutexLock lock(&mutex_);
  --counts_.open;
  if (!status.ok()) return Failed(status);
  if (op >= history_.upserts.size()) return;
  sim::UpsertOp& done = history_.upserts[op];
  done.outcome = sim::Outcome::kOk;
  done.time.completed = clock_.Now();
  done.bucket = bucket;
  done.log_end_offset = log_end_offset;
  Served(Wish::kUpsert, bucket.bucket, done.time);
}

void Recorder::LookupEnds(const TableBucket& bucket, int64_t key, MonoTime invoked,
                          const Status& status, std::optional<int64_t> value) {
  absl::MutexLock lock(&mutex_);
  --counts_.open;
  if (!status.ok()) {
    ++counts_.lookups_failed;
    return Failed(status);
  }
  const sim::Interval time{.invoked = invoked, .completed = clock_.Now()};
  history_.lookups.push_back({.table = bucket.table, .key = key, .value = value, .time = time});
  Served(Wish::kLookup, bucket.bucket, time);
}

void Recorder::WriteRefused(const Status& status) {
  absl::MutexLock lock(&mutex_);
  --counts_.open;
  ++counts_.refused;
  Failed(status);
}

void Recorder::Failed(const Status& status) {
  std::string text = status.ToString();
  if (counts_.errors.contains(text) || counts_.errors.size() < kErrorsRemembered) {
    ++counts_.errors[std::move(text)];
  }
}

void Recorder::Served(Wish wish, BucketId bucket, const sim::Interval& time) {
  windows_.OnSuccess(static_cast<size_t>(static_cast<int>(wish) * buckets_ + bucket.value()), time);
}

void Recorder::Saw(sim::FetchSeen fetch) {
  absl::MutexLock lock(&mutex_);
  history_.fetches.push_back(std::move(fetch));
}

void Recorder::Saw(sim::LeadershipWrite write) {
  absl::MutexLock lock(&mutex_);
  history_.leaderships.push_back(std::move(write));
}

void Recorder::OpenWatch() {
  absl::MutexLock lock(&mutex_);
  windows_.Open();
}

std::vector<MonoDuration> Recorder::CloseWatch() {
  absl::MutexLock lock(&mutex_);
  return windows_.Close(clock_.Now());
}

std::string Recorder::NotServedSince(MonoTime since) const {
  absl::MutexLock lock(&mutex_);
  const auto buckets = static_cast<size_t>(buckets_);
  const std::optional<size_t> missing = windows_.NotServedSince(since, kWishes * buckets);
  if (!missing) return "";
  return fmt::format("{} of bucket {}", kWishNames[*missing / buckets], *missing % buckets);
}

Recorder::Counts Recorder::counts() const {
  absl::MutexLock lock(&mutex_);
  return counts_;
}

size_t Recorder::OperationsLocked() const {
  return history_.appends.size() + history_.upserts.size() + history_.lookups.size();
}

size_t Recorder::operations() const {
  absl::MutexLock lock(&mutex_);
  return OperationsLocked();
}

}  // namespace strom::prove
