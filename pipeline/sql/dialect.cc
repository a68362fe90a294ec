#include "pipeline/sql/dialect.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "common/base/check.h"
#include "pipeline/duckdb/duck.h"
#include "pipeline/sql/dialect_writer.h"
#include "pipeline/sql/type_parser.h"

namespace strom::sql {
namespace {

// Flink's units, with DuckDB's functions that make an interval of them.
const std::map<std::string_view, std::string_view>& IntervalUnits() {
  static const std::map<std::string_view, std::string_view> kUnits = {
      {"SECOND", "to_seconds"},  {"SECONDS", "to_seconds"}, {"MINUTE", "to_minutes"},
      {"MINUTES", "to_minutes"}, {"HOUR", "to_hours"},      {"HOURS", "to_hours"},
      {"DAY", "to_days"},        {"DAYS", "to_days"},       {"WEEK", "to_weeks"},
      {"WEEKS", "to_weeks"},     {"MONTH", "to_months"},    {"MONTHS", "to_months"},
      {"YEAR", "to_years"},      {"YEARS", "to_years"}};
  return kUnits;
}

bool IsUnit(const Token& token) {
  static constexpr std::array<std::string_view, 10> kUnits = {
      "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE",  "HOUR",
      "DAY",         "WEEK",        "MONTH",  "QUARTER", "YEAR"};
  return token.kind == TokenKind::kWord && std::ranges::count(kUnits, token.upper) > 0;
}

bool IsWindowFunction(const Token& token) {
  return token.IsWord("TUMBLE") || token.IsWord("HOP") || token.IsWord("CUMULATE") ||
         token.IsWord("SESSION");
}

}  // namespace

const DialectText::Mark& DialectText::MarkOf(size_t offset) const {
  STROM_CHECK(!marks.empty());
  const auto it = std::upper_bound(marks.begin(), marks.end(), offset,
                                   [](size_t o, const Mark& mark) { return o < mark.offset; });
  return it == marks.begin() ? marks.front() : *(it - 1);
}

Result<DialectText> TranslateDialect(std::string_view query, Position at) {
  STROM_ASSIGN_OR_RETURN(const std::vector<Token> tokens, Tokenize(query, at));
  DialectText out;
  out.marks.push_back({.offset = 0, .at = tokens.front().at, .begin = tokens.front().begin});
  STROM_RETURN_IF_ERROR(DialectWriter(tokens, out).Range({0, tokens.size() - 1}));
  return out;
}

Result<size_t> DialectWriter::Behind(size_t open) const {
  int depth = 0;
  for (size_t i = open; i < tokens_.size(); ++i) {
    if (At(i).Is("(") || At(i).Is("[")) ++depth;
    if ((At(i).Is(")") || At(i).Is("]")) && --depth == 0) return i + 1;
  }
  return ErrorAt(At(open).at, fmt::format("this '{}' is not closed", At(open).text));
}

Result<std::vector<TokenRange>> DialectWriter::Arguments(size_t open) const {
  STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(open));
  std::vector<TokenRange> arguments;
  if (behind == open + 2) return arguments;
  int depth = 0;
  size_t begin = open + 1;
  for (size_t i = begin; i + 1 < behind; ++i) {
    if (At(i).Is("(") || At(i).Is("[")) ++depth;
    if (At(i).Is(")") || At(i).Is("]")) --depth;
    if (depth == 0 && At(i).Is(",")) {
      arguments.emplace_back(begin, i);
      begin = i + 1;
    }
  }
  arguments.emplace_back(begin, behind - 1);
  for (const TokenRange& range : arguments) {
    if (range.first == range.second) return ErrorAt(At(range.second).at, "an argument is missing");
  }
  return arguments;
}

size_t DialectWriter::FindWord(TokenRange range, std::string_view keyword) const {
  int depth = 0;
  size_t found = range.second;
  for (size_t i = range.first; i < range.second; ++i) {
    if (At(i).Is("(") || At(i).Is("[")) ++depth;
    if (At(i).Is(")") || At(i).Is("]")) --depth;
    if (depth == 0 && At(i).IsWord(keyword)) found = i;
  }
  return found;
}

