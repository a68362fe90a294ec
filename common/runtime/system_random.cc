#include "common/runtime/system_random.h"

#include <cerrno>
#include <cstring>

#include <sys/random.h>

#include "common/base/check.h"

namespace strom::runtime {
namespace {

std::mt19937_64 SeededByKernel() {
  uint32_t words[8];
  ssize_t count = -1;
  do {
    count = ::getrandom(words, sizeof words, 0);
  } while (count < 0 && errno == EINTR);
  // The kernel gives up to 256 bytes in one piece; without it no id would be unique.
  STROM_CHECK(count == sizeof words) << "getrandom: " << std::strerror(errno);
  std::seed_seq seed(std::begin(words), std::end(words));
  return std::mt19937_64(seed);
}

}  // namespace

RealRandom::RealRandom() : engine_(SeededByKernel()) {}

uint64_t RealRandom::Next() {
  WaitLock lock(mutex_);
  return engine_();
}

}  // namespace strom::runtime
