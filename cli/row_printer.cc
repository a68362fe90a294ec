#include "cli/row_printer.h"

#include <algorithm>

#include "cli/csv.h"
#include "cli/table_printer.h"
#include "common/text/value_json.h"
#include "common/text/value_text.h"
#include "common/base/check.h"

namespace strom::cli {
namespace {

class JsonPrinter final : public RowPrinter {
 public:
  JsonPrinter(std::vector<Column> columns, std::ostream& out)
      : columns_(std::move(columns)), out_(out) {}

  void Print(const Row& row) override { out_ << RowToJson(row, columns_) << '\n'; }
  void Finish() override {}

 private:
  const std::vector<Column> columns_;
  std::ostream& out_;
};

class CsvPrinter final : public RowPrinter {
 public:
  CsvPrinter(std::vector<Column> columns, std::ostream& out)
      : columns_(std::move(columns)), out_(out) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      out_ << (i == 0 ? "" : ",") << CsvQuoted(columns_[i].name);
    }
    out_ << '\n';
  }

  void Print(const Row& row) override {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) out_ << ',';
      if (row[i].is_null()) continue;
      out_ << CsvQuoted(ValueToText(row[i], columns_[i].type));
    }
    out_ << '\n';
  }

  void Finish() override {}

 private:
  const std::vector<Column> columns_;
  std::ostream& out_;
};

}  // namespace

Format FormatFromName(std::string_view name) {
  for (size_t i = 0; i < std::size(kFormatNames); ++i) {
    if (name == kFormatNames[i]) return static_cast<Format>(i);
  }
  STROM_UNREACHABLE();
}

std::unique_ptr<RowPrinter> MakeRowPrinter(Format format, std::vector<Column> columns,
                                           std::ostream& out) {
  switch (format) {
    case Format::kTable:
      return std::make_unique<TablePrinter>(std::move(columns), out);
    case Format::kJson:
      return std::make_unique<JsonPrinter>(std::move(columns), out);
    case Format::kCsv:
      return std::make_unique<CsvPrinter>(std::move(columns), out);
  }
  STROM_UNREACHABLE();
}

Column TextColumn(std::string name) {
  return {.name = std::move(name), .type = DataType::String()};
}

Column NumberColumn(std::string name) {
  return {.name = std::move(name), .type = DataType::BigInt()};
}

}  // namespace strom::cli
