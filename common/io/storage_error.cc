#include "common/io/storage_error.h"

#include <cerrno>
#include <system_error>

namespace strom::io {

Status StorageError(int error_number, std::string_view what) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return Error(full ? ErrorCode::kDiskWriteLocked : ErrorCode::kStorage, "{}: {} (errno {})", what,
               std::generic_category().message(error_number), error_number);
}

}  // namespace strom::io
