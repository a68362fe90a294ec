#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "common/io/file_system.h"

namespace strom::tablet {

// A file of fixed-size entries that only grows, but for truncation: what the offset and the time
// index of a segment have in common.
//
// One writer (the bucket's strand); reads may run beside it on any thread and see the entries
// counted by count(). Entries are written through to the page cache at once, so the file is always
// whole entries long unless the machine fell; then it is rebuilt from the log.
class IndexFile {
 public:
  // Opens the file, or creates it. Errors: kStorage; kCorruptRecord if its length is no multiple of
  // `entry_size`.
  static Result<std::unique_ptr<IndexFile>> Open(io::FileSystem& files, const std::string& path,
                                                 size_t entry_size, size_t size_max);

  size_t count() const { return count_.load(std::memory_order_acquire); }
  bool full() const { return (count() + 1) * entry_size_ > size_max_; }
  const std::string& path() const { return file_->path(); }

  // `entry` is entry_size bytes long.
  Status Append(BytesView entry);
  // The entry at `i` < count().
  Result<Bytes> Read(size_t i) const;
  Status TruncateTo(size_t count);
  Status Sync() { return file_->Sync(); }

 private:
  IndexFile(std::unique_ptr<io::File> file, size_t entry_size, size_t size_max, size_t count)
      : file_(std::move(file)), entry_size_(entry_size), size_max_(size_max), count_(count) {}

  const std::unique_ptr<io::File> file_;
  const size_t entry_size_;
  const size_t size_max_;
  std::atomic<size_t> count_;
};

}  // namespace strom::tablet
