#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cli/row_printer.h"

namespace strom::cli {

// Rows for people:
//
//    id | name
//   ----+------
//     1 | 水
//   (1 row)
//
// Numbers to the right. The first kRowsMeasured rows decide how wide the columns are; so a longer
// listing begins to appear, and takes no more memory, before it has ended. Bytes are x'0aff',
// NULL is NULL, and nothing in a value reaches the terminal as a control character.
class TablePrinter final : public RowPrinter {
 public:
  static constexpr size_t kRowsMeasured = 1000;

  TablePrinter(std::vector<Column> columns, std::ostream& out);

  void Print(const Row& row) override;
  void Finish() override;

 private:
  using Cells = std::vector<std::string>;

  void PrintHead();
  void PrintCells(const Cells& cells);

  const std::vector<Column> columns_;
  std::ostream& out_;
  std::vector<size_t> widths_;
  std::vector<Cells> waiting_;  // Rows that are measured; printed with the head.
  bool head_printed_ = false;
  uint64_t count_ = 0;
};

}  // namespace strom::cli
