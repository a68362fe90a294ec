#pragma once

#include <span>
#include <string_view>

#include "common/base/mutation.h"
#include "common/base/result.h"

namespace strom::sim {

// What is known of a mutant.
struct MutantInfo {
  Mutant mutant;
  std::string_view name;
  std::string_view place;  // The file of the production code it is in.
  std::string_view bug;    // What goes wrong there.
};

// All of them but kNone, in their order.
std::span<const MutantInfo> Mutants();

// Errors: kInvalidConfig with the name most like it.
Result<MutantInfo> MutantNamed(std::string_view name);

}  // namespace strom::sim
