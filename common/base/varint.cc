#include "common/base/varint.h"

namespace strom {

void AppendVarint64(Bytes& to, uint64_t value) {
  while (value >= 0x80) {
    to.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  to.push_back(static_cast<char>(value));
}

void AppendVarint32(Bytes& to, uint32_t value) { AppendVarint64(to, value); }

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

}  // namespace strom
