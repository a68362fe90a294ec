#include "tests/sim/world/sim_file.h"

#include <algorithm>
#include <cerrno>

#include "common/io/storage_error.h"

namespace strom::sim {
namespace {

// More than a test can mean, less than memory has: a position gone wild must not end the test run.
constexpr uint64_t kFileSizeMax = uint64_t{1} << 32;

}  // namespace

Status SimFile::Begin(DiskOperation operation, std::string_view what) const {
  if (process_ != disk_.process_) {
    return InjectedError(EBADF, fmt::format("{} by a process that died", what));
  }
  return disk_.Begin(operation, path_, what);
}

Status SimFile::CheckTrusted(std::string_view what) const {
  if (!sync_failed_) return Status::Ok();
  return InjectedError(EIO, fmt::format("{} after a sync of it has failed", what));
}

uint64_t SimFile::Room(uint64_t position, uint64_t size) const {
  if (disk_.capacity_bytes_ == UINT64_MAX) return size;
  const uint64_t used = disk_.tree_.UsedBytes();
  const uint64_t free = disk_.capacity_bytes_ - std::min(disk_.capacity_bytes_, used);
  const uint64_t end = node_->file.cached().size() + free;
  return std::min(size, end - std::min(end, position));
}

Result<size_t> SimFile::ReadAt(uint64_t position, std::span<char> out) const {
  STROM_RETURN_IF_ERROR(Begin(
      DiskOperation::kRead, fmt::format("read {} bytes at {} of {}", out.size(), position, path_)));
  const Bytes& bytes = node_->file.cached();
  if (position >= bytes.size()) return 0;
  return bytes.copy(out.data(), out.size(), position);
}

Result<uint64_t> SimFile::Size() const { return node_->file.cached().size(); }

Status SimFile::WriteAt(uint64_t position, BytesView bytes) {
  const std::string what = fmt::format("write {} bytes at {} of {}", bytes.size(), position, path_);
  STROM_RETURN_IF_ERROR(CheckTrusted(what));
  if (position > kFileSizeMax - std::min(kFileSizeMax, bytes.size())) {
    return io::StorageError(EFBIG, what);
  }
  if (Status error = Begin(DiskOperation::kWrite, what); !error.ok()) {
    // The kernel may have taken a part before it noticed; a dead process has no kernel to ask.
    const uint64_t part = Room(position, disk_.random_.Uniform(bytes.size() + 1));
    if (process_ == disk_.process_) node_->file.Write(position, bytes.substr(0, part));
    return error;
  }
  const uint64_t room = Room(position, bytes.size());
  node_->file.Write(position, bytes.substr(0, room));
  return room == bytes.size() ? Status::Ok() : InjectedError(ENOSPC, what);
}

Status SimFile::Append(BytesView bytes) { return WriteAt(node_->file.cached().size(), bytes); }

Status SimFile::Truncate(uint64_t size) {
  const std::string what = fmt::format("truncate {} to {} bytes", path_, size);
  STROM_RETURN_IF_ERROR(CheckTrusted(what));
  if (size > kFileSizeMax) return io::StorageError(EFBIG, what);
  STROM_RETURN_IF_ERROR(Begin(DiskOperation::kTruncate, what));
  node_->file.Truncate(size);
  return Status::Ok();
}

Status SimFile::Sync() {
  const std::string what = fmt::format("sync {}", path_);
  STROM_RETURN_IF_ERROR(CheckTrusted(what));
  if (Status error = Begin(DiskOperation::kSync, what); !error.ok()) {
    sync_failed_ = true;
    if (process_ == disk_.process_) node_->file.FailSync(disk_.random_);
    return error;
  }
  node_->file.Sync();
  return Status::Ok();
}

}  // namespace strom::sim
