#include "common/io/posix_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "common/io/storage_error.h"

namespace strom::io {
namespace {

// Beyond this, off_t overflows.
constexpr uint64_t kPositionMax = INT64_MAX;

}  // namespace

Result<std::unique_ptr<PosixFile>> PosixFile::Open(std::string_view operation,
                                                   const std::string& path, int flags) {
  STROM_ASSIGN_OR_RETURN(PosixFd fd, OpenFd(operation, path, flags | O_NONBLOCK));  // Never a fifo.
  struct stat info = {};
  if (::fstat(fd.get(), &info) != 0) {
    return StorageError(errno, fmt::format("{} {}", operation, path));
  }
  if (!S_ISREG(info.st_mode)) {
    const int error_number = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    return StorageError(error_number, fmt::format("{} {}, no regular file", operation, path));
  }
  return std::unique_ptr<PosixFile>(new PosixFile(path, std::move(fd)));
}

Result<size_t> PosixFile::ReadAt(uint64_t position, std::span<char> out) const {
  size_t done = 0;
  while (done < out.size() && position + done <= kPositionMax) {
    const ssize_t count = RetryInterrupted([&] {
      return ::pread(fd_.get(), out.data() + done, out.size() - done,
                     static_cast<off_t>(position + done));
    });
    if (count < 0) {
      return StorageError(errno, fmt::format("read {} bytes at {} of {}", out.size() - done,
                                             position + done, path_));
    }
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

Result<uint64_t> PosixFile::Size() const {
  struct stat info = {};
  if (::fstat(fd_.get(), &info) != 0) return StorageError(errno, fmt::format("stat {}", path_));
  return static_cast<uint64_t>(info.st_size);
}

Status PosixFile::WriteAt(uint64_t position, BytesView bytes) {
  STROM_RETURN_IF_ERROR(CheckTrusted("write"));
  while (!bytes.empty()) {
    const ssize_t count =
        position > kPositionMax - bytes.size() ? (errno = EFBIG, -1) : RetryInterrupted([&] {
          return ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(position));
        });
    if (count < 0) {
      return StorageError(errno,
                          fmt::format("write {} bytes at {} of {}", bytes.size(), position, path_));
    }
    bytes.remove_prefix(static_cast<size_t>(count));
    position += static_cast<uint64_t>(count);
  }
  return Status::Ok();
}

Status PosixFile::Append(BytesView bytes) {
  // Asked for each time, 0.2 us, rather than remembered: it is right after partial writes as well.
  STROM_ASSIGN_OR_RETURN(const uint64_t end, Size());
  return WriteAt(end, bytes);
}

Status PosixFile::Truncate(uint64_t size) {
  STROM_RETURN_IF_ERROR(CheckTrusted("truncate"));
  const int result = size > kPositionMax ? (errno = EFBIG, -1) : RetryInterrupted([&] {
    return ::ftruncate(fd_.get(), static_cast<off_t>(size));
  });
  if (result == 0) return Status::Ok();
  return StorageError(errno, fmt::format("truncate {} to {} bytes", path_, size));
}

Status PosixFile::Sync() {
  STROM_RETURN_IF_ERROR(CheckTrusted("sync"));
  if (RetryInterrupted([&] { return ::fdatasync(fd_.get()); }) == 0) return Status::Ok();
  const int error_number = errno;
  sync_failed_ = true;
  return StorageError(error_number, fmt::format("sync {}", path_));
}

Status PosixFile::CheckTrusted(std::string_view operation) const {
  if (!sync_failed_) return Status::Ok();
  return StorageError(EIO, fmt::format("{} {} after a sync of it has failed", operation, path_));
}

}  // namespace strom::io
