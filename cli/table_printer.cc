#include "cli/table_printer.h"

#include <algorithm>

#include "cli/text_width.h"
#include "common/text/value_text.h"

namespace strom::cli {
namespace {

bool IsNumber(const DataType& type) {
  return (TypeKind::kTinyInt <= type.kind() && type.kind() <= TypeKind::kDouble) ||
         type.kind() == TypeKind::kDecimal;
}

std::string CellOf(const Value& value, const DataType& type) {
  if (value.is_null()) return "NULL";
  if (type.kind() == TypeKind::kBinary || type.kind() == TypeKind::kBytes) {
    return "x'" + ToHex(*value.get_if<Bytes>()) + "'";
  }
  return Printable(ValueToText(value, type));
}

}  // namespace

TablePrinter::TablePrinter(std::vector<Column> columns, std::ostream& out)
    : columns_(std::move(columns)), out_(out) {
  for (const Column& column : columns_) widths_.push_back(TextWidth(Printable(column.name)));
}

void TablePrinter::Print(const Row& row) {
  Cells cells;
  for (size_t i = 0; i < columns_.size(); ++i) cells.push_back(CellOf(row[i], columns_[i].type));
  ++count_;
  if (head_printed_) return PrintCells(cells);
  for (size_t i = 0; i < cells.size(); ++i) {
    widths_[i] = std::max(widths_[i], TextWidth(cells[i]));
  }
  waiting_.push_back(std::move(cells));
  if (waiting_.size() == kRowsMeasured) PrintHead();
}

void TablePrinter::PrintHead() {
  head_printed_ = true;
  Cells names;
  std::string line;
  for (size_t i = 0; i < columns_.size(); ++i) {
    names.push_back(Printable(columns_[i].name));
    line += (i == 0 ? "" : "+") + std::string(widths_[i] + 2, '-');
  }
  PrintCells(names);
  out_ << line << '\n';
  for (const Cells& cells : waiting_) PrintCells(cells);
  waiting_.clear();
}

void TablePrinter::PrintCells(const Cells& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    const size_t width = TextWidth(cells[i]);
    const std::string pad(widths_[i] > width ? widths_[i] - width : 0, ' ');
    const bool last = i + 1 == cells.size();
    out_ << (i == 0 ? " " : " | ");
    if (IsNumber(columns_[i].type)) {
      out_ << pad << cells[i];
    } else {
      out_ << cells[i] << (last ? "" : pad);
    }
  }
  out_ << '\n';
}

void TablePrinter::Finish() {
  if (!head_printed_) PrintHead();
  out_ << '(' << count_ << (count_ == 1 ? " row)" : " rows)") << '\n';
}

}  // namespace strom::cli
