#pragma once

#include <cstddef>
#include <vector>

#include "common/types/value.h"

namespace strom::pipeline {

// A row that comes into a table or query result, or leaves it: +I and +U are inserts, -U and -D
// removals. An update is a removal of the old image followed by an insert of the new one.
struct SignedRow {
  bool insert = true;
  Row row;

  friend bool operator==(const SignedRow&, const SignedRow&) = default;
};

// In the order they happened.
using Delta = std::vector<SignedRow>;

// What changed in one source of a query, by the source's place among them.
struct SourceDelta {
  size_t source = 0;
  Delta rows;
};

}  // namespace strom::pipeline
