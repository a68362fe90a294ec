#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "common/base/error_code.h"

namespace strom {

// Success, or an error code with a message that names the thing and the numbers. Cheap to copy.
class [[nodiscard]] Status {
 public:
  Status() = default;  // OK.
  Status(ErrorCode code, std::string message);

  static Status Ok() { return Status(); }

  bool ok() const { return rep_ == nullptr; }
  ErrorCode code() const { return rep_ ? rep_->code : ErrorCode::kOk; }
  std::string_view message() const { return rep_ ? std::string_view(rep_->message) : ""; }

  // "OK", or "kTableNotExist: table db.t does not exist".
  std::string ToString() const;

  // The same error with `context` and a colon before its message; OK stays OK.
  Status WithContext(std::string_view context) const;

 private:
  struct Rep {
    ErrorCode code;
    std::string message;
  };
  std::shared_ptr<const Rep> rep_;
};

// Error(ErrorCode::kTableNotExist, "table {} does not exist", path)
template <class... Args>
Status Error(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return Status(code, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace strom

// Returns from the calling function if `expr`, a Status, is an error.
#define STROM_RETURN_IF_ERROR(expr)                                    \
  do {                                                                 \
    if (::strom::Status strom_status_ = (expr); !strom_status_.ok()) { \
      return strom_status_;                                            \
    }                                                                  \
  } while (false)
