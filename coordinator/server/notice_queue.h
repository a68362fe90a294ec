#pragma once

#include <map>
#include <optional>
#include <utility>

#include "common/base/check.h"
#include "common/types/table_bucket.h"

namespace strom::coordinator {

// What one server still has to be told about buckets, one kind of message: at most one notice a
// bucket, the newest. A notice waits, is in a call that is under way, or is parked because the
// server refused it.
//
// Pure bookkeeping for ServerNotifier, which makes the calls.
template <class Notice>
class NoticeQueue {
 public:
  using Batch = std::map<TableBucket, Notice>;

  // Takes the place of an older notice about the bucket, unless that is under way: then it follows.
  void Put(const TableBucket& bucket, Notice notice) {
    parked_.erase(bucket);
    waiting_.insert_or_assign(bucket, std::move(notice));
  }

  // Nothing has to be said of the bucket any more. What is under way is not repeated.
  void Withdraw(const TableBucket& bucket) {
    waiting_.erase(bucket);
    parked_.erase(bucket);
    under_way_.erase(bucket);
  }

  // Moves up to `max` waiting notices under way, where nothing must be: the batch of the next call.
  const Batch& Take(size_t max) {
    STROM_CHECK(under_way_.empty()) << under_way_.size() << " notices are under way";
    while (!waiting_.empty() && under_way_.size() < max) {
      under_way_.insert(waiting_.extract(waiting_.begin()));
    }
    return under_way_;
  }

  // The call is answered for this bucket. Nothing if it was not under way, or withdrawn meanwhile.
  std::optional<Notice> Settle(const TableBucket& bucket) {
    auto node = under_way_.extract(bucket);
    if (node.empty()) return std::nullopt;
    return std::move(node.mapped());
  }

  // And for all of them.
  void SettleAll() { under_way_.clear(); }

  // Keeps a settled notice for later, unless a newer one waits.
  void Park(const TableBucket& bucket, Notice notice) {
    if (!waiting_.contains(bucket)) parked_.insert_or_assign(bucket, std::move(notice));
  }
  bool has_parked() const { return !parked_.empty(); }
  // What was parked waits again.
  void Unpark() { waiting_.merge(std::exchange(parked_, {})); }

  // The call was not answered, at least not for these: what is under way waits again, unless a
  // newer notice does.
  void GiveBack() { waiting_.merge(std::exchange(under_way_, {})); }

  // None is left in any state.
  bool empty() const { return waiting_.empty() && under_way_.empty() && parked_.empty(); }

 private:
  Batch waiting_;
  Batch under_way_;
  Batch parked_;
};

}  // namespace strom::coordinator
