#pragma once

#include <cstdint>
#include <string_view>

namespace strom {

// The two layouts of a row: `table.kv.format`, and `table.log.format` when it is not ARROW. A ROW
// inside a row, at any depth and also inside arrays and maps, uses the format of the outermost row.
enum class RowFormat : uint8_t { kCompacted, kIndexed };

constexpr std::string_view RowFormatName(RowFormat format) {
  return format == RowFormat::kCompacted ? "COMPACTED" : "INDEXED";
}

}  // namespace strom
