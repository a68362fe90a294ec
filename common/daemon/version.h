#pragma once

namespace strom::daemon {

// Of the project, as --version prints it.
extern const char* const kVersion;

}  // namespace strom::daemon
