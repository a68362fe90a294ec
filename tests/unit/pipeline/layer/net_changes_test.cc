#include "pipeline/layer/net_changes.h"

#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace strom::layer {
namespace {

// Of each row as text, how often it comes more than it goes.
std::map<std::string, int> Sum(const pipeline::Delta& delta) {
  std::map<std::string, int> sum;
  for (const pipeline::SignedRow& change : delta) {
    const std::string row = Value::Struct(change.row).ToString();
    if ((sum[row] += change.insert ? 1 : -1) == 0) sum.erase(row);
  }
  return sum;
}

// The net of `delta` is right if it has the same sum, each row with one sign, removals first.
void Check(const pipeline::Delta& delta) {
  const pipeline::Delta net = Net(delta);
  const auto sum = Sum(delta);
  CHECK(Sum(net) == sum);
  size_t rows = 0;
  for (const auto& [row, count] : sum) rows += static_cast<size_t>(std::abs(count));
  CHECK(net.size() == rows);
  for (size_t i = 1; i < net.size(); ++i) CHECK(net[i].insert >= net[i - 1].insert);
}

TEST_CASE("rows that come and go are left out, however alike the others are", "[layer]") {
  std::mt19937 random(7);
  const auto row = [](int64_t id, int64_t a, int64_t b) {
    return Row{Value::Int(id), Value::Int(a), Value::Int(b), Value::String("same"),
               Value::Null(),  Value::Double(0.5), Value::Int(3)};
  };
  SECTION("columns that tell rows apart stand anywhere") {
    for (const size_t rows : {3, 70, 2000}) {
      pipeline::Delta delta;
      for (size_t i = 0; i < rows; ++i) {
        const auto a = static_cast<int64_t>(random() % 300);
        delta.push_back({random() % 2 == 0, row(1, a, static_cast<int64_t>(random() % 2))});
      }
      Check(delta);
    }
  }
  SECTION("hardly any differ") {
    pipeline::Delta delta;
    for (int i = 0; i < 1000; ++i) delta.push_back({random() % 3 != 0, row(1, 2, random() % 4)});
    Check(delta);
  }
  SECTION("the few that are looked at first differ, and most do not") {
    pipeline::Delta delta;
    for (int64_t i = 0; i < 6400; ++i) {
      const bool looked_at = i % 200 == 0;
      delta.push_back({i % 2 == 0, looked_at ? row(i, i, 0) : row(0, 0, i / 4)});
    }
    Check(delta);
  }
  SECTION("zeros of both signs are different values") {
    pipeline::Delta delta;
    for (int64_t i = 0; i < 200; ++i) {
      Row zero = row(i / 2, i / 2, 0);
      zero[5] = Value::Double(i % 4 == 1 ? -0.0 : 0.0);
      delta.push_back({i % 2 == 0, std::move(zero)});
    }
    CHECK(Net(delta).size() == 100);
  }
}

}  // namespace
}  // namespace strom::layer
