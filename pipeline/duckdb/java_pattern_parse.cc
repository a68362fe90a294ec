#include <algorithm>
#include <array>

#include "pipeline/duckdb/java_names.h"
#include "pipeline/duckdb/java_pattern.h"
#include "pipeline/duckdb/micros.h"

namespace strom::duck {

// What a text says; no more digits than fit.
struct JavaPattern::Found {
  std::optional<int64_t> year;
  std::optional<int64_t> month;
  std::optional<int64_t> day;
  std::optional<int64_t> day_of_year;
  std::optional<int64_t> hour;     // 0..23.
  std::optional<int64_t> hour_12;  // 0..11.
  std::optional<int64_t> weekday;  // 0: Sunday.
  std::optional<bool> pm;
  std::optional<int64_t> minute;
  std::optional<int64_t> second;
  std::optional<int64_t> nanos;

  std::optional<int64_t> Strict() const;
  std::optional<int64_t> Lenient() const;
};

// Goes through a text along a pattern. Every Read says whether it matched.
class JavaPattern::Reader {
 public:
  Reader(std::string_view text, Kind kind)
      : text_(text), strict_(kind == Kind::kDateTimeFormatter) {}

  bool Read(const std::vector<Part>& parts);
  bool AtEnd() const { return position_ == text_.size(); }
  const Found& found() const { return found_; }

 private:
  // Digits a number may have at most: all numbers fit, and so does what is made of them.
  static constexpr int kDigitsMax = 10;

  bool ReadField(const Part& part, bool before_field);
  std::optional<int64_t> ReadNumber(const Part& part, bool before_field);
  bool ReadYear(const Part& part, bool before_field);
  bool ReadFraction(const Part& part, bool before_field);
  bool ReadNumberInto(std::optional<int64_t>& out, const Part& part, bool before_field, int64_t min,
                      int64_t max);
  // The name that starts here, in full if the text has it so, else its first three letters.
  template <size_t kCount>
  bool ReadName(const std::array<std::string_view, kCount>& names, const Part& part,
                std::optional<int64_t>& out, int64_t first);
  bool Take(std::string_view word);

  std::string_view text_;
  const bool strict_;
  size_t position_ = 0;
  Found found_;
};

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool JavaPattern::Reader::Read(const std::vector<Part>& parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    if (part.letter == 0) {
      if (!text_.substr(position_).starts_with(part.literal)) return false;
      position_ += part.literal.size();
    } else if (part.letter == '[') {
      const size_t position = position_;
      const Found found = found_;
      if (!Read(part.inner)) {
        position_ = position;
        found_ = found;
      }
    } else {
      const bool before_field =
          i + 1 < parts.size() && parts[i + 1].letter != 0 && parts[i + 1].letter != '[';
      if (!ReadField(part, before_field)) return false;
    }
  }
  return true;
}

// Strict: `count` digits, any number of them for one letter. Lenient: blanks first, then as many
// digits as there are; `count` at most if another field follows at once.
std::optional<int64_t> JavaPattern::Reader::ReadNumber(const Part& part, bool before_field) {
  bool negative = false;
  if (!strict_) {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t')) {
      ++position_;
    }
    negative = Take("-");
  }
  const bool exact = strict_ && part.count > 1;
  const int digits_max =
      exact || (!strict_ && before_field) ? std::min(part.count, kDigitsMax) : kDigitsMax;
  int64_t number = 0;
  int digits = 0;
  while (digits < digits_max && position_ < text_.size() && IsDigit(text_[position_])) {
    number = number * 10 + (text_[position_++] - '0');
    ++digits;
  }
  if (digits == 0 || (exact && digits != part.count)) return std::nullopt;
  return negative ? -number : number;
}

bool JavaPattern::Reader::ReadNumberInto(std::optional<int64_t>& out, const Part& part,
                                         bool before_field, int64_t min, int64_t max) {
  out = ReadNumber(part, before_field);
  return out && (!strict_ || (*out >= min && *out <= max));
}

bool JavaPattern::Reader::ReadYear(const Part& part, bool before_field) {
  const size_t start = position_;
  const auto year = ReadNumber(part, before_field);
  if (!year) return false;
  found_.year = year;
  if (part.count == 2 && strict_) found_.year = 2000 + *year;
  if (part.count <= 2 && !strict_ && position_ - start == 2 && *year >= 0) {
    found_.year = *year < 50 ? 2000 + *year : 1900 + *year;
  }
  return true;
}

bool JavaPattern::Reader::ReadFraction(const Part& part, bool before_field) {
  if (!strict_) {  // A number of milliseconds.
    const auto millis = ReadNumber(part, before_field);
    if (millis) found_.nanos = *millis * 1000000;
    return millis.has_value();
  }
  int64_t nanos = 0;
  for (int digit = 0; digit < 9; ++digit) {
    nanos *= 10;
    if (digit >= part.count) continue;
    if (position_ == text_.size() || !IsDigit(text_[position_])) return false;
    nanos += text_[position_++] - '0';
  }
  found_.nanos = nanos;
  return true;
}

bool JavaPattern::Reader::Take(std::string_view word) {
  const std::string_view here = text_.substr(position_, word.size());
  const bool same =
      strict_ ? here == word
              : std::ranges::equal(here, word, [](char a, char b) { return Lower(a) == Lower(b); });
  if (same) position_ += word.size();
  return same;
}

