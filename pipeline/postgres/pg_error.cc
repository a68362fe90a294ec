#include "pipeline/postgres/pg_error.h"

#include <algorithm>
#include <array>

namespace strom::postgres {
namespace {

bool Passes(std::string_view sqlstate) {
  constexpr std::array<std::string_view, 13> kStates = {
      "53100", "53200", "53300", kSqlObjectInUse, "55P03", "57014", "57P01",
      "57P02", "57P03", "57P05", "58030",         "25P03", "25006"};
  return sqlstate.empty() || sqlstate.starts_with("08") || sqlstate.starts_with("40") ||
         std::ranges::find(kStates, sqlstate) != kStates.end();
}

}  // namespace

Status PgError(std::string_view doing, std::string_view sqlstate, std::string_view text) {
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  const ErrorCode code =
      Passes(sqlstate) ? ErrorCode::kExternalSystemUnavailable : ErrorCode::kExternalSystem;
  if (sqlstate.empty()) return Error(code, "{}: {}", doing, text);
  return Error(code, "{}: {} (SQLSTATE {})", doing, text, sqlstate);
}

}  // namespace strom::postgres
