#include "common/metrics/metrics.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>

namespace strom::metrics {
namespace {

std::string EscapeLabel(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// `labels` as one key: a="1",b="2".
std::string LabelKey(const Labels& labels) {
  std::string key;
  for (const auto& [name, value] : labels) {
    key += fmt::format("{}{}=\"{}\"", key.empty() ? "" : ",", name, EscapeLabel(value));
  }
  return key;
}

std::string Braces(const std::string& key) { return key.empty() ? "" : "{" + key + "}"; }

void Head(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

void Histogram::Record(uint64_t value) {
  const auto bucket = value <= 1 ? size_t{0} : static_cast<size_t>(std::bit_width(value - 1));
  buckets_[std::min(bucket, kBuckets)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t count = 0;
  for (const auto& bucket : buckets_) count += bucket.load(std::memory_order_relaxed);
  return count;
}

uint64_t Histogram::Quantile(double q) const {
  const uint64_t total = count();
  if (total == 0) return 0;
  const auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(q * static_cast<double>(total))));
  uint64_t seen = 0;
  for (size_t i = 0; i <= kBuckets; ++i) {
    seen += bucket(i);
    if (seen >= rank) return uint64_t{1} << i;
  }
  return uint64_t{1} << kBuckets;
}

template <class T>
T& Registry::Get(Families<T>& families, std::string_view name, std::string_view help,
                 const Labels& labels) {
  Family<T>& family = families[std::string(name)];
  if (family.help.empty()) family.help = help;
  std::unique_ptr<T>& metric = family.by_labels[LabelKey(labels)];
  if (!metric) metric = std::make_unique<T>();
  return *metric;
}

Counter& Registry::GetCounter(std::string_view name, std::string_view help, const Labels& labels) {
  absl::MutexLock lock(&mutex_);
  return Get(counters_, name, help, labels);
}

Gauge& Registry::GetGauge(std::string_view name, std::string_view help, const Labels& labels) {
  absl::MutexLock lock(&mutex_);
  return Get(gauges_, name, help, labels);
}

Histogram& Registry::GetHistogram(std::string_view name, std::string_view help,
                                  const Labels& labels) {
  absl::MutexLock lock(&mutex_);
  return Get(histograms_, name, help, labels);
}

void Registry::AddCallback(std::string_view name, std::string_view help, const Labels& labels,
                           absl::AnyInvocable<double() const> read) {
  absl::MutexLock lock(&mutex_);
  Get(callbacks_, name, help, labels) = std::move(read);
}

std::string Registry::PrometheusText() const {
  absl::MutexLock lock(&mutex_);
  std::string out;
  for (const auto& [name, family] : counters_) {
    Head(out, name, family.help, "counter");
    for (const auto& [key, metric] : family.by_labels) {
      out += fmt::format("{}{} {}\n", name, Braces(key), metric->value());
    }
  }
  for (const auto& [name, family] : gauges_) {
    Head(out, name, family.help, "gauge");
    for (const auto& [key, metric] : family.by_labels) {
      out += fmt::format("{}{} {}\n", name, Braces(key), metric->value());
    }
  }
  for (const auto& [name, family] : callbacks_) {
    Head(out, name, family.help, "gauge");
    for (const auto& [key, read] : family.by_labels) {
      out += fmt::format("{}{} {}\n", name, Braces(key), (*read)());
    }
  }
  for (const auto& [name, family] : histograms_) {
    Head(out, name, family.help, "histogram");
    for (const auto& [key, metric] : family.by_labels) {
      const std::string comma = key.empty() ? "" : key + ",";
      uint64_t total = 0;
      for (size_t i = 0; i < Histogram::kBuckets; ++i) {
        if (metric->bucket(i) == 0) continue;  // Cumulative counts need only the steps.
        total += metric->bucket(i);
        out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, comma, uint64_t{1} << i, total);
      }
      total += metric->bucket(Histogram::kBuckets);
      out += fmt::format("{}_bucket{{{}le=\"+Inf\"}} {}\n", name, comma, total);
      out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", name, Braces(key), metric->sum(), name,
                         Braces(key), total);
    }
  }
  return out;
}

}  // namespace strom::metrics
