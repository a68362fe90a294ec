#include "pipeline/duckdb/java_pattern.h"

#include <map>
#include <utility>

#include <fmt/core.h>

#include "pipeline/duckdb/java_names.h"
#include "pipeline/duckdb/micros.h"

namespace strom::duck {
namespace {

constexpr size_t kPatternBytesMax = 500;
constexpr int kDepthMax = 10;  // Of optional parts in one another.
constexpr size_t kCachedMax = 200;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void Padded(std::string& out, int64_t value, int width) {
  fmt::format_to(std::back_inserter(out), "{:0{}}", value, width);
}

int DayOfYear(const CivilTime& time) {
  return static_cast<int>(DaysFromCivil(time) - DaysFromCivil({.year = time.year})) + 1;
}

// Weeks start on Sunday, and the first one is that of 1 January, as in the US: the Saturday of a
// week says which year it belongs to.
struct Week {
  int year;
  int number;
};
Week WeekOf(const CivilTime& time) {
  const int64_t day = DaysFromCivil(time);
  const int64_t saturday = day + 6 - SundayBasedWeekday(day);
  const auto end = CivilFromDays(saturday);
  if (!end) return {.year = time.year + 1, .number = 1};  // The last days of 9999.
  return {.year = end->year, .number = (DayOfYear(*end) + 6) / 7};
}

}  // namespace

Result<JavaPattern> JavaPattern::Parse(std::string_view pattern, Kind kind) {
  if (pattern.size() > kPatternBytesMax) {
    return Error(ErrorCode::kInvalidSql, "a date pattern has {} bytes, more than {}",
                 pattern.size(), kPatternBytesMax);
  }
  JavaPattern result;
  result.kind_ = kind;
  std::string_view rest = pattern;
  STROM_ASSIGN_OR_RETURN(result.parts_, ParseParts(rest, pattern, kind, 0));
  return result;
}

Result<const JavaPattern*> JavaPattern::Cached(std::string_view pattern, Kind kind) {
  thread_local std::map<std::pair<Kind, std::string>, JavaPattern, std::less<>> cache;
  const auto key = std::make_pair(kind, std::string(pattern));
  if (const auto it = cache.find(key); it != cache.end()) return &it->second;
  STROM_ASSIGN_OR_RETURN(JavaPattern parsed, Parse(pattern, kind));
  if (cache.size() >= kCachedMax) cache.clear();
  return &cache.emplace(key, std::move(parsed)).first->second;
}

Result<std::vector<JavaPattern::Part>> JavaPattern::ParseParts(std::string_view& rest,
                                                               std::string_view pattern, Kind kind,
                                                               int depth) {
  // An optional part that is not closed ends with the pattern, as in Java.
  const bool sections = kind == Kind::kDateTimeFormatter;
  const auto error = [&](std::string_view why) {
    return Error(ErrorCode::kInvalidSql, "date pattern '{}': {}", pattern, why);
  };
  std::vector<Part> parts;
  const auto literal = [&](char c) {
    if (parts.empty() || parts.back().letter != 0) parts.emplace_back();
    parts.back().literal.push_back(c);
  };
  while (!rest.empty()) {
    const char c = rest[0];
    if (IsLetter(c)) {
      const size_t count = std::min(rest.find_first_not_of(c), rest.size());
      rest.remove_prefix(count);
      parts.push_back({.letter = c, .count = static_cast<int>(count)});
      STROM_RETURN_IF_ERROR(CheckField(parts.back(), pattern, kind));
      continue;
    }
    rest.remove_prefix(1);
    if (c == '\'') {
      if (rest.starts_with('\'')) {
        literal('\'');
        rest.remove_prefix(1);
        continue;
      }
      for (;;) {
        if (rest.empty()) return error("a quote is not closed");
        const char quoted = rest[0];
        rest.remove_prefix(1);
        if (quoted != '\'') {
          literal(quoted);
        } else if (rest.starts_with('\'')) {
          literal('\'');
          rest.remove_prefix(1);
        } else {
          break;
        }
      }
    } else if (sections && c == '[') {
      Part part{.letter = '['};
      if (depth == kDepthMax) return error("too many optional parts in one another");
      STROM_ASSIGN_OR_RETURN(part.inner, ParseParts(rest, pattern, kind, depth + 1));
      parts.push_back(std::move(part));
    } else if (sections && c == ']') {
      if (depth == 0) return error("a ']' without '['");
      return parts;
    } else if (sections && (c == '{' || c == '}' || c == '#')) {
      return error("'{', '}' and '#' are reserved");
    } else {
      literal(c);
    }
  }
  return parts;
}

Status JavaPattern::CheckField(const Part& part, std::string_view pattern, Kind kind) {
  const bool formatter = kind == Kind::kDateTimeFormatter;
  const std::string_view known = formatter ? "yuMLdDHhkKmsSaEYwQ" : "yuMLdDHhkKmsSaEYw";
  if (known.find(part.letter) == std::string_view::npos) {
    return Error(ErrorCode::kInvalidSql, "date pattern '{}': the letter {} is not supported",
                 pattern, part.letter);
  }
  int count_max = 19;
  if (formatter) {
    switch (part.letter) {
      case 'M':
      case 'L':
      case 'Q':
      case 'E':
        count_max = 4;
        break;
      case 'D':
        count_max = 3;
        break;
      case 'S':
        count_max = 9;
        break;
      case 'a':
        count_max = 1;
        break;
      case 'y':
      case 'u':
      case 'Y':
        break;
      default:
        count_max = 2;
    }
  }
  if (part.count <= count_max) return Status::Ok();
  return Error(ErrorCode::kInvalidSql,
               "date pattern '{}': the letter {} comes {} times, at most {}", pattern, part.letter,
               part.count, count_max);
}

std::string JavaPattern::Format(const CivilTime& time) const {
  std::string out;
  FormatParts(parts_, time, out);
  return out;
}

void JavaPattern::FormatParts(const std::vector<Part>& parts, const CivilTime& time,
                              std::string& out) const {
  for (const Part& part : parts) {
    if (part.letter == 0) {
      out += part.literal;
    } else if (part.letter == '[') {
      FormatParts(part.inner, time, out);
    } else {
      FormatField(part, time, out);
    }
  }
}

void JavaPattern::FormatField(const Part& part, const CivilTime& time, std::string& out) const {
  const bool formatter = kind_ == Kind::kDateTimeFormatter;
  const int64_t weekday = SundayBasedWeekday(DaysFromCivil(time));
  switch (part.letter) {
    case 'u':
      if (!formatter) return Padded(out, weekday == 0 ? 7 : weekday, part.count);  // 1: Monday.
      [[fallthrough]];
    case 'y':
      return part.count == 2 ? Padded(out, time.year % 100, 2) : Padded(out, time.year, part.count);
    case 'Y': {
      const int year = WeekOf(time).year;
      return part.count == 2 ? Padded(out, year % 100, 2) : Padded(out, year, part.count);
    }
    case 'w':
      return Padded(out, WeekOf(time).number, part.count);
    case 'Q': {
      const int quarter = (time.month + 2) / 3;
      if (part.count <= 2) return Padded(out, quarter, part.count);
      out += part.count == 3 ? fmt::format("Q{}", quarter) : std::string(kQuarters[quarter - 1]);
      return;
    }
    case 'M':
    case 'L':
      if (part.count <= 2) return Padded(out, time.month, part.count);
      out += kMonths[time.month - 1].substr(0, part.count == 3 ? 3 : std::string_view::npos);
      return;
    case 'E':
      out += kWeekdays[weekday].substr(0, part.count <= 3 ? 3 : std::string_view::npos);
      return;
    case 'a':
      out += time.hour < 12 ? "AM" : "PM";
      return;
    case 'd':
      return Padded(out, time.day, part.count);
    case 'D':
      return Padded(out, DayOfYear(time), part.count);
    case 'H':
      return Padded(out, time.hour, part.count);
    case 'k':
      return Padded(out, time.hour == 0 ? 24 : time.hour, part.count);
    case 'K':
      return Padded(out, time.hour % 12, part.count);
    case 'h':
      return Padded(out, time.hour % 12 == 0 ? 12 : time.hour % 12, part.count);
    case 'm':
      return Padded(out, time.minute, part.count);
    case 's':
      return Padded(out, time.second, part.count);
    default:  // 'S': a fraction, or a number of milliseconds.
      if (!formatter) return Padded(out, time.nanos / 1000000, part.count);
      out += fmt::format("{:09}", time.nanos).substr(0, static_cast<size_t>(part.count));
  }
}

}  // namespace strom::duck
