#include "cli/arguments.h"

#include <algorithm>
#include <charconv>

#include "common/base/check.h"
#include "common/base/result.h"
#include "common/base/units.h"
#include "common/daemon/address.h"
#include "common/types/table_path.h"

namespace strom::cli {
namespace {

Result<int64_t> ParseInt(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error(ErrorCode::kInvalidConfig, "'{}' is no whole number", text);
  }
  return value;
}

}  // namespace

const Arguments::Texts& Arguments::Of(std::string_view name) const {
  const auto it = texts_.find(name);
  STROM_CHECK(it != texts_.end()) << "no argument " << name;
  return it->second;
}

std::string Arguments::Text(std::string_view name) const {
  const Texts& texts = Of(name);
  STROM_CHECK(texts.size() <= 1) << name << " may be given several times";
  return texts.empty() ? "" : texts[0];
}

int64_t Arguments::Int(std::string_view name) const { return ParseInt(Text(name)).value(); }

MonoDuration Arguments::Duration(std::string_view name) const {
  return Millis(ParseDurationMillis(Text(name)).value());
}

std::vector<std::string> SplitList(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const size_t first = std::min(part.find_first_not_of(' '), part.size());
    const size_t last = part.find_last_not_of(' ');
    parts.emplace_back(part.substr(first, last - first + 1));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

Status CheckCount(const std::string& text) {
  STROM_ASSIGN_OR_RETURN(const int64_t value, ParseInt(text));
  if (value >= 1) return Status::Ok();
  return Error(ErrorCode::kInvalidConfig, "{} is less than 1", value);
}

Status CheckDuration(const std::string& text) {
  STROM_ASSIGN_OR_RETURN(const int64_t millis, ParseDurationMillis(text));
  if (millis > 0 && millis <= Seconds(1'000'000'000).millis()) return Status::Ok();
  return Error(ErrorCode::kInvalidConfig, "'{}' is no time to wait", text);
}

Status CheckKeyValue(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals != std::string::npos && equals != 0) return Status::Ok();
  return Error(ErrorCode::kInvalidConfig, "'{}' is not of the form key=value", text);
}

Status CheckAddress(const std::string& text) { return daemon::ParseAddress(text).status(); }

Status CheckAddresses(const std::string& text) {
  for (const std::string& address : SplitList(text)) STROM_RETURN_IF_ERROR(CheckAddress(address));
  return Status::Ok();
}

Status CheckTablePath(const std::string& text) { return TablePath::Parse(text).status(); }

}  // namespace strom::cli
