#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/types/to_string_formatter.h"

namespace strom::cdc {

// A byte position in PostgreSQL's write-ahead log, written "16/B374D848". 0 is no position.
// Comparable only within one timeline of one cluster.
struct Lsn {
  uint64_t value = 0;

  std::string ToString() const;
  // Errors: kExternalSystem for text that is no position.
  static Result<Lsn> Parse(std::string_view text);

  friend auto operator<=>(Lsn, Lsn) = default;
};

}  // namespace strom::cdc

template <>
struct fmt::formatter<strom::cdc::Lsn> : strom::ToStringFormatter {};
