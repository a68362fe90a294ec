#include "tablet/log/batch_cursor.h"

#include <algorithm>
#include <array>

namespace strom::tablet {

Result<std::optional<BatchCursor::Batch>> BatchCursor::Next() {
  if (end_ - position_ < record::kLogBatchHeaderSizeMin) return std::optional<Batch>();
  std::array<char, record::kLogBatchHeaderSizeMax> front;
  const size_t front_size = std::min<uint64_t>(front.size(), end_ - position_);
  STROM_RETURN_IF_ERROR(file_.ReadExactlyAt(position_, std::span(front).first(front_size)));
  const BytesView view(front.data(), front_size);
  STROM_ASSIGN_OR_RETURN(const int64_t size, record::PeekLogBatchSize(view));
  if (static_cast<uint64_t>(size) > end_ - position_) return std::optional<Batch>();
  STROM_ASSIGN_OR_RETURN(const record::LogBatchHeader header, record::ParseLogBatchHeader(view));
  const Batch batch{position_, header};
  position_ += static_cast<uint64_t>(size);
  return std::optional<Batch>(batch);
}

Status BatchCursor::CheckCrc(const Batch& batch) {
  // The size was checked against the file's, so it bounds the allocation.
  buffer_.resize(static_cast<size_t>(batch.header.size));
  STROM_RETURN_IF_ERROR(file_.ReadExactlyAt(batch.position, buffer_));
  STROM_ASSIGN_OR_RETURN(const auto view, record::LogBatchView::ParseFront(buffer_));
  return view.CheckCrc();
}

}  // namespace strom::tablet
