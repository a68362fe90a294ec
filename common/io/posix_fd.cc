#include "common/io/posix_fd.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/io/storage_error.h"

namespace strom::io {

PosixFd::~PosixFd() {
  if (fd_ >= 0) ::close(fd_);  // Not repeated: after EINTR Linux has closed it already.
}

Result<PosixFd> OpenFd(std::string_view operation, const std::string& path, int flags) {
  const int fd =
      RetryInterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0644); });
  if (fd < 0) return StorageError(errno, fmt::format("{} {}", operation, path));
  return PosixFd(fd);
}

}  // namespace strom::io
