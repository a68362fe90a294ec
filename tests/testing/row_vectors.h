#pragma once

#include <string>
#include <vector>

#include "common/row/key_encoder.h"
#include "common/types/value.h"

namespace strom::testing {

// Bytes that the official Java classes wrote, with the values they wrote them from. Names and hex
// are those of fluss-record-formats.md, section 10.

struct RowVector {
  std::string name;
  std::vector<DataType> types;
  Row row;
  std::string hex;
};
std::vector<RowVector> CompactedRowVectors();  // 10.2 C1..C13, 10.4 A2.
std::vector<RowVector> IndexedRowVectors();    // 10.3 I1..I4, 10.4 A3.

struct KeyVector {
  KeyEncoding encoding;
  RowVector key;  // The key columns only, in key order.
};
std::vector<KeyVector> KeyVectors();  // 10.5 K1a..K7b, 10.4 A1.

}  // namespace strom::testing
