#pragma once

#include "common/metadata/meta_store.h"

namespace strom::metadata {

// What a return code of ZooKeeper's C library (ZOO_ERRORS) means. A code that is unknown, or that
// leaves open whether the operation was applied, is kConnectionLoss.
MetaCode CodeOfZooKeeper(int rc);

}  // namespace strom::metadata
