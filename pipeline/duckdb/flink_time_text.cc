#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

#include "pipeline/duckdb/flink_functions.h"
#include "pipeline/duckdb/java_pattern.h"
#include "pipeline/duckdb/micros.h"

namespace strom::duck {
namespace {

using Kind = JavaPattern::Kind;

constexpr std::string_view kSecondsPattern = "yyyy-MM-dd HH:mm:ss";
// Flink's own pattern of timestamps: one or two digits each but for the year, up to nine of a
// fraction; the time may be missing.
constexpr std::string_view kTimestampPattern = "yyyy-[MM][M]-[dd][d][ [HH][H]:[mm][m]:[ss][s]]";

// Java's UNIX_TIMESTAMP of a text it cannot read.
constexpr int64_t kUnreadable = std::numeric_limits<int64_t>::min();

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

int64_t CutToMillis(int64_t micros) { return FloorDiv(micros, 1000) * 1000; }

template <Kind kKind>
Status FormatTimestamp(const Arguments& a, Answer& answer) {
  STROM_ASSIGN_OR_RETURN(const JavaPattern* pattern, JavaPattern::Cached(a.Text(1), kKind));
  if (const auto time = CivilFromMicros(a.BigInt(0))) answer.Text(pattern->Format(*time));
  return Status::Ok();
}

Status FormatText(const Arguments& a, Answer& answer) {
  STROM_ASSIGN_OR_RETURN(const JavaPattern* from,
                         JavaPattern::Cached(kSecondsPattern, Kind::kSimpleDateFormat));
  const auto micros = from->ParseMicros(a.Text(0));
  // The second look-up may empty the cache that holds the first.
  STROM_ASSIGN_OR_RETURN(const JavaPattern* to,
                         JavaPattern::Cached(a.Text(1), Kind::kSimpleDateFormat));
  if (micros) answer.Text(to->Format(*CivilFromMicros(*micros)));
  return Status::Ok();
}

Status FromUnixTime(const Arguments& a, Answer& answer) {
  const std::string_view text = a.count() > 1 ? a.Text(1) : kSecondsPattern;
  STROM_ASSIGN_OR_RETURN(const JavaPattern* pattern,
                         JavaPattern::Cached(text, Kind::kSimpleDateFormat));
  int64_t micros = 0;
  if (__builtin_mul_overflow(a.BigInt(0), kMicrosPerSecond, &micros)) return Status::Ok();
  if (const auto time = CivilFromMicros(micros)) answer.Text(pattern->Format(*time));
  return Status::Ok();
}

// Reads kTimestampPattern, then a fraction of the second.
Result<std::optional<int64_t>> ReadTimestamp(std::string_view text) {
  STROM_ASSIGN_OR_RETURN(const JavaPattern* pattern,
                         JavaPattern::Cached(kTimestampPattern, Kind::kDateTimeFormatter));
  const size_t point = text.find('.');
  auto micros = pattern->ParseMicros(text.substr(0, point));
  if (!micros || point == std::string_view::npos) return micros;
  const std::string_view fraction = text.substr(point + 1);
  const bool has_seconds = text.find(':') < point;
  if (!has_seconds || fraction.size() > 9 ||
      fraction.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::optional<int64_t>();
  }
  int64_t nanos = 0;
  for (size_t i = 0; i < 9; ++i) nanos = nanos * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  *micros += nanos / 1000;
  return micros;
}

Status ToTimestamp(const Arguments& a, Answer& answer) {
  std::optional<int64_t> micros;
  if (a.count() > 1) {
    STROM_ASSIGN_OR_RETURN(const JavaPattern* pattern,
                           JavaPattern::Cached(a.Text(1), Kind::kDateTimeFormatter));
    micros = pattern->ParseMicros(a.Text(0));
  }
  if (!micros) {  // With a pattern, too: Flink falls back to its own.
    const std::string_view text = a.count() > 1 ? Trim(a.Text(0)) : a.Text(0);
    STROM_ASSIGN_OR_RETURN(micros, ReadTimestamp(text));
  }
  if (micros) answer.BigInt(CutToMillis(*micros));
  return Status::Ok();
}

Status ToTimestampLtz(const Arguments& a, Answer& answer) {
  const int32_t precision = a.Int(1);
  if (precision != 0 && precision != 3) {
    return Error(ErrorCode::kInvalidSql, "the precision is {}, not 0 (seconds) or 3 (milliseconds)",
                 precision);
  }
  int64_t micros = 0;
  const int64_t unit = precision == 0 ? kMicrosPerSecond : 1000;
  if (!__builtin_mul_overflow(a.BigInt(0), unit, &micros) && CivilFromMicros(micros)) {
    answer.BigInt(micros);
  }
  return Status::Ok();
}

// A whole number of at most nine digits, blanks around it.
std::optional<int32_t> WholeNumber(std::string_view text) {
  text = Trim(text);
  int32_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = !text.empty() && text.size() <= 9 && text[0] != '-' && end.ec == std::errc() &&
                     end.ptr == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

// "2024", "2024-3", "2024-3-9", what follows a blank is ignored; nullopt unless it is a date.
std::optional<int64_t> ReadDate(std::string_view text) {
  if (const size_t blank = text.find(' '); blank != 0) text = text.substr(0, blank);
  std::optional<int32_t> fields[3] = {std::nullopt, 1, 1};
  for (size_t i = 0; i < 3; ++i) {
    const size_t hyphen = i < 2 ? text.find('-') : std::string_view::npos;
    fields[i] = WholeNumber(text.substr(0, hyphen));
    if (!fields[i]) return std::nullopt;
    if (hyphen == std::string_view::npos) break;
    text.remove_prefix(hyphen + 1);
  }
  const CivilTime date{.year = *fields[0], .month = *fields[1], .day = *fields[2]};
  if (!IsValid(date)) return std::nullopt;
  return DaysFromCivil(date);
}

Status ToDate(const Arguments& a, Answer& answer) {
  std::optional<int64_t> days;
  if (a.count() > 1) {
    STROM_ASSIGN_OR_RETURN(const JavaPattern* pattern,
                           JavaPattern::Cached(a.Text(1), Kind::kSimpleDateFormat));
    if (const auto micros = pattern->ParseMicros(a.Text(0)))
      days = FloorDiv(*micros, kMicrosPerDay);
  } else {
    days = ReadDate(a.Text(0));
  }
  if (days) answer.Int(static_cast<int32_t>(*days));
  return Status::Ok();
}

Status UnixOfTimestamp(const Arguments& a, Answer& answer) {
  // Of milliseconds, cut off towards zero, as Java divides.
  if (CivilFromMicros(a.BigInt(0))) answer.BigInt(FloorDiv(a.BigInt(0), 1000) / 1000);
  return Status::Ok();
}

Status UnixOfText(const Arguments& a, Answer& answer) {
  const std::string_view text = a.count() > 1 ? a.Text(1) : kSecondsPattern;
  STROM_ASSIGN_OR_RETURN(const JavaPattern* pattern,
                         JavaPattern::Cached(text, Kind::kSimpleDateFormat));
  const auto micros = pattern->ParseMicros(a.Text(0));
  answer.BigInt(micros ? FloorDiv(*micros, 1000) / 1000 : kUnreadable);
  return Status::Ok();
}

}  // namespace

std::vector<ScalarFunction> FlinkTimeTextFunctions() {
  const DataType text = DataType::String();
  const DataType time = DataType::Timestamp(6);
  const DataType instant = DataType::TimestampLtz(6);
  const DataType seconds = DataType::BigInt();
  const DataType date = DataType::Date();
  std::vector<ScalarFunction> functions;
  const auto add = [&](const char* name, std::vector<DataType> parameters, const DataType& result,
                       Status (*call)(const Arguments&, Answer&)) {
    functions.push_back(
        {.name = name, .parameters = std::move(parameters), .result = result, .call = call});
  };
  add("flink_date_format", {time, text}, text, FormatTimestamp<Kind::kDateTimeFormatter>);
  add("flink_date_format", {instant, text}, text, FormatTimestamp<Kind::kDateTimeFormatter>);
  add("flink_date_format", {text, text}, text, FormatText);
  add("flink_from_unixtime", {seconds}, text, FromUnixTime);
  add("flink_from_unixtime", {seconds, text}, text, FromUnixTime);
  add("flink_to_timestamp", {text}, time, ToTimestamp);
  add("flink_to_timestamp", {text, text}, time, ToTimestamp);
  add("flink_to_timestamp_ltz", {seconds, DataType::Int()}, instant, ToTimestampLtz);
  add("flink_to_date", {text}, date, ToDate);
  add("flink_to_date", {text, text}, date, ToDate);
  add("flink_unix_timestamp", {time}, seconds, UnixOfTimestamp);
  add("flink_unix_timestamp", {text}, seconds, UnixOfText);
  add("flink_unix_timestamp", {text, text}, seconds, UnixOfText);
  return functions;
}

}  // namespace strom::duck
