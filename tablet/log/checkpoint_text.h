#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace strom::tablet {

// The text files Fluss and Kafka keep small lists in:
//
//   0          format version
//   2          number of lines that follow
//   4 100      whole numbers, a space between
//   5 250
//
// Returns the numbers of the lines behind the first two. Errors: kCorruptRecord naming the line.
Result<std::vector<std::vector<int64_t>>> ParseCheckpointText(std::string_view text);

// For a line, counted behind the first two, whose numbers do not fit.
Status BadCheckpointLine(size_t index, const std::vector<int64_t>& numbers);

}  // namespace strom::tablet
