#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <absl/functional/function_ref.h>

#include "common/base/result.h"
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

// Gives the rows that a table has, in pieces: inserts, and removals of rows given before. Stops at
// the first error of who takes them.
using RowsAgain = std::function<Status(absl::FunctionRef<Status(Delta)>)>;

}  // namespace strom::pipeline
