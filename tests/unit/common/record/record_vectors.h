#pragma once

#include <string_view>

#include "common/base/bytes.h"

namespace strom::record {

// The bytes called `name` ("L1", "V5") in tests/data/record_vectors.txt, made by Fluss's Java
// classes.
const Bytes& Vector(std::string_view name);

}  // namespace strom::record
