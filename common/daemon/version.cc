#include "common/daemon/version.h"

namespace strom::daemon {

const char* const kVersion = STROM_VERSION;

}  // namespace strom::daemon
