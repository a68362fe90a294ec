#pragma once

#include "common/types/job.h"

namespace strom::sql {

// What a script's INSERTs become; the coordinator and the client know them by the same name.
using strom::JobDefinition;
using strom::JobKind;

}  // namespace strom::sql
