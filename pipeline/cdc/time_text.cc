#include "pipeline/cdc/time_text.h"

#include "common/types/civil_time.h"

namespace strom::cdc {
namespace {

constexpr int64_t kMillisOfDay = 86400000;

// Reads fixed pieces front to back.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  bool Eat(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Between `min` and `max` digits, at most 9.
  bool Number(size_t min, size_t max, int32_t& value) {
    size_t digits = 0;
    value = 0;
    while (digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9') {
      if (digits == max) return false;
      value = value * 10 + (text_[digits++] - '0');
    }
    text_.remove_prefix(digits);
    return digits >= min;
  }
  // The digits behind a decimal point, at most 9, as nanoseconds.
  bool Fraction(int32_t& nanos) {
    const size_t before = text_.size();
    if (!Number(1, 9, nanos)) return false;
    for (size_t digits = before - text_.size(); digits < 9; ++digits) nanos *= 10;
    return true;
  }

 private:
  std::string_view text_;
};

bool ReadDate(Cursor& cursor, CivilTime& time) {
  return cursor.Number(4, 7, time.year) && cursor.Eat('-') && cursor.Number(2, 2, time.month) &&
         cursor.Eat('-') && cursor.Number(2, 2, time.day);
}

bool ReadTime(Cursor& cursor, CivilTime& time) {
  return cursor.Number(2, 2, time.hour) && cursor.Eat(':') && cursor.Number(2, 2, time.minute) &&
         cursor.Eat(':') && cursor.Number(2, 2, time.second) &&
         (!cursor.Eat('.') || cursor.Fraction(time.nanos));
}

// "+05", "-05:30" or "+05:53:28".
bool ReadZone(Cursor& cursor, int64_t& offset_seconds) {
  const bool west = cursor.Eat('-');
  if (!west && !cursor.Eat('+')) return false;
  int32_t hours = 0;
  int32_t minutes = 0;
  int32_t seconds = 0;
  if (!cursor.Number(2, 2, hours)) return false;
  if (cursor.Eat(':') && !cursor.Number(2, 2, minutes)) return false;
  if (cursor.Eat(':') && !cursor.Number(2, 2, seconds)) return false;
  offset_seconds = (hours * 60 + minutes) * 60 + seconds;
  if (west) offset_seconds = -offset_seconds;
  return true;
}

int64_t MillisOfDay(const CivilTime& time) {
  return ((time.hour * 60 + time.minute) * 60 + time.second) * int64_t{1000} + time.nanos / 1000000;
}

Status NoPlace(std::string_view text, std::string_view type) {
  return Error(ErrorCode::kExternalSystem, "'{}' is no {} of the years 1 to 9999",
               text.substr(0, 100), type);
}

}  // namespace

Result<int64_t> ParseDateText(std::string_view text) {
  Cursor cursor(text);
  CivilTime date;
  if (!ReadDate(cursor, date) || !cursor.done() || !IsValid(date)) return NoPlace(text, "DATE");
  return DaysFromCivil(date);
}

Result<int64_t> ParseTimeText(std::string_view text) {
  Cursor cursor(text);
  CivilTime time;
  if (!ReadTime(cursor, time) || !cursor.done() || !IsValid(time)) {
    return Error(ErrorCode::kExternalSystem, "'{}' is no TIME of 00:00:00 to 23:59:59.999999",
                 text.substr(0, 100));
  }
  return MillisOfDay(time);
}

Result<Timestamp> ParseTimestampText(std::string_view text, bool zoned, int precision) {
  const std::string_view type = zoned ? "TIMESTAMP_LTZ" : "TIMESTAMP";
  Cursor cursor(text);
  CivilTime time;
  int64_t offset_seconds = 0;
  const bool read = ReadDate(cursor, time) && cursor.Eat(' ') && ReadTime(cursor, time) &&
                    (!zoned || ReadZone(cursor, offset_seconds)) && cursor.done();
  if (!read || !IsValid(time)) return NoPlace(text, type);
  int32_t unit = 1000000000;
  for (int digits = 0; digits < precision; ++digits) unit /= 10;
  time.nanos -= time.nanos % unit;
  const int64_t millis =
      DaysFromCivil(time) * kMillisOfDay + MillisOfDay(time) - offset_seconds * 1000;
  if (!CivilFromMillis(millis)) return NoPlace(text, type);  // Outside only in UTC.
  return Timestamp{.millis = millis, .nanos_of_milli = time.nanos % 1000000};
}

}  // namespace strom::cdc
