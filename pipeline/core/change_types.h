#pragma once

#include "client/include/strom/log_record.h"

namespace strom::pipeline {

// Whether the row of a record comes in; else it goes.
inline bool IsInsert(client::ChangeType type) {
  return type == client::ChangeType::kAppendOnly || type == client::ChangeType::kInsert ||
         type == client::ChangeType::kUpdateAfter;
}

}  // namespace strom::pipeline
