#include "common/base/status.h"

#include "common/base/check.h"

namespace strom {

Status::Status(ErrorCode code, std::string message) {
  STROM_CHECK(code != ErrorCode::kOk) << "an error needs an error code: " << message;
  rep_ = std::make_shared<const Rep>(Rep{code, std::move(message)});
}

std::string Status::ToString() const {
  if (ok()) return "OK";
  return fmt::format("{}: {}", ErrorCodeName(code()), message());
}

Status Status::WithContext(std::string_view context) const {
  if (ok()) return *this;
  return Status(code(), fmt::format("{}: {}", context, message()));
}

}  // namespace strom
