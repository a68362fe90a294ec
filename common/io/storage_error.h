#pragma once

#include <string_view>

#include "common/base/status.h"

namespace strom::io {

// The error of a file operation: "sync /data/x: Input/output error (errno 5)", with
// kDiskWriteLocked if the disk or the quota is full, else kStorage. `what` names operation, path
// and numbers.
Status StorageError(int error_number, std::string_view what);

}  // namespace strom::io
