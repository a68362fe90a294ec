#include "common/record/change_type.h"

namespace strom::record {

namespace {
constexpr std::string_view kSymbols[] = {"+A", "+I", "-U", "+U", "-D"};
}  // namespace

Result<ChangeType> ChangeTypeFromByte(int8_t byte) {
  if (byte < 0 || byte > kChangeTypeMax) {
    return Error(ErrorCode::kCorruptRecord, "change type {} is not in 0..{}", byte, kChangeTypeMax);
  }
  return static_cast<ChangeType>(byte);
}

std::string_view ChangeTypeSymbol(ChangeType type) { return kSymbols[static_cast<size_t>(type)]; }

Result<ChangeType> ChangeTypeFromSymbol(std::string_view symbol) {
  for (int8_t byte = 0; byte <= kChangeTypeMax; ++byte) {
    if (kSymbols[byte] == symbol) return static_cast<ChangeType>(byte);
  }
  return Error(ErrorCode::kCorruptMessage, "'{}' is no change type (+A, +I, -U, +U, -D)", symbol);
}

}  // namespace strom::record
