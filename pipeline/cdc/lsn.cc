#include "pipeline/cdc/lsn.h"

#include <charconv>

namespace strom::cdc {
namespace {

// One half of a position: 1 to 8 hexadecimal digits and nothing else.
bool ParseHalf(std::string_view text, uint32_t& value) {
  if (text.empty() || text.size() > 8) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string Lsn::ToString() const {
  return fmt::format("{:X}/{:X}", value >> 32, value & 0xffffffff);
}

Result<Lsn> Lsn::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  uint32_t high = 0;
  uint32_t low = 0;
  if (slash == std::string_view::npos || !ParseHalf(text.substr(0, slash), high) ||
      !ParseHalf(text.substr(slash + 1), low)) {
    return Error(ErrorCode::kExternalSystem, "'{}' is no WAL position", text.substr(0, 100));
  }
  return Lsn{(static_cast<uint64_t>(high) << 32) | low};
}

}  // namespace strom::cdc
