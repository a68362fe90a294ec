#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/types/schema.h"
#include "common/types/value.h"

namespace strom::cli {

// How results are printed.
enum class Format : uint8_t {
  kTable,  // For people: aligned columns, a line with the count of rows at the end.
  kJson,   // One object a line; value_json.h.
  kCsv,    // A line of names, then records; NULL is an empty field. value_text.h.
};

// `name` is one of kFormatNames, as checked by the command line.
Format FormatFromName(std::string_view name);
inline constexpr const char* kFormatNames[] = {"table", "json", "csv"};

// Prints rows as they come. What it prints as JSON or CSV can be read by RowReader.
class RowPrinter {
 public:
  virtual ~RowPrinter() = default;

  // One value a column, each NULL or of the column's type.
  virtual void Print(const Row& row) = 0;
  // After the last row.
  virtual void Finish() = 0;
};

// `out` outlives the printer.
std::unique_ptr<RowPrinter> MakeRowPrinter(Format format, std::vector<Column> columns,
                                           std::ostream& out);

// A column of one of our own listings.
Column TextColumn(std::string name);
Column NumberColumn(std::string name);

}  // namespace strom::cli
