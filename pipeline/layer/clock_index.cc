#include "pipeline/layer/clock_index.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/check.h"

namespace strom::layer {
namespace {

bool HasNumber(const DataType& type) {
  const TypeKind kind = type.kind();
  return (kind >= TypeKind::kTinyInt && kind <= TypeKind::kBigInt) || kind == TypeKind::kDate ||
         kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampLtz;
}

// In the order of CompareValues: integers and days themselves, times their microseconds. Times so
// far out that they have none are all at the end: more rows are looked at than need be.
int64_t NumberOf(const Value& value) {
  if (const int64_t* number = value.get_if<int64_t>()) return *number;
  const Timestamp* time = value.get_if<Timestamp>();
  STROM_CHECK(time != nullptr) << value.ToString() << " has no place in an order of numbers";
  int64_t micros = 0;
  if (__builtin_mul_overflow(time->millis, 1000, &micros) ||
      __builtin_add_overflow(micros, time->nanos_of_milli / 1000, &micros)) {
    return time->millis < 0 ? INT64_MIN : INT64_MAX;
  }
  return micros;
}

// Days and integers by themselves; what is compared with the clock to the microsecond moves on by
// minutes.
int64_t StepOf(const DataType& type) {
  constexpr int64_t kMicrosAMinute = 60'000'000;
  const TypeKind kind = type.kind();
  return kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampLtz ? kMicrosAMinute : 1;
}

int64_t FloorDivide(int64_t number, int64_t step) {
  return number / step - (number % step < 0 ? 1 : 0);
}

}  // namespace

std::optional<ClockIndex> ClockIndex::Make(const Filter& filter,
                                           const std::vector<duck::Field>& columns,
                                           bool skip_new_bound) {
  ClockIndex index(skip_new_bound);
  for (const Condition& condition : filter.conditions) {
    if (!condition.moves) continue;
    if (!HasNumber(columns[condition.column].type)) return std::nullopt;
    const auto of_column = [&](const Order& order) { return order.column == condition.column; };
    auto order = std::find_if(index.orders_.begin(), index.orders_.end(), of_column);
    if (order == index.orders_.end()) {
      index.orders_.push_back({.column = condition.column,
                               .bounds = {},
                               .step = StepOf(columns[condition.column].type)});
      order = std::prev(index.orders_.end());
    }
    order->bounds.insert(order->bounds.end(), condition.bounds.begin(), condition.bounds.end());
  }
  return index;
}

void ClockIndex::Add(const RowView& row, uint32_t id) {
  for (Order& order : orders_) {
    const Value& value = row[order.column];
    if (value.is_null()) continue;
    std::vector<uint32_t>& ids = order.rows[FloorDivide(NumberOf(value), order.step)];
    if (id >= order.places.size()) order.places.resize(id + 1);
    order.places[id] = static_cast<uint32_t>(ids.size());
    ids.push_back(id);
  }
}

void ClockIndex::Remove(const RowView& row, uint32_t id) {
  for (Order& order : orders_) {
    const Value& value = row[order.column];
    if (value.is_null()) continue;
    const auto at = order.rows.find(FloorDivide(NumberOf(value), order.step));
    STROM_CHECK(at != order.rows.end()) << "row " << id << " was not added";
    std::vector<uint32_t>& ids = at->second;
    const uint32_t place = order.places[id];
    STROM_CHECK(place < ids.size() && ids[place] == id) << "row " << id << " was not added";
    ids[place] = ids.back();  // The last one takes its place.
    order.places[ids[place]] = place;
    ids.pop_back();
    if (ids.empty()) order.rows.erase(at);
  }
}

std::optional<absl::flat_hash_set<uint32_t>> ClockIndex::Between(const Row& old_bounds,
                                                                 const Row& new_bounds) const {
  absl::flat_hash_set<uint32_t> ids;
  for (const Order& order : orders_) {
    for (const size_t bound : order.bounds) {
      const Value& before = old_bounds[bound];
      const Value& after = new_bounds[bound];
      if (before == after) continue;
      if (before.is_null() || after.is_null()) return std::nullopt;
      // Both ends: which of them a row at the bound itself is on depends on the comparison.
      const auto [low, high] = std::minmax({NumberOf(before), NumberOf(after)});
      const int64_t last = FloorDivide(high, order.step);
      const int64_t skipped = FloorDivide(NumberOf(after), order.step);
      for (auto at = order.rows.lower_bound(FloorDivide(low, order.step));
           at != order.rows.end() && at->first <= last; ++at) {
        if (skip_new_bound_ && at->first == skipped) continue;
        ids.insert(at->second.begin(), at->second.end());
      }
    }
  }
  return ids;
}

size_t ClockIndex::bytes() const {
  constexpr size_t kNode = 48;  // Of a list and its part of the tree.
  size_t total = 0;
  for (const Order& order : orders_) {
    total += order.rows.size() * kNode + 2 * order.places.capacity() * sizeof(uint32_t);
  }
  return total;
}

}  // namespace strom::layer
