#include "common/types/time_zone.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

namespace strom {
namespace {

constexpr int kOffsetMax = 18 * 3600;
constexpr size_t kNameMax = 100;

// Two digits at the front of `text`, which they leave.
std::optional<int> TakeTwoDigits(std::string_view& text) {
  if (text.size() < 2 || !std::isdigit(static_cast<unsigned char>(text[0])) ||
      !std::isdigit(static_cast<unsigned char>(text[1]))) {
    return std::nullopt;
  }
  const int value = (text[0] - '0') * 10 + (text[1] - '0');
  text.remove_prefix(2);
  return value;
}

// "+8", "+08", "+0800", "+080000", "+08:00", "+08:00:00", and the same with a minus.
std::optional<int> ParseOffset(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const std::string padded = "0" + std::string(text);
  if (text.size() == 1) text = padded;
  const auto hours = TakeTwoDigits(text);
  if (!hours) return std::nullopt;
  const bool colons = text.starts_with(':');
  int parts[2] = {0, 0};
  for (int i = 0; i < 2 && !text.empty(); ++i) {
    if (colons && text[0] != ':') return std::nullopt;
    if (colons) text.remove_prefix(1);
    const auto part = TakeTwoDigits(text);
    if (!part || *part > 59) return std::nullopt;
    parts[i] = *part;
  }
  const int seconds = *hours * 3600 + parts[0] * 60 + parts[1];
  if (!text.empty() || seconds > kOffsetMax) return std::nullopt;
  return sign * seconds;
}

std::optional<int> ParseFixed(std::string_view text) {
  if (text == "Z" || text == "UTC" || text == "GMT" || text == "UT") return 0;
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (text.starts_with(prefix)) return ParseOffset(text.substr(prefix.size()));
  }
  return ParseOffset(text);
}

// Names are looked up as files, so they must not lead out of the zone database.
bool IsRegionName(std::string_view text) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-' || c == '+' || c == '/';
  };
  return text.size() >= 2 && text.size() <= kNameMax &&
         std::isalpha(static_cast<unsigned char>(text[0])) && std::ranges::all_of(text, allowed);
}

}  // namespace

struct TimeZone::Rep {
  absl::TimeZone zone;
};

TimeZone TimeZone::Utc() { return TimeZone(std::make_shared<const Rep>(Rep{absl::UTCTimeZone()})); }

Result<TimeZone> TimeZone::Parse(std::string_view text) {
  absl::TimeZone zone;
  if (const auto offset = ParseFixed(text)) {
    zone = absl::FixedTimeZone(*offset);
  } else if (!IsRegionName(text) ||
             !absl::LoadTimeZone(absl::string_view(text.data(), text.size()), &zone)) {
    return Error(ErrorCode::kInvalidConfig, "'{:.100}' is no time zone", text);
  }
  return TimeZone(std::make_shared<const Rep>(Rep{zone}));
}

int32_t TimeZone::OffsetSeconds(int64_t epoch_seconds) const {
  return rep_->zone.At(absl::FromUnixSeconds(epoch_seconds)).offset;
}

}  // namespace strom
