#include "tablet/server/writer_ids.h"

#include <utility>

namespace strom::tablet {

void WriterIds::Take(metadata::Callback<WriterId> done) {
  if (next_ < end_) return done(WriterId(next_++));
  waiting_.push_back(std::move(done));
  if (waiting_.size() > 1) return;
  metadata::TakeIds(store_, path_, kBlock,
                    [this](Result<int64_t> first) { OnBlock(std::move(first)); });
}

void WriterIds::OnBlock(Result<int64_t> first) {
  auto waiting = std::exchange(waiting_, {});
  if (first.ok()) {
    next_ = *first;
    end_ = *first + kBlock;
  }
  for (auto& done : waiting) {
    if (first.ok()) {
      Take(std::move(done));  // More may wait than a block holds.
    } else {
      done(first.status());
    }
  }
}

}  // namespace strom::tablet