void DialectWriter::Mark(size_t index) {
  if (!out_.sql.empty() && out_.sql.back() != '(' && out_.sql.back() != ' ') out_.sql += ' ';
  out_.marks.push_back({.offset = out_.sql.size(), .at = At(index).at, .begin = At(index).begin});
}

void DialectWriter::Raw(std::string_view text) { out_.sql += text; }

void DialectWriter::Copy(size_t index) {
  const Token& token = At(index);
  Mark(index);
  if (token.kind == TokenKind::kQuoted) return Raw(duck::QuoteIdentifier(token.text));
  if (token.kind == TokenKind::kString) return Raw(QuoteString(token.text));
  Raw(token.text);
}

Status DialectWriter::List(const std::vector<TokenRange>& ranges, size_t first, size_t step) {
  for (size_t i = first; i < ranges.size(); i += step) {
    if (i != first) Raw(",");
    STROM_RETURN_IF_ERROR(Range(ranges[i]));
  }
  return Status::Ok();
}

Status DialectWriter::Range(TokenRange range) {
  size_t next = range.first;
  while (next < range.second) {
    switch (At(next).kind) {
      case TokenKind::kHint:
        ++next;
        break;
      case TokenKind::kWord:
        STROM_RETURN_IF_ERROR(Word(next));
        break;
      case TokenKind::kSymbol:
        STROM_RETURN_IF_ERROR(Symbol(next));
        break;
      default:
        Copy(next++);
    }
  }
  return Status::Ok();
}

Status DialectWriter::Symbol(size_t& next) {
  static constexpr std::array<std::string_view, 20> kAllowed = {
      "(", ")", "[", "]", ",",  ".",  "+",  "-",  "*",  "/",
      "%", "=", "<", ">", "<>", "!=", "<=", ">=", "||", "=>"};
  if (std::ranges::count(kAllowed, At(next).text) == 0) {
    return ErrorAt(At(next).at, fmt::format("'{}' means nothing here", At(next).text));
  }
  Copy(next++);
  return Status::Ok();
}

Status DialectWriter::Word(size_t& next) {
  const std::string& word = At(next).upper;
  const bool call = At(next + 1).Is("(");
  if (call) {
    static const std::map<std::string_view, Rule> kCalls = {
        {"CAST", &DialectWriter::Cast},
        {"TRY_CAST", &DialectWriter::Cast},
        {"TIMESTAMPDIFF", &DialectWriter::UnitCall},
        {"TIMESTAMPADD", &DialectWriter::UnitCall},
        {"DATEDIFF", &DialectWriter::UnitCall},
        {"EXTRACT", &DialectWriter::Extract},
        {"FLOOR", &DialectWriter::FloorTo},
        {"CEIL", &DialectWriter::FloorTo},
        {"CEILING", &DialectWriter::FloorTo},
        {"JSON_OBJECT", &DialectWriter::JsonObject},
        {"JSON_VALUE", &DialectWriter::JsonValue},
        {"TABLE", &DialectWriter::Table},
    };
    if (const auto it = kCalls.find(word); it != kCalls.end()) return (this->*it->second)(next);
    if (word == "MATCH_RECOGNIZE") {
      return ErrorAt(At(next).at, "MATCH_RECOGNIZE is not supported");
    }
    if (IsWindowFunction(At(next)) && At(next + 2).IsWord("TABLE")) {
      STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(next + 1));
      STROM_RETURN_IF_ERROR(WindowFunction(next));
      next = behind;
      return Status::Ok();
    }
  }
  if (word == "MAP" && At(next + 1).Is("[")) return MapLiteral(next);
  if (word == "INTERVAL") return Interval(next);
  if (word == "FOR" && At(next + 1).IsWord("SYSTEM_TIME")) return SystemTime(next);
  Copy(next++);
  return Status::Ok();
}

// CAST(x AS type): the type goes along as text, for DuckDB's has no precisions and lengths.
Status DialectWriter::Cast(size_t& next) {
  STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(next + 1));
  const TokenRange inside{next + 2, behind - 1};
  const size_t as = FindWord(inside, "AS");
  if (as == inside.second) return ErrorAt(At(next).at, "expected CAST(value AS type)");
  TokenCursor cursor(tokens_, as + 1);
  STROM_ASSIGN_OR_RETURN(const DataType type, ParseType(cursor));
  if (cursor.index() != inside.second) return cursor.Expected("')'");
  std::string text;
  for (size_t i = as + 1; i < inside.second; ++i) {
    const Token& token = At(i);
    text += token.kind == TokenKind::kQuoted ? QuoteForScript(token.text) : token.text;
    text += ' ';
  }
  Mark(next);
  Raw(At(next).IsWord("CAST") ? "strom_cast(" : "strom_try_cast(");
  STROM_RETURN_IF_ERROR(Range({inside.first, as}));
  Raw(fmt::format(", {})", QuoteString(text)));
  next = behind;
  return Status::Ok();
}

