#pragma once

#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace strom::cli {

inline constexpr size_t kRecordBytesMax = size_t{16} << 20;  // Of a CSV record, of a JSON line.

// A field of a CSV record. Quotes tell an empty text ("") from no value at all.
struct CsvField {
  std::string text;
  bool quoted = false;

  bool is_null() const { return text.empty() && !quoted; }
  friend bool operator==(const CsvField&, const CsvField&) = default;
};

// `text` as a field: in quotes if it needs them, or is empty.
std::string CsvQuoted(std::string_view text);

// Reads records of RFC 4180: commas, quotes doubled inside quotes, line breaks inside quotes, lines
// that end in \n or \r\n. An empty line is a record of one empty field.
class CsvReader {
 public:
  explicit CsvReader(std::istream& in) : in_(in) {}

  // The next record; none at the end. Errors: kCorruptRecord naming the line: a quote that is not
  // closed or stands in the middle, a record of more than kRecordBytesMax.
  Result<std::optional<std::vector<CsvField>>> Next();

  // Number of the line on which the last record began, from 1.
  int64_t line() const { return record_line_; }

 private:
  Status ReadQuoted(CsvField* field, size_t* bytes);

  std::istream& in_;
  int64_t next_line_ = 1;
  int64_t record_line_ = 0;
};

// The next line of `in` without its end; none at the end. A last line without an end counts.
// Errors: kCorruptRecord for more than kRecordBytesMax.
Result<std::optional<std::string>> ReadLine(std::istream& in);

}  // namespace strom::cli
