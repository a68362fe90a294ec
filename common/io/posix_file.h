#pragma once

#include <atomic>

#include "common/io/file_system.h"
#include "common/io/posix_fd.h"

namespace strom::io {

// File over a descriptor: positional reads and writes, fdatasync.
class PosixFile final : public File {
 public:
  // `operation` names how it was opened. Errors: also if `path` is no regular file.
  static Result<std::unique_ptr<PosixFile>> Open(std::string_view operation,
                                                 const std::string& path, int flags);

  Result<size_t> ReadAt(uint64_t position, std::span<char> out) const override;
  Result<uint64_t> Size() const override;
  Status WriteAt(uint64_t position, BytesView bytes) override;
  Status Append(BytesView bytes) override;
  Status Truncate(uint64_t size) override;
  Status Sync() override;
  const std::string& path() const override { return path_; }

 private:
  PosixFile(std::string path, PosixFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  // The error of every change once a sync has failed.
  Status CheckTrusted(std::string_view operation) const;

  const std::string path_;
  const PosixFd fd_;
  std::atomic<bool> sync_failed_ = false;
};

}  // namespace strom::io
