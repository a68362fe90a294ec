#pragma once

#include <optional>
#include <span>
#include <vector>

#include "common/types/cell.h"

namespace strom {

// Reads compacted rows (compacted_row.h) of one list of columns as cells. Made once for a schema;
// immutable, so threads may share it.
class CompactedCells {
 public:
  // A row taken apart. Points into the row's bytes. May be used again for the next row.
  struct View {
    std::vector<Cell> cells;         // One a column.
    std::vector<BytesView> encoded;  // Each as it stands in the row; of NULL nothing.
  };

  // None if there is a column whose values are no cells.
  static std::optional<CompactedCells> Make(std::span<const DataType> types);

  // False for bytes that DecodeCompactedRow refuses (and says why), or with NULL in a column that
  // is NOT NULL; `view` is of no use then. Every other row is taken.
  bool Read(BytesView row, View& view) const;

 private:
  struct Column {
    enum class Form : uint8_t { kBoolean, kFixed, kVarint32, kVarint64, kSized, kDecimal };
    Form form;
    bool is_signed_fixed;  // kFixed: a number, not the bits of one.
    bool nullable;
    size_t width;            // kFixed.
    __int128 decimal_limit;  // |number| is below; 0: there is none.
  };

  explicit CompactedCells(std::vector<Column> columns) : columns_(std::move(columns)) {}

  std::vector<Column> columns_;
};

}  // namespace strom
