#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

namespace strom::metrics {

// Only goes up. Any thread.
class Counter {
 public:
  void Add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Goes up and down. Any thread.
class Gauge {
 public:
  void Set(int64_t v) { value_.store(v, std::memory_order_relaxed); }
  void Add(int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// Counts values in buckets that double from 1 to 2^39, with the sum; for latencies in microseconds
// and sizes in bytes. Any thread; no lock.
class Histogram {
 public:
  static constexpr size_t kBuckets =
      40;  // Bucket i holds values in (2^(i-1), 2^i]; the last, more.

  void Record(uint64_t value);
  uint64_t count() const;
  uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }
  uint64_t bucket(size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  // Upper bound of the bucket that holds this quantile (0..1); 0 if nothing was recorded.
  uint64_t Quantile(double q) const;

 private:
  std::array<std::atomic<uint64_t>, kBuckets + 1> buckets_{};
  std::atomic<uint64_t> sum_{0};
};

using Labels = std::vector<std::pair<std::string, std::string>>;

// All metrics of a process, by name and labels. References stay valid as long as the registry.
//
// Names and labels are Fluss's where Fluss has the metric, with dots and dashes as underscores.
class Registry {
 public:
  // The metric of this name and these labels, made at the first call. `help` is kept from there.
  Counter& GetCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& GetGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& GetHistogram(std::string_view name, std::string_view help, const Labels& labels = {});

  // A gauge read at scrape time; `read` must be callable from any thread while the registry lives.
  void AddCallback(std::string_view name, std::string_view help, const Labels& labels,
                   absl::AnyInvocable<double() const> read);

  // Everything in Prometheus's text format, version 0.0.4, sorted by name and labels.
  std::string PrometheusText() const;

 private:
  template <class T>
  struct Family {
    std::string help;
    std::map<std::string, std::unique_ptr<T>> by_labels;  // Key: {a="1",b="2"} or empty.
  };
  template <class T>
  using Families = std::map<std::string, Family<T>, std::less<>>;
  using Callback = absl::AnyInvocable<double() const>;

  template <class T>
  static T& Get(Families<T>& families, std::string_view name, std::string_view help,
                const Labels& labels);

  mutable absl::Mutex mutex_;
  Families<Counter> counters_ ABSL_GUARDED_BY(mutex_);
  Families<Gauge> gauges_ ABSL_GUARDED_BY(mutex_);
  Families<Histogram> histograms_ ABSL_GUARDED_BY(mutex_);
  Families<Callback> callbacks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::metrics
