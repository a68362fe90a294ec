#include "pipeline/layer/net_changes.h"

#include <cstdint>
#include <cstdlib>
#include <utility>

#include "pipeline/layer/row_codec.h"

namespace strom::layer {
namespace {

// How often each row comes (> 0) or goes (< 0), in the order of first appearance.
class Balance {
 public:
  void Add(Bytes row, int64_t count) {
    const auto [place, fresh] = places_.try_emplace(std::move(row), counts_.size());
    if (fresh) counts_.push_back(0);
    counts_[place->second] += count;
  }

  template <class F>
  void ForEach(const F& visit) const {
    std::vector<const Bytes*> rows(counts_.size());
    for (const auto& [row, place] : places_) rows[place] = &row;
    for (size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] != 0) visit(*rows[i], counts_[i]);
    }
  }

 private:
  absl::flat_hash_map<Bytes, size_t> places_;
  std::vector<int64_t> counts_;
};

}  // namespace

NetChanges NetOf(const pipeline::Delta& delta, std::span<const size_t> columns) {
  Balance balance;
  for (const pipeline::SignedRow& change : delta) {
    balance.Add(EncodeColumns(change.row, columns), change.insert ? 1 : -1);
  }
  NetChanges net;
  balance.ForEach([&](const Bytes& row, int64_t count) {
    std::vector<Row>& side = count > 0 ? net.inserted : net.removed;
    for (int64_t i = 0; i < std::abs(count); ++i) side.push_back(DecodeRow(row));
  });
  return net;
}

pipeline::Delta Net(pipeline::Delta delta) {
  if (delta.empty()) return delta;
  Balance balance;
  for (const pipeline::SignedRow& change : delta) {
    balance.Add(EncodeRow(change.row), change.insert ? 1 : -1);
  }
  pipeline::Delta net;
  for (const bool insert : {false, true}) {
    balance.ForEach([&](const Bytes& row, int64_t count) {
      for (int64_t i = 0; (count > 0) == insert && i < std::abs(count); ++i) {
        net.push_back({insert, DecodeRow(row)});
      }
    });
  }
  return net;
}

}  // namespace strom::layer
