#include "common/types/partition_time_format.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "common/types/partition.h"

namespace strom {
namespace {

std::string_view DefaultPattern(PartitionTimeUnit unit) {
  switch (unit) {
    case PartitionTimeUnit::kYear:
      return "yyyy";
    case PartitionTimeUnit::kQuarter:
      return "yyyyQ";
    case PartitionTimeUnit::kMonth:
      return "yyyyMM";
    case PartitionTimeUnit::kDay:
      return "yyyyMMdd";
    case PartitionTimeUnit::kHour:
      return "yyyyMMddHH";
  }
  STROM_UNREACHABLE();
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The text of a quoted part, which `pattern` begins with and loses; '' stands for a quote.
std::optional<std::string> TakeQuoted(std::string_view& pattern) {
  pattern.remove_prefix(1);
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\'') {
      if (i + 1 == pattern.size() || pattern[i + 1] != '\'') {
        pattern.remove_prefix(i + 1);
        return text.empty() ? "'" : text;
      }
      ++i;
    }
    text.push_back(pattern[i]);
  }
  return std::nullopt;
}

}  // namespace

int PartitionTimeFormat::WidthOf(Field field) {
  if (field == Field::kYear) return 4;
  return field == Field::kQuarter ? 1 : 2;
}

int32_t PartitionTimeFormat::ValueOf(Field field, const CivilTime& time) {
  switch (field) {
    case Field::kYear:
      return time.year;
    case Field::kQuarter:
      return (time.month - 1) / 3 + 1;
    case Field::kMonth:
      return time.month;
    case Field::kDay:
      return time.day;
    case Field::kHour:
      return time.hour;
    case Field::kLiteral:
      break;
  }
  STROM_UNREACHABLE();
}

Result<PartitionTimeFormat::Part> PartitionTimeFormat::TakePart(std::string_view& pattern) {
  constexpr std::pair<std::string_view, Field> kFields[] = {
      {"yyyy", Field::kYear}, {"uuuu", Field::kYear}, {"Q", Field::kQuarter},
      {"q", Field::kQuarter}, {"MM", Field::kMonth},  {"LL", Field::kMonth},
      {"dd", Field::kDay},    {"HH", Field::kHour},
  };
  const char first = pattern[0];
  if (first == '\'') {
    auto text = TakeQuoted(pattern);
    if (!text) return Error(ErrorCode::kInvalidTable, "a quote is not closed");
    return Part{Field::kLiteral, *std::move(text)};
  }
  if (!IsLetter(first)) {
    pattern.remove_prefix(1);
    return Part{Field::kLiteral, std::string(1, first)};
  }
  const size_t run = std::min(pattern.find_first_not_of(first), pattern.size());
  const std::string_view letters = pattern.substr(0, run);
  for (const auto& [text, field] : kFields) {
    if (letters == text) {
      pattern.remove_prefix(run);
      return Part{field, ""};
    }
  }
  return Error(ErrorCode::kInvalidTable, "'{}' is none of yyyy Q MM dd HH", letters);
}

Result<std::vector<PartitionTimeFormat::Part>> PartitionTimeFormat::ParsePattern(
    std::string_view pattern) {
  std::vector<Part> parts;
  while (!pattern.empty()) {
    STROM_ASSIGN_OR_RETURN(Part part, TakePart(pattern));
    parts.push_back(std::move(part));
  }
  return parts;
}

Result<PartitionTimeFormat> PartitionTimeFormat::Make(PartitionTimeUnit unit,
                                                      const std::optional<std::string>& pattern) {
  constexpr size_t kPatternMax = 400;
  const std::string text = pattern.value_or(std::string(DefaultPattern(unit)));
  const auto invalid = [&text](std::string_view why) {
    return Error(ErrorCode::kInvalidTable, "partition time format '{:.100}': {}", text, why);
  };
  if (text.size() > kPatternMax) return invalid("it is too long");
  PartitionTimeFormat format;
  Result<std::vector<Part>> parts = ParsePattern(text);
  if (!parts.ok()) return invalid(parts.status().message());
  format.parts_ = *std::move(parts);

  std::vector<Field> given;
  for (const Part& part : format.parts_) {
    if (part.field != Field::kLiteral) given.push_back(part.field);
  }
  std::vector<Field> wanted = {Field::kYear};
  if (unit == PartitionTimeUnit::kQuarter) wanted.push_back(Field::kQuarter);
  if (unit >= PartitionTimeUnit::kMonth) wanted.push_back(Field::kMonth);
  if (unit >= PartitionTimeUnit::kDay) wanted.push_back(Field::kDay);
  if (unit >= PartitionTimeUnit::kHour) wanted.push_back(Field::kHour);
  if (given != wanted) {
    return invalid(fmt::format("unit {} needs the fields of {} in this order", ToName(unit),
                               DefaultPattern(unit)));
  }
  const std::string sample = format.Format({.year = 2024});
  if (Status s = CheckPartitionValue(sample, /*is_new=*/true); !s.ok()) return invalid(s.message());
  return format;
}

std::string PartitionTimeFormat::Format(const CivilTime& time) const {
  std::string out;
  for (const Part& part : parts_) {
    out += part.field == Field::kLiteral
               ? part.literal
               : fmt::format("{:0{}}", ValueOf(part.field, time), WidthOf(part.field));
  }
  return out;
}

bool PartitionTimeFormat::Matches(std::string_view value) const {
  CivilTime time;
  std::string_view rest = value;
  for (const Part& part : parts_) {
    if (part.field == Field::kLiteral) {
      if (!rest.starts_with(part.literal)) return false;
      rest.remove_prefix(part.literal.size());
      continue;
    }
    const std::string_view digits = rest.substr(0, WidthOf(part.field));
    int32_t number = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec != std::errc()) return false;
    if (part.field == Field::kYear) time.year = number;
    if (part.field == Field::kQuarter) time.month = number * 3 - 2;
    if (part.field == Field::kMonth) time.month = number;
    if (part.field == Field::kDay) time.day = number;
    if (part.field == Field::kHour) time.hour = number;
    rest.remove_prefix(digits.size());
  }
  // Formatting again catches what was skipped above: signs, missing digits, a rest.
  return IsValid(time) && Format(time) == value;
}

}  // namespace strom
