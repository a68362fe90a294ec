#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/types/civil_time.h"
#include "common/types/table_options.h"

namespace strom {

// How the value of the time column of an automatic partition is written: the fields of the unit,
// largest first, each of fixed width, so that values sort like time.
//
// Pattern letters (of Java's DateTimeFormatter): yyyy or uuuu, then Q or q, or MM or LL, dd, HH;
// anything between them, letters in 'quotes'.
class PartitionTimeFormat {
 public:
  // `pattern` absent: yyyy, yyyyQ, yyyyMM, yyyyMMdd, yyyyMMddHH.
  // Errors: kInvalidTable for a pattern that has not exactly the unit's fields in this order, or
  // does not give valid partition values.
  static Result<PartitionTimeFormat> Make(PartitionTimeUnit unit,
                                          const std::optional<std::string>& pattern);

  std::string Format(const CivilTime& time) const;

  // Whether `value` is what Format makes of some time.
  bool Matches(std::string_view value) const;

 private:
  enum class Field { kLiteral, kYear, kQuarter, kMonth, kDay, kHour };
  struct Part {
    Field field;
    std::string literal;
  };
  static int WidthOf(Field field);
  static int32_t ValueOf(Field field, const CivilTime& time);
  static Result<std::vector<Part>> ParsePattern(std::string_view pattern);
  static Result<Part> TakePart(std::string_view& pattern);

  std::vector<Part> parts_;
};

}  // namespace strom
