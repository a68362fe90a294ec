#pragma once

#include "common/base/bytes.h"

namespace strom {

// Unsigned LEB128 without zig-zag, least significant group first: a negative int takes 5 bytes, a
// negative long 10. Same bytes as Fluss's compacted row and protobuf.
void AppendVarint32(Bytes& to, uint32_t value);
void AppendVarint64(Bytes& to, uint64_t value);

size_t VarintSize(uint64_t value);

}  // namespace strom
