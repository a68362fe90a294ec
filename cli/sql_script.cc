#include "cli/sql_script.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace strom::cli {
namespace {

constexpr size_t kScriptSizeMax = size_t{16} << 20;
constexpr std::string_view kLine = "line ";

// Closes a comment and a statement that the text leaves open.
constexpr std::string_view kEnd = "\n;\n";

}  // namespace

Result<SqlScript> SqlScript::Parse(std::vector<Text> texts) {
  SqlScript script;
  std::string whole;
  for (const Text& text : texts) {
    const auto lines = std::ranges::count(whole, '\n');
    script.parts_.push_back({.name = text.name, .first_line = static_cast<int>(lines) + 1});
    // By itself: a text or a comment that does not end is an error here, not in the next text.
    const auto alone = sql::ParseScript(text.text);
    if (!alone.ok()) {
      const std::string prefix = text.name.empty() ? "" : text.name + ":";
      return Status(alone.status().code(), prefix + std::string(alone.status().message()));
    }
    whole += text.text;
    whole += kEnd;
  }
  STROM_ASSIGN_OR_RETURN(script.statements_, sql::ParseScript(whole));
  return script;
}

std::string SqlScript::Place(int line) const {
  const auto after = std::ranges::upper_bound(parts_, line, {}, &Part::first_line);
  if (after == parts_.begin()) return fmt::format("line {}", line);
  const Part& part = *std::prev(after);
  return fmt::format("{}line {}", part.name.empty() ? "" : part.name + ":",
                     line - part.first_line + 1);
}

std::string SqlScript::Located(std::string_view message) const {
  if (!message.starts_with(kLine)) return std::string(message);
  const std::string_view rest = message.substr(kLine.size());
  int line = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), line);
  if (error != std::errc()) return std::string(message);
  return Place(line) + std::string(rest.substr(static_cast<size_t>(end - rest.data())));
}

Status SqlScript::Located(const Status& status) const {
  if (status.ok()) return status;
  const ErrorCode code =
      status.code() == ErrorCode::kInvalidConfig ? ErrorCode::kInvalidSql : status.code();
  return Status(code, Located(status.message()));
}

Status SqlScript::Located(const Status& status, sql::Position at) const {
  if (status.ok() || status.message().starts_with(kLine)) return Located(status);
  return Located(Status(
      status.code(), fmt::format("line {}, column {}: {}", at.line, at.column, status.message())));
}

Result<std::string> ReadScript(std::istream& in, const std::string& name) {
  std::string text;
  std::string piece(size_t{64} << 10, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    text.append(piece, 0, static_cast<size_t>(in.gcount()));
    if (text.size() > kScriptSizeMax) {
      return Error(ErrorCode::kInvalidSql, "{}: larger than {} bytes", name, kScriptSizeMax);
    }
  }
  if (in.bad()) return Error(ErrorCode::kStorage, "{} cannot be read", name);
  return text;
}

}  // namespace strom::cli
