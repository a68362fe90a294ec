#pragma once

#include <sstream>

namespace strom::internal {

// Collects the message of a failed check; its destructor prints it with file and line and aborts.
class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  CheckFailure(const CheckFailure&) = delete;
  CheckFailure& operator=(const CheckFailure&) = delete;
  [[noreturn]] ~CheckFailure();

  std::ostream& stream() { return message_; }

 private:
  std::ostringstream message_;
};

struct CheckVoidify {
  void operator&(std::ostream&) {}
};

}  // namespace strom::internal

// Ends the process if `condition` is false, in release builds too: for our own mistakes, never for
// outside input. STROM_CHECK(a == b) << "bucket " << bucket;
#define STROM_CHECK(condition)                      \
  __builtin_expect(static_cast<bool>(condition), 1) \
      ? (void)0                                     \
      : ::strom::internal::CheckVoidify() &         \
            ::strom::internal::CheckFailure(__FILE__, __LINE__, #condition).stream()

// Ends the process: this place cannot be reached.
#define STROM_UNREACHABLE() \
  ::strom::internal::CheckFailure(__FILE__, __LINE__, "unreachable").stream()
