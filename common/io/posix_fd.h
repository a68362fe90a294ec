#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"

namespace strom::io {

// Owns a file descriptor. This header is internal to the POSIX implementation.
class PosixFd {
 public:
  explicit PosixFd(int fd) : fd_(fd) {}
  PosixFd(PosixFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  PosixFd& operator=(PosixFd&&) = delete;
  ~PosixFd();

  int get() const { return fd_; }

 private:
  int fd_;
};

// open(2), close-on-exec. `operation` begins the message of an error.
Result<PosixFd> OpenFd(std::string_view operation, const std::string& path, int flags);

// `call` returns -1 and sets errno on failure; it is repeated while signals interrupt it.
template <class Call>
auto RetryInterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

}  // namespace strom::io
