#include "common/metrics/metrics.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::metrics {

TEST_CASE("a metric is made once per name and labels", "[metrics]") {
  Registry registry;
  Counter& a = registry.GetCounter("requests_total", "Requests.", {{"method", "ProduceLog"}});
  Counter& b = registry.GetCounter("requests_total", "Requests.", {{"method", "FetchLog"}});
  CHECK(&a != &b);
  a.Add(2);
  CHECK(&a == &registry.GetCounter("requests_total", "", {{"method", "ProduceLog"}}));
  CHECK(a.value() == 2);
}

TEST_CASE("histogram buckets double, and quantiles are upper bounds", "[metrics]") {
  Histogram histogram;
  CHECK(histogram.Quantile(0.5) == 0);
  for (const uint64_t value : {0, 1, 2, 3, 4, 1000}) histogram.Record(value);
  CHECK(histogram.count() == 6);
  CHECK(histogram.sum() == 1010);
  CHECK(histogram.bucket(0) == 2);  // 0 and 1.
  CHECK(histogram.bucket(1) == 1);  // 2.
  CHECK(histogram.bucket(2) == 2);  // 3 and 4.
  CHECK(histogram.Quantile(0.5) == 2);
  CHECK(histogram.Quantile(1.0) == 1024);
  histogram.Record(UINT64_MAX);
  CHECK(histogram.bucket(Histogram::kBuckets) == 1);
}

TEST_CASE("the text is Prometheus's", "[metrics]") {
  Registry registry;
  registry.GetCounter("c_total", "A counter.", {{"path", "a\"b\\c"}}).Add(3);
  registry.GetGauge("g", "A gauge.").Set(-4);
  registry.AddCallback("cb", "Read at scrape time.", {}, [] { return 1.5; });
  Histogram& h = registry.GetHistogram("h", "A histogram.", {{"m", "x"}});
  h.Record(1);
  h.Record(5);
  CHECK(registry.PrometheusText() ==
        "# HELP c_total A counter.\n# TYPE c_total counter\n"
        "c_total{path=\"a\\\"b\\\\c\"} 3\n"
        "# HELP g A gauge.\n# TYPE g gauge\ng -4\n"
        "# HELP cb Read at scrape time.\n# TYPE cb gauge\ncb 1.5\n"
        "# HELP h A histogram.\n# TYPE h histogram\n"
        "h_bucket{m=\"x\",le=\"1\"} 1\nh_bucket{m=\"x\",le=\"8\"} 2\nh_bucket{m=\"x\",le=\"+Inf\"} "
        "2\n"
        "h_sum{m=\"x\"} 6\nh_count{m=\"x\"} 2\n");
}

}  // namespace strom::metrics
