#include "pipeline/duckdb/errors.h"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace strom::duck {
namespace {

constexpr size_t kTextBytesMax = 1000;

std::string_view FirstLine(std::string_view text) {
  return text.substr(0, std::min(text.find('\n'), kTextBytesMax));
}

std::string StringOf(const nlohmann::json& document, const char* key) {
  const auto field = document.find(key);
  return field != document.end() && field->is_string() ? field->get<std::string>() : std::string();
}

}  // namespace

EngineError ParseEngineError(std::string_view text) {
  // Errors of the parser carry "Parser Error: " before the document.
  const size_t start = text.find('{');
  if (start == std::string_view::npos) return {.text = std::string(FirstLine(text))};
  const auto document = nlohmann::json::parse(text.substr(start), nullptr, false);
  if (!document.is_object() || !document.contains("exception_message")) {
    return {.text = std::string(FirstLine(text))};
  }
  const std::string type = StringOf(document, "exception_type");
  const std::string message = StringOf(document, "exception_message");
  EngineError error{.text = (type.empty() ? "" : type + ": ") + std::string(FirstLine(message))};
  const std::string position = StringOf(document, "position");
  size_t value = 0;
  const auto end = std::from_chars(position.data(), position.data() + position.size(), value);
  if (end.ec == std::errc() && !position.empty()) error.position = value;
  return error;
}

Status ToStatus(const EngineError& error, std::string_view sql) {
  if (!error.position || *error.position > sql.size()) {
    return Error(ErrorCode::kInvalidSql, "{}", error.text);
  }
  const std::string_view before = sql.substr(0, *error.position);
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0.
  const auto line = std::ranges::count(before, '\n') + 1;
  // Bytes that continue a UTF-8 character are not counted.
  const auto column = std::ranges::count_if(before.substr(line_start), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  return Error(ErrorCode::kInvalidSql, "{} (line {}, column {})", error.text, line, column + 1);
}

}  // namespace strom::duck
