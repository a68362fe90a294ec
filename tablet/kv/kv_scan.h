#pragma once

#include <memory>
#include <optional>

#include "common/kv/kv_store.h"
#include "common/types/ids.h"

namespace strom::tablet {

class KvTablet;

// A walk over all rows of a bucket as they were when it was opened, piece by piece: what a scan
// session holds. Made by KvTablet::OpenScan; used by one thread at a time, any. Keeps the tablet
// and its store open: whoever keeps it drops it when the bucket loses its leadership.
class KvScan {
 public:
  // `row_limit`: no more rows than that; none: all.
  KvScan(std::shared_ptr<const KvTablet> tablet, std::unique_ptr<kv::KvSnapshot> snapshot,
         LogOffset log_offset, std::optional<int64_t> row_limit);

  // The rows are the state that the changelog below this offset makes: a reader that wants what
  // comes after goes on in the log from here.
  LogOffset log_offset() const { return log_offset_; }

  // No rows are left. False before the first Next.
  bool done() const { return done_; }

  // The next rows in key order as a value batch: at most `size_max` bytes, but at least one row if
  // there is one. Not after done(). Blocks. Errors: kKvStorage; the scan is of no use afterwards.
  Result<Bytes> Next(size_t size_max);

 private:
  const std::shared_ptr<const KvTablet> tablet_;  // Outlives the snapshot.
  const std::unique_ptr<kv::KvSnapshot> snapshot_;
  const LogOffset log_offset_;
  std::optional<int64_t> rows_left_;
  Bytes next_key_;
  bool done_ = false;
};

}  // namespace strom::tablet
