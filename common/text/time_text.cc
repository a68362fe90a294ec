#include "common/text/time_text.h"

#include <charconv>
#include <optional>

#include "common/types/civil_time.h"

namespace strom {
namespace {

constexpr int64_t kMillisPerSecond = 1000;
constexpr int64_t kMillisPerDay = 86'400'000;

// Reads a text from the front, piece by piece.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : left_(text) {}

  bool done() const { return left_.empty(); }

  bool Take(char c) {
    if (!left_.starts_with(c)) return false;
    left_.remove_prefix(1);
    return true;
  }

  // Exactly `count` digits.
  bool Digits(size_t count, int32_t* value) {
    if (left_.size() < count) return false;
    *value = 0;
    for (const char c : left_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      *value = *value * 10 + (c - '0');
    }
    left_.remove_prefix(count);
    return true;
  }

  // 1 to 9 digits behind a point, as nanoseconds; how many mattered (zeros at the end do not).
  bool Fraction(int32_t* nanos, int* digits) {
    *nanos = 0;
    *digits = 0;
    int count = 0;
    for (; !left_.empty() && left_[0] >= '0' && left_[0] <= '9'; left_.remove_prefix(1)) {
      if (++count > 9) return false;
      *nanos = *nanos * 10 + (left_[0] - '0');
      if (left_[0] != '0') *digits = count;
    }
    for (int i = count; i < 9; ++i) *nanos *= 10;
    return count > 0;
  }

  bool Date(CivilTime* time) {
    return Digits(4, &time->year) && Take('-') && Digits(2, &time->month) && Take('-') &&
           Digits(2, &time->day);
  }

  // hh:mm[:ss[.fraction]]
  bool TimeOfDay(CivilTime* time, int* digits) {
    *digits = 0;
    if (!Digits(2, &time->hour) || !Take(':') || !Digits(2, &time->minute)) return false;
    if (!Take(':')) return true;
    if (!Digits(2, &time->second)) return false;
    return !Take('.') || Fraction(&time->nanos, digits);
  }

  // Z, +hh:mm or -hh:mm.
  bool Offset(int32_t* minutes) {
    *minutes = 0;
    if (Take('Z')) return true;
    const bool negative = Take('-');
    int32_t hour = 0;
    int32_t minute = 0;
    if (!negative && !Take('+')) return false;
    if (!Digits(2, &hour) || !Take(':') || !Digits(2, &minute) || hour > 18 || minute > 59) {
      return false;
    }
    *minutes = (hour * 60 + minute) * (negative ? -1 : 1);
    return true;
  }

 private:
  std::string_view left_;
};

std::optional<int64_t> PlainNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// "", ".789", ".789012", ".789012345"
std::string FractionToText(int32_t nanos) {
  if (nanos == 0) return "";
  if (nanos % 1'000'000 == 0) return fmt::format(".{:03}", nanos / 1'000'000);
  if (nanos % 1'000 == 0) return fmt::format(".{:06}", nanos / 1'000);
  return fmt::format(".{:09}", nanos);
}

int64_t MillisOfDay(const CivilTime& time) {
  return ((time.hour * 60 + time.minute) * 60 + time.second) * kMillisPerSecond +
         time.nanos / 1'000'000;
}

}  // namespace

std::string DateToText(int64_t days) {
  const std::optional<CivilTime> date = CivilFromDays(days);
  if (!date) return fmt::format("{}", days);
  return fmt::format("{:04}-{:02}-{:02}", date->year, date->month, date->day);
}

std::string TimeToText(int64_t millis) {
  const int64_t seconds = millis / kMillisPerSecond;
  return fmt::format("{:02}:{:02}:{:02}{}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     FractionToText(static_cast<int32_t>(millis % kMillisPerSecond) * 1'000'000));
}

std::string TimestampToText(Timestamp at, bool has_zone) {
  const std::optional<CivilTime> time = CivilFromMillis(at.millis, at.nanos_of_milli);
  if (!time) return fmt::format("{}", at.millis);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}", time->year, time->month, time->day,
                     time->hour, time->minute, time->second, FractionToText(time->nanos),
                     has_zone ? "Z" : "");
}

Result<int64_t> DateFromText(std::string_view text) {
  Scanner scanner(text);
  CivilTime date;
  if (scanner.Date(&date) && scanner.done() && IsValid(date)) return DaysFromCivil(date);
  if (const auto days = PlainNumber(text)) return *days;
  return Error(ErrorCode::kCorruptRecord, "'{}' is no date like 2024-01-31", text);
}

Result<int64_t> TimeFromText(std::string_view text) {
  Scanner scanner(text);
  CivilTime time;
  int digits = 0;
  if (!scanner.TimeOfDay(&time, &digits) || !scanner.done() || !IsValid(time)) {
    return Error(ErrorCode::kCorruptRecord, "'{}' is no time like 12:34:56.789", text);
  }
  if (digits <= 3) return MillisOfDay(time);
  return Error(ErrorCode::kCorruptRecord, "'{}': a TIME holds milliseconds, not more", text);
}

Result<Timestamp> TimestampFromText(std::string_view text, bool has_zone, int precision) {
  Scanner scanner(text);
  CivilTime time;
  int digits = 0;
  int32_t offset_minutes = 0;
  if (!scanner.Date(&time) || !(scanner.Take('T') || scanner.Take(' ')) ||
      !scanner.TimeOfDay(&time, &digits) || (has_zone && !scanner.Offset(&offset_minutes)) ||
      !scanner.done() || !IsValid(time)) {
    if (const auto millis = PlainNumber(text)) return Timestamp{*millis, 0};
    return Error(ErrorCode::kCorruptRecord, "'{}' is no time like 2024-01-31T12:34:56{}", text,
                 has_zone ? "Z, with Z or an offset like +02:00" : ", without a zone");
  }
  if (digits > precision) {
    return Error(ErrorCode::kCorruptRecord, "'{}' has {} digits of a second, the type only {}",
                 text, digits, precision);
  }
  return Timestamp{DaysFromCivil(time) * kMillisPerDay + MillisOfDay(time) -
                       int64_t{offset_minutes} * 60 * kMillisPerSecond,
                   time.nanos % 1'000'000};
}

}  // namespace strom
