#pragma once

#include "cli/command.h"

namespace strom::cli {

// `strom table append`.
Command TableAppendCommand();

}  // namespace strom::cli
