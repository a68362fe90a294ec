#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace strom::duck {

// What DuckDB says about a failure. Connections have errors_as_json set, so that the text is a
// document with the fields exception_type, exception_message and, of statements, position.
struct EngineError {
  std::string text;                // "Binder: Referenced column \"b\" not found", one line.
  std::optional<size_t> position;  // Byte of the statement, from 0.
};

// Reads DuckDB's text; one that is no such document is taken as it is, its first line.
EngineError ParseEngineError(std::string_view text);

// kInvalidSql with the text and, if known, " (line 2, column 7)" of `sql`: both count from 1, the
// column in characters.
Status ToStatus(const EngineError& error, std::string_view sql);

}  // namespace strom::duck
