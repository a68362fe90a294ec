#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/types/civil_time.h"

namespace strom::duck {

// A pattern for dates and times as Java has two kinds of, with its English texts. Flink uses the
// first for TIMESTAMP, the second for text and for seconds.
//
// Letters: y u M L d D H h k K m s S a E, Y w when formatting; Q with kDateTimeFormatter. Letters
// in 'quotes', '' for a quote, other characters are themselves. kDateTimeFormatter has [optional
// parts]. The other letters (time zones, eras, localised days of the week) are refused.
class JavaPattern {
 public:
  enum class Kind {
    kDateTimeFormatter,  // Strict: widths as in the pattern, the whole text, values in range.
    kSimpleDateFormat,   // Lenient: any width where it is not ambiguous, text may follow, values
                         // roll over (month 13 is January of the next year).
  };

  // Errors: kInvalidSql naming the pattern and what is wrong with it.
  static Result<JavaPattern> Parse(std::string_view pattern, Kind kind);
  // The same, kept for the calling thread's next calls.
  static Result<const JavaPattern*> Cached(std::string_view pattern, Kind kind);

  std::string Format(const CivilTime& time) const;

  // Microseconds since the epoch, of the UTC time that `text` names; what it does not name is that
  // of 1970-01-01 00:00:00. nullopt if it does not match, or outside the years 0 to 9999. A year of
  // two digits is 2000 to 2099, with kSimpleDateFormat 1950 to 2049.
  std::optional<int64_t> ParseMicros(std::string_view text) const;

 private:
  struct Part {
    char letter = 0;  // 0: literal; '[': an optional part.
    int count = 0;    // Of letters.
    std::string literal;
    std::vector<Part> inner;  // Of an optional part.
  };
  struct Found;
  class Reader;

  static Result<std::vector<Part>> ParseParts(std::string_view& rest, std::string_view pattern,
                                              Kind kind, int depth);
  static Status CheckField(const Part& part, std::string_view pattern, Kind kind);
  void FormatParts(const std::vector<Part>& parts, const CivilTime& time, std::string& out) const;
  void FormatField(const Part& part, const CivilTime& time, std::string& out) const;

  Kind kind_ = Kind::kDateTimeFormatter;
  std::vector<Part> parts_;
};

}  // namespace strom::duck
