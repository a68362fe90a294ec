#include "pipeline/layer/net_changes.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "pipeline/layer/row_hash.h"

namespace strom::layer {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

// Two columns of the rows in which they differ most, as a sample says; none if they hardly do, or
// have few columns: then a hash over all of them costs little or is needed.
template <class List, class View>
std::vector<size_t> TellingColumns(const List& delta, const View& view) {
  constexpr size_t kSample = 32;
  constexpr size_t kColumns = 2;
  const size_t width = view(delta[0]).size();
  if (delta.size() < 2 * kSample || width <= 2 * kColumns) return {};
  const size_t step = delta.size() / kSample;
  std::vector<std::pair<size_t, size_t>> told;  // How many of the rows, and the column.
  absl::flat_hash_set<uint64_t> different;
  for (size_t column = 0; column < width; ++column) {
    different.clear();
    for (size_t i = 0; i < kSample; ++i) {
      different.insert(HashKey(view(delta[i * step]), std::span(&column, 1)));
    }
    told.emplace_back(different.size(), column);
  }
  std::partial_sort(told.begin(), told.begin() + kColumns, told.end(), std::greater<>());
  if (told[0].first < kSample / 2) return {};
  return {told[0].second, told[1].second};
}

// Which rows of `delta` another one takes back. `view` gives what of a change makes a row, `hash`
// is equal for equal ones. Nothing if there are so many of one hash that a better one is worth it.
//
// Rows of one sign are put into a table, and those of the other sign take theirs out of it.
template <class List, class View, class Hash>
std::optional<std::vector<bool>> TakenBackBy(const List& delta, size_t removals, const View& view,
                                             const Hash& hash, size_t steps_max) {
  std::vector<bool> taken(delta.size(), false);
  const bool tabled = removals > delta.size() - removals;  // The sign with fewer rows.
  absl::flat_hash_map<uint64_t, uint32_t> heads;
  std::vector<uint32_t> next(delta.size(), kNone);  // Of the rows in the table with one hash.
  heads.reserve(std::min(removals, delta.size() - removals));
  for (size_t i = delta.size(); i-- > 0;) {  // So that the first of equal rows is met first.
    if (delta[i].insert != tabled) continue;
    const auto [head, fresh] = heads.try_emplace(hash(view(delta[i])), static_cast<uint32_t>(i));
    if (!fresh) next[i] = std::exchange(head->second, static_cast<uint32_t>(i));
  }
  size_t steps = 0;
  for (size_t i = 0; i < delta.size(); ++i) {
    if (delta[i].insert == tabled) continue;
    const RowView row = view(delta[i]);
    const auto head = heads.find(hash(row));
    if (head == heads.end()) continue;
    for (uint32_t* at = &head->second; *at != kNone; at = &next[*at]) {
      if (++steps > steps_max) return std::nullopt;
      if (view(delta[*at]) != row) continue;
      taken[*at] = taken[i] = true;
      *at = next[*at];
      break;
    }
  }
  return taken;
}

// Nothing can be taken back where rows only come or only go.
template <class List, class View>
std::vector<bool> TakenBack(const List& delta, const View& view) {
  const auto removals = static_cast<size_t>(
      std::count_if(delta.begin(), delta.end(), [](const auto& change) { return !change.insert; }));
  if (removals == 0 || removals == delta.size()) return std::vector<bool>(delta.size(), false);
  const std::vector<size_t> columns = TellingColumns(delta, view);
  if (!columns.empty()) {
    const auto some = [&](const RowView& row) { return HashKey(row, columns); };
    if (auto taken = TakenBackBy(delta, removals, view, some, 4 * delta.size())) return *taken;
  }
  return *TakenBackBy(delta, removals, view, HashRow, SIZE_MAX);
}

// Removals first, each sign in its order.
pipeline::Delta Without(pipeline::Delta delta, const std::vector<bool>& taken) {
  pipeline::Delta net;
  net.reserve(delta.size());
  for (const bool insert : {false, true}) {
    for (size_t i = 0; i < delta.size(); ++i) {
      if (delta[i].insert == insert && !taken[i]) net.push_back(std::move(delta[i]));
    }
  }
  return net;
}

}  // namespace

NetChanges NetOf(const Changes& changes, const std::vector<size_t>& columns) {
  NetChanges net{.inserted = {}, .removed = {}, .columns = changes.Places(columns)};
  const std::vector<bool> taken =
      TakenBack(changes, [&](const Changes::Change& change) { return net.View(change.row); });
  for (size_t i = 0; i < changes.size(); ++i) {
    if (!taken[i]) (changes[i].insert ? net.inserted : net.removed).push_back(changes[i].row);
  }
  return net;
}

pipeline::Delta Net(pipeline::Delta delta) {
  const std::vector<bool> taken =
      TakenBack(delta, [](const pipeline::SignedRow& change) { return RowView(change.row); });
  return Without(std::move(delta), taken);
}

pipeline::Delta NetBy(pipeline::Delta delta, std::span<const size_t> columns) {
  const std::vector<bool> taken = TakenBack(
      delta, [&](const pipeline::SignedRow& change) { return RowView(change.row, columns); });
  return Without(std::move(delta), taken);
}

}  // namespace strom::layer