// TIMESTAMPDIFF(MINUTE, a, b): the unit as a text.
Status DialectWriter::UnitCall(size_t& next) {
  STROM_ASSIGN_OR_RETURN(const std::vector<TokenRange> arguments, Arguments(next + 1));
  STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(next + 1));
  if (arguments.size() != 3) {
    Copy(next++);  // DATEDIFF(a, b); of the others the binder says what is wrong.
    return Status::Ok();
  }
  const TokenRange unit = arguments[0];
  if (unit.second != unit.first + 1 || !IsUnit(At(unit.first))) {
    return ErrorAt(At(unit.first).at, "expected a unit of time: SECOND, MINUTE, HOUR, DAY, …");
  }
  Copy(next);
  Raw(fmt::format("('{}',", At(unit.first).upper));
  STROM_RETURN_IF_ERROR(List(arguments, 1, 1));
  Raw(")");
  next = behind;
  return Status::Ok();
}

Status DialectWriter::Extract(size_t& next) {
  STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(next + 1));
  if (At(next + 2).kind != TokenKind::kWord || !At(next + 3).IsWord("FROM")) {
    return ErrorAt(At(next + 2).at, "expected EXTRACT(unit FROM value)");
  }
  Mark(next);
  Raw(fmt::format("strom_extract('{}',", At(next + 2).upper));
  STROM_RETURN_IF_ERROR(Range({next + 4, behind - 1}));
  Raw(")");
  next = behind;
  return Status::Ok();
}

// FLOOR(x TO HOUR).
Status DialectWriter::FloorTo(size_t& next) {
  STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(next + 1));
  const size_t to = FindWord({next + 2, behind - 1}, "TO");
  if (to == behind - 1) {
    Copy(next++);
    return Status::Ok();
  }
  if (to + 2 != behind - 1 || !IsUnit(At(to + 1))) {
    return ErrorAt(At(to + 1).at, "expected a unit of time: SECOND, MINUTE, HOUR, DAY, …");
  }
  Mark(next);
  Raw(fmt::format("{}('{}',", At(next).IsWord("FLOOR") ? "strom_floor_to" : "strom_ceil_to",
                  At(to + 1).upper));
  STROM_RETURN_IF_ERROR(Range({next + 2, to}));
  Raw(")");
  next = behind;
  return Status::Ok();
}

// MAP['a', 1, 'b', 2].
Status DialectWriter::MapLiteral(size_t& next) {
  STROM_ASSIGN_OR_RETURN(const std::vector<TokenRange> arguments, Arguments(next + 1));
  STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(next + 1));
  if (arguments.size() % 2 != 0 || arguments.empty()) {
    return ErrorAt(At(next).at, "MAP needs a value for each key");
  }
  Copy(next);
  Raw("([");
  STROM_RETURN_IF_ERROR(List(arguments, 0, 2));
  Raw("],[");
  STROM_RETURN_IF_ERROR(List(arguments, 1, 2));
  Raw("])");
  next = behind;
  return Status::Ok();
}

// INTERVAL '5' MINUTE: to_minutes(5).
Status DialectWriter::Interval(size_t& next) {
  const size_t begin = next;
  const bool minus = At(next + 1).Is("-");
  const size_t text = next + (minus ? 2 : 1);
  const Token& amount = At(text);
  if (amount.kind != TokenKind::kString) {
    Copy(next++);  // A column of that name.
    return Status::Ok();
  }
  const Token& unit = At(text + 1);
  const auto it = IntervalUnits().find(unit.upper);
  if (it == IntervalUnits().end()) return ErrorAt(unit.at, "expected a unit: SECOND, MINUTE, …");
  int64_t number = 0;
  const char* end = amount.text.data() + amount.text.size();
  if (std::from_chars(amount.text.data(), end, number).ptr != end || amount.text.empty()) {
    return ErrorAt(amount.at, "expected a whole number of units");
  }
  next = text + 2;
  if (At(next).Is("(")) {  // SECOND(3): a precision.
    STROM_ASSIGN_OR_RETURN(next, Behind(next));
  }
  if (At(next).IsWord("TO")) {
    return ErrorAt(At(next).at, "intervals of two units are not supported: add two intervals");
  }
  Mark(begin);
  Raw(fmt::format("{}({}{})", it->second, minus ? "-" : "", number));
  return Status::Ok();
}

