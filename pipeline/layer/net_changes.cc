#include "pipeline/layer/net_changes.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "pipeline/layer/row_hash.h"

namespace strom::layer {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

// Which rows of `delta` another one takes back. `view` gives what of a change makes a row.
//
// Nothing can be taken back where rows only come or only go; else those of one sign are put into a
// table, and those of the other sign take theirs out of it.
template <class List, class View>
std::vector<bool> TakenBack(const List& delta, const View& view) {
  std::vector<bool> taken(delta.size(), false);
  const auto removals = static_cast<size_t>(
      std::count_if(delta.begin(), delta.end(), [](const auto& change) { return !change.insert; }));
  if (removals == 0 || removals == delta.size()) return taken;
  const bool tabled = removals > delta.size() - removals;  // The sign with fewer rows.

  absl::flat_hash_map<uint64_t, uint32_t> heads;
  std::vector<uint32_t> next(delta.size(), kNone);  // Of the rows in the table with one hash.
  heads.reserve(std::min(removals, delta.size() - removals));
  for (size_t i = delta.size(); i-- > 0;) {  // So that the first of equal rows is met first.
    if (delta[i].insert != tabled) continue;
    const auto [head, fresh] = heads.try_emplace(HashRow(view(delta[i])), static_cast<uint32_t>(i));
    if (!fresh) next[i] = std::exchange(head->second, static_cast<uint32_t>(i));
  }
  for (size_t i = 0; i < delta.size(); ++i) {
    if (delta[i].insert == tabled) continue;
    const RowView row = view(delta[i]);
    const auto head = heads.find(HashRow(row));
    if (head == heads.end()) continue;
    for (uint32_t* at = &head->second; *at != kNone; at = &next[*at]) {
      if (view(delta[*at]) != row) continue;
      taken[*at] = taken[i] = true;
      *at = next[*at];
      break;
    }
  }
  return taken;
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
