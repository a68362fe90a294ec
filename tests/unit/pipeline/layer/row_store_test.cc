#include "pipeline/layer/row_store.h"

#include <limits>
#include <map>
#include <random>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "pipeline/layer/net_changes.h"
#include "pipeline/layer/output_store.h"
#include "pipeline/layer/row_codec.h"
#include "pipeline/layer/row_hash.h"
#include "pipeline/layer/value_bag.h"

namespace strom::layer {
namespace {

Row Pair(int64_t a, const std::string& b) { return {Value::Int(a), Value::String(b)}; }

std::multiset<std::string> Under(const RowStore& store, size_t index, const Row& like) {
  std::multiset<std::string> out;
  store.ForEach(index, store.HashOf(index, like), [&](uint32_t id) {
    for (uint32_t i = 0; i < store.CountOf(id); ++i) out.insert(store.Get(id)[1].ToString());
  });
  return out;
}

}  // namespace

TEST_CASE("rows of every type come back from their bytes", "[layer]") {
  const Row row = {Value::Null(),
                   Value::Bool(true),
                   Value::Int(std::numeric_limits<int64_t>::min()),
                   Value::Int(std::numeric_limits<int64_t>::max()),
                   Value::Float(-0.0F),
                   Value::Double(std::numeric_limits<double>::quiet_NaN()),
                   Value::String(std::string(300, 'x')),
                   Value::Dec(-(static_cast<__int128>(1) << 100)),
                   Value::Dec(-1),
                   Value::Dec(std::numeric_limits<int64_t>::min()),
                   Value::Dec(static_cast<__int128>(std::numeric_limits<int64_t>::max()) + 1),
                   Value::Time(-5, 999999),
                   Value::List({Value::Int(1), Value::Null()}),
                   Value::Map({{Value::String("k"), Value::Double(1.5)}}),
                   Value::Struct({Value::Int(7), Value::List({})})};
  CHECK(DecodeRow(EncodeRow(row)) == row);
  CHECK(HashRow(row) == HashRow(DecodeRow(EncodeRow(row))));
  const Bytes encoded = EncodeRow(row);
  BytesView rest = encoded;
  for (const Value& value : row) {
    BytesView skipped = rest;
    SkipValue(skipped);
    CHECK(ReadValue(rest) == value);
    CHECK(rest == skipped);
  }
  for (size_t i = 0; i < row.size(); ++i) {  // Each value counts, also inside nested ones.
    Row other = row;
    other[i] = Value::Int(12345);
    if (row[i].list() != nullptr) other[i] = Value::List({Value::Int(2), Value::Null()});
    CHECK(HashRow(other) != HashRow(row));
  }
  CHECK(DecodeRow(EncodeColumns(row, std::vector<size_t>{3, 1})) == Row{row[3], row[1]});
}

TEST_CASE("keys take both zeros for one, rows do not", "[layer]") {
  const Row plus = {Value::Double(0.0)};
  const Row minus = {Value::Double(-0.0)};
  const std::vector<size_t> all = {0};
  CHECK(HashKey(plus, all) == HashKey(minus, all));
  CHECK(HashRow(plus) != HashRow(minus));
  CHECK(EncodeRow(plus) != EncodeRow(minus));
  CHECK(AnyNull(Row{Value::Null(), Value::Int(1)}, all));
}

TEST_CASE("a row store is a bag with indexes", "[layer]") {
  RowStore store({{0}, {1}});
  store.Insert(Pair(1, "a"));
  store.Insert(Pair(1, "b"));
  store.Insert(Pair(1, "b"));
  store.Insert(Pair(2, "c"));
  CHECK(store.rows() == 3);
  CHECK(Under(store, 0, Pair(1, "")) == std::multiset<std::string>{"'a'", "'b'", "'b'"});

  SECTION("a row goes when its last copy does") {
    CHECK(store.Remove(Pair(1, "b")));
    CHECK(Under(store, 1, Pair(0, "b")) == std::multiset<std::string>{"'b'"});
    CHECK(store.Remove(Pair(1, "b")));
    CHECK_FALSE(store.Remove(Pair(1, "b")));
    CHECK(Under(store, 0, Pair(1, "")) == std::multiset<std::string>{"'a'"});
    CHECK(Under(store, 1, Pair(0, "b")).empty());
  }
  SECTION("places of removed rows are used again") {
    for (int64_t i = 0; i < 1000; ++i) {
      store.Insert(Pair(9, std::to_string(i)));
      CHECK(store.Remove(Pair(9, std::to_string(i))));
    }
    CHECK(store.rows() == 3);
    CHECK(store.bytes() < 4096);
    CHECK(store.Keys(0).size() == 2);
  }
  SECTION("what is not there is not removed") { CHECK_FALSE(store.Remove(Pair(2, "a"))); }
}

TEST_CASE("rows that come and go cancel out", "[layer]") {
  const pipeline::Delta delta = {
      {true, Pair(1, "a")}, {false, Pair(2, "b")}, {false, Pair(1, "a")}, {true, Pair(3, "c")}};
  CHECK(Net(delta) == pipeline::Delta{{false, Pair(2, "b")}, {true, Pair(3, "c")}});
  Changes changes;
  for (const pipeline::SignedRow& row : delta) changes.Add(row.row, row.insert);
  const NetChanges net = NetOf(changes, {1});
  REQUIRE(net.inserted.size() == 1);
  REQUIRE(net.removed.size() == 1);
  CHECK(net.View(net.inserted[0]) == Row{Value::String("c")});
  CHECK(net.View(net.removed[0]) == Row{Value::String("b")});
}

TEST_CASE("what cancels out is counted by copies, and the others keep their order", "[layer]") {
  const Row a = Pair(1, "a");
  const Row b = Pair(2, "b");
  const pipeline::Delta twice = {{true, a}, {true, b}, {true, a}, {false, a}};
  CHECK(Net(twice) == pipeline::Delta{{true, b}, {true, a}});
  CHECK(Net({{true, a}, {false, a}, {false, a}, {true, b}, {false, a}, {true, a}}) ==
        pipeline::Delta{{false, a}, {true, b}});
  CHECK(Net({{true, b}, {true, a}, {true, b}}) == pipeline::Delta{{true, b}, {true, a}, {true, b}});
  CHECK(NetBy({{false, Pair(1, "old")}, {true, Pair(1, "new")}, {true, b}},
              std::vector<size_t>{0}) == pipeline::Delta{{true, b}});
}

TEST_CASE("an output store gives differences only", "[layer]") {
  OutputStore store({1}, 2);  // The second column is the clock's.
  CHECK(store.Replace({7}, {{7, Pair(1, "t0")}, {7, Pair(1, "t0")}}).size() == 2);
  CHECK(store.Replace({7}, {{7, Pair(1, "t1")}, {7, Pair(1, "t1")}}).empty());
  CHECK(store.Replace({7, 8}, {{8, Pair(1, "t2")}, {8, Pair(2, "t2")}}) ==
        pipeline::Delta{{false, Pair(1, "t0")}, {true, Pair(2, "t2")}});
  CHECK(store.Replace({8}, {}) == pipeline::Delta{{false, Pair(1, "t0")}, {false, Pair(2, "t2")}});
  std::vector<uint64_t> keys;
  store.AppendKeys(keys);
  CHECK(keys.empty());
  const size_t empty = store.bytes();
  for (int64_t i = 0; i < 100; ++i) {
    store.Replace({7}, {{7, Pair(i, std::string(static_cast<size_t>(i), 'x'))}});
  }
  CHECK(store.bytes() >= empty + 99);
  store.Replace({7}, {});
  CHECK(store.bytes() == empty);
}

TEST_CASE("a bag of values knows its ends", "[layer]") {
  ValueBag bag;
  for (const int64_t v : {5, 3, 9, 3}) bag.Add(Value::Int(v), 1);
  CHECK(bag.Smallest() == Value::Int(3));
  bag.Add(Value::Int(3), -2);
  bag.Add(Value::Int(9), -1);
  CHECK(bag.Smallest() == bag.Largest());
  CHECK(bag.distinct() == 1);
  bag.Add(Value::Int(5), -1);
  CHECK(bag.empty());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(ValueLess()(Value::Double(1e300), Value::Double(nan)));
  CHECK_FALSE(ValueLess()(Value::Double(nan), Value::Double(nan)));
  CHECK(ValueLess()(Value::String("Z"), Value::String("a")));
}

TEST_CASE("a bag has the same ends whatever the type of its values", "[layer]") {
  const __int128 large = static_cast<__int128>(1) << 100;
  const std::vector<std::vector<Value>> types = {
      {Value::Bool(false), Value::Bool(true)},
      {Value::Int(INT64_MIN), Value::Int(-1), Value::Int(0), Value::Int(INT64_MAX)},
      {Value::Dec(-large), Value::Dec(-large + 1), Value::Dec(INT64_MIN), Value::Dec(7),
       Value::Dec(INT64_MAX), Value::Dec(large)},
      {Value::Double(-1.5), Value::Double(0), Value::Double(1e300)},
      {Value::Time(-1, 999), Value::Time(0), Value::Time(0, 1)},
      {Value::String(""), Value::String("Z"), Value::String("a")}};
  std::mt19937_64 random(3);
  for (const std::vector<Value>& values : types) {
    ValueBag bag;
    std::map<size_t, int64_t> model;
    for (int i = 0; i < 500; ++i) {
      const size_t at = random() % values.size();
      const int64_t count = model[at] > 0 && random() % 2 == 0 ? -model[at] : 1;
      bag.Add(values[at], count);
      if ((model[at] += count) == 0) model.erase(at);
      REQUIRE(bag.distinct() == model.size());
      REQUIRE(bag.empty() == model.empty());
      if (model.empty()) continue;
      REQUIRE(bag.Smallest() == values[model.begin()->first]);
      REQUIRE(bag.Largest() == values[model.rbegin()->first]);
    }
    for (const auto& [at, count] : model) bag.Add(values[at], -count);
    CHECK(bag.empty());
    CHECK(bag.bytes() <= 48);
  }
}

}  // namespace strom::layer