// FOR SYSTEM_TIME AS OF x: a lookup join; here a join like any other, kept up to date.
Status DialectWriter::SystemTime(size_t& next) {
  size_t i = next + 2;
  if (!At(i).IsWord("AS") || !At(i + 1).IsWord("OF")) {
    return ErrorAt(At(next).at, "expected FOR SYSTEM_TIME AS OF");
  }
  i += 2;
  if (At(i).IsWord("TIMESTAMP") || At(i).kind == TokenKind::kString) {
    return ErrorAt(At(i).at, "a table at a fixed time is not supported");
  }
  ++i;
  while (At(i).Is(".")) i += 2;
  if (At(i).Is("(")) {
    STROM_ASSIGN_OR_RETURN(i, Behind(i));
  }
  next = i;
  return Status::Ok();
}

// JSON_OBJECT(KEY 'a' VALUE x, 'b' VALUE y).
Status DialectWriter::JsonObject(size_t& next) {
  STROM_ASSIGN_OR_RETURN(const std::vector<TokenRange> arguments, Arguments(next + 1));
  STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(next + 1));
  Copy(next);
  Raw("(");
  for (size_t i = 0; i < arguments.size(); ++i) {
    TokenRange range = arguments[i];
    if (At(range.first).IsWord("KEY")) ++range.first;
    const size_t value = FindWord(range, "VALUE");
    if (value >= range.second) return ErrorAt(At(range.first).at, "expected KEY … VALUE …");
    if (i > 0) Raw(",");
    STROM_RETURN_IF_ERROR(Range({range.first, value}));
    Raw(",");
    STROM_RETURN_IF_ERROR(Range({value + 1, range.second}));
  }
  Raw(")");
  next = behind;
  return Status::Ok();
}

// JSON_VALUE(x, '$.a' RETURNING INT).
Status DialectWriter::JsonValue(size_t& next) {
  STROM_ASSIGN_OR_RETURN(const std::vector<TokenRange> arguments, Arguments(next + 1));
  STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(next + 1));
  if (arguments.size() != 2) return ErrorAt(At(next).at, "expected JSON_VALUE(text, path)");
  const TokenRange path = arguments[1];
  std::string type = "STRING";
  if (path.second > path.first + 1) {
    if (!At(path.first + 1).IsWord("RETURNING")) {
      return ErrorAt(At(path.first + 1).at, "expected ')' or RETURNING");
    }
    TokenCursor cursor(tokens_, path.first + 2);
    STROM_ASSIGN_OR_RETURN(const DataType parsed, ParseType(cursor));
    if (cursor.index() != path.second) return cursor.Expected("')'");
    type = parsed.ToString();
  }
  Mark(next);
  Raw("strom_json_value(");
  STROM_RETURN_IF_ERROR(Range(arguments[0]));
  Raw(",");
  Copy(path.first);
  Raw(fmt::format(", {})", QuoteString(type)));
  next = behind;
  return Status::Ok();
}

// TABLE(TUMBLE(…)), and LATERAL TABLE(f(x)), which is refused.
Status DialectWriter::Table(size_t& next) {
  STROM_ASSIGN_OR_RETURN(const size_t behind, Behind(next + 1));
  const Token& function = At(next + 2);
  if (!IsWindowFunction(function) || !At(next + 3).Is("(")) {
    return ErrorAt(function.at,
                   fmt::format("table function {} is not supported: TUMBLE, HOP, CUMULATE, SESSION "
                               "and UNNEST are",
                               function.text));
  }
  STROM_RETURN_IF_ERROR(WindowFunction(next + 2));
  next = behind;
  return Status::Ok();
}

}  // namespace strom::sql