template <size_t kCount>
bool JavaPattern::Reader::ReadName(const std::array<std::string_view, kCount>& names,
                                   const Part& part, std::optional<int64_t>& out, int64_t first) {
  for (size_t i = 0; i < kCount; ++i) {
    const bool full = (!strict_ || part.count == 4) && Take(names[i]);
    if (full || ((!strict_ || part.count <= 3) && Take(names[i].substr(0, 3)))) {
      out = first + static_cast<int64_t>(i);
      return true;
    }
  }
  return false;
}

bool JavaPattern::Reader::ReadField(const Part& part, bool before_field) {
  switch (part.letter) {
    case 'u':
      if (!strict_) return ReadNumber(part, before_field).has_value();  // A weekday: no matter.
      return ReadYear(part, before_field);
    case 'y':
      return ReadYear(part, before_field);
    case 'M':
    case 'L':
      if (part.count > 2) return ReadName(kMonths, part, found_.month, 1);
      return ReadNumberInto(found_.month, part, before_field, 1, 12);
    case 'E':
      return ReadName(kWeekdays, part, found_.weekday, 0);
    case 'd':
      return ReadNumberInto(found_.day, part, before_field, 1, 31);
    case 'D':
      return ReadNumberInto(found_.day_of_year, part, before_field, 1, 366);
    case 'H':
      return ReadNumberInto(found_.hour, part, before_field, 0, 23);
    case 'k':
      if (!ReadNumberInto(found_.hour, part, before_field, 1, 24)) return false;
      if (found_.hour == 24) found_.hour = 0;
      return true;
    case 'K':
      return ReadNumberInto(found_.hour_12, part, before_field, 0, 11);
    case 'h':
      if (!ReadNumberInto(found_.hour_12, part, before_field, 1, 12)) return false;
      if (found_.hour_12 == 12) found_.hour_12 = 0;
      return true;
    case 'a':
      found_.pm = Take("PM");
      return *found_.pm || Take("AM");
    case 'm':
      return ReadNumberInto(found_.minute, part, before_field, 0, 59);
    case 's':
      return ReadNumberInto(found_.second, part, before_field, 0, 59);
    case 'S':
      return ReadFraction(part, before_field);
    default:
      return false;  // Weeks and quarters name no day.
  }
}

// In range by the reading; a day that its month does not have is the last one
// (ResolverStyle.SMART), if the year is known.
std::optional<int64_t> JavaPattern::Found::Strict() const {
  CivilTime time{.year = 1970};
  if (year.value_or(1970) > 9999) return std::nullopt;
  time.year = static_cast<int32_t>(year.value_or(1970));
  time.month = static_cast<int32_t>(month.value_or(1));
  time.day = static_cast<int32_t>(day.value_or(1));
  if (year && month) {
    while (time.day > 28 && !IsValid(time)) --time.day;
  }
  if (day_of_year && !month && !day) {
    const auto date = CivilFromDays(DaysFromCivil(time) + *day_of_year - 1);
    if (!date || date->year != time.year) return std::nullopt;
    time = *date;
  }
  const int64_t half_day = pm.value_or(false) ? 12 : 0;
  // Without AM or PM, an hour of the half day names no hour.
  time.hour = static_cast<int32_t>(hour ? *hour : pm ? hour_12.value_or(0) + half_day : 0);
  time.minute = static_cast<int32_t>(minute.value_or(0));
  time.second = static_cast<int32_t>(second.value_or(0));
  time.nanos = static_cast<int32_t>(nanos.value_or(0));
  if (!IsValid(time)) return std::nullopt;
  if (weekday && year && month && day && SundayBasedWeekday(DaysFromCivil(time)) != *weekday) {
    return std::nullopt;
  }
  return MicrosFromCivil(time);
}

std::optional<int64_t> JavaPattern::Found::Lenient() const {
  const int64_t months = month.value_or(1) - 1;
  const int64_t full_year = year.value_or(1970) + FloorDiv(months, 12);
  if (full_year < 0 || full_year > 9999) return std::nullopt;
  const CivilTime start{.year = static_cast<int32_t>(full_year),
                        .month = static_cast<int32_t>(months - FloorDiv(months, 12) * 12) + 1};
  const int64_t days =
      DaysFromCivil(start) + (day_of_year && !day ? *day_of_year : day.value_or(1)) - 1;
  const int64_t hours = hour.value_or(hour_12.value_or(0) + (pm.value_or(false) ? 12 : 0));
  const __int128 seconds = static_cast<__int128>(days) * 86400 + hours * 3600 +
                           minute.value_or(0) * 60 + second.value_or(0);
  const __int128 micros = seconds * kMicrosPerSecond + nanos.value_or(0) / 1000;
  if (micros != static_cast<int64_t>(micros) || !CivilFromMicros(static_cast<int64_t>(micros))) {
    return std::nullopt;
  }
  return static_cast<int64_t>(micros);
}

std::optional<int64_t> JavaPattern::ParseMicros(std::string_view text) const {
  Reader reader(text, kind_);
  if (!reader.Read(parts_)) return std::nullopt;
  if (kind_ == Kind::kSimpleDateFormat) return reader.found().Lenient();
  return reader.AtEnd() ? reader.found().Strict() : std::nullopt;
}

}  // namespace strom::duck
