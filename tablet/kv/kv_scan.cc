#include "tablet/kv/kv_scan.h"

#include "common/base/check.h"
#include "common/record/value_batch.h"

namespace strom::tablet {

KvScan::KvScan(std::shared_ptr<const KvTablet> tablet, std::unique_ptr<kv::KvSnapshot> snapshot,
               LogOffset log_offset, std::optional<int64_t> row_limit)
    : tablet_(std::move(tablet)),
      snapshot_(std::move(snapshot)),
      log_offset_(log_offset),
      rows_left_(row_limit) {}

Result<Bytes> KvScan::Next(size_t size_max) {
  STROM_CHECK(!done_) << "the scan at " << log_offset_ << " is done";
  record::ValueBatchBuilder batch;
  done_ = true;
  const auto take = [&](BytesView key, BytesView value) {
    if (rows_left_ && *rows_left_ <= 0) return false;
    if (batch.record_count() > 0 && batch.size() + sizeof(int32_t) + value.size() > size_max) {
      next_key_ = key;
      done_ = false;
      return false;
    }
    batch.Append(value);
    if (rows_left_) --*rows_left_;
    return true;
  };
  STROM_RETURN_IF_ERROR(snapshot_->Scan("", next_key_, take));
  return std::move(batch).Build();
}

}  // namespace strom::tablet
