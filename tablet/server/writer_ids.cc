#include "tablet/server/writer_ids.h"

#include <utility>

namespace strom::tablet {

int64_t WriterIds::left() const {
  int64_t left = 0;
  for (const Block& block : blocks_) left += block.end - block.next;
  return left;
}

void WriterIds::Reserve() {
  if (asking_ || left() >= kReserve) return;
  asking_ = true;
  metadata::TakeIds(store_, path_, kBlock,
                    [this](Result<int64_t> first) { OnBlock(std::move(first)); });
}

void WriterIds::Take(metadata::Callback<WriterId> done) {
  if (blocks_.empty()) {
    waiting_.push_back(std::move(done));
    return Reserve();
  }
  const WriterId id(blocks_.front().next++);
  if (blocks_.front().next == blocks_.front().end) blocks_.pop_front();
  Reserve();
  done(id);
}

void WriterIds::OnBlock(Result<int64_t> first) {
  asking_ = false;
  auto waiting = std::exchange(waiting_, {});
  if (first.ok()) blocks_.push_back({*first, *first + kBlock});
  for (auto& done : waiting) {
    if (first.ok()) {
      Take(std::move(done));  // More may wait than a block holds.
    } else {
      done(first.status());
    }
  }
}

}  // namespace strom::tablet
