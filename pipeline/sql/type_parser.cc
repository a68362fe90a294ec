#include "pipeline/sql/type_parser.h"

#include <utility>
#include <vector>

#include "common/types/decimal.h"

namespace strom::sql {
namespace {

constexpr int kNestingMax = 32;
constexpr int32_t kTimestampPrecision = 6;  // Flink's default.

Result<DataType> ParseNested(TokenCursor& cursor, int depth);

// "(n)", from low to high; `fallback` if there is none.
Result<int32_t> Parameter(TokenCursor& cursor, int32_t fallback, int32_t low, int32_t high) {
  if (!cursor.TakeSymbol("(")) return fallback;
  const Position at = cursor.Peek().at;
  STROM_ASSIGN_OR_RETURN(const int32_t number, cursor.Number("a number"));
  if (number < low || number > high) {
    return ErrorAt(at, fmt::format("{} is not between {} and {}", number, low, high));
  }
  STROM_RETURN_IF_ERROR(cursor.ExpectSymbol(")"));
  return number;
}

Result<DataType> ParseDecimalType(TokenCursor& cursor) {
  if (!cursor.TakeSymbol("(")) return DataType::Decimal(10, 0);
  const Position at = cursor.Peek().at;
  STROM_ASSIGN_OR_RETURN(const int32_t precision, cursor.Number("a precision"));
  int32_t scale = 0;
  if (cursor.TakeSymbol(",")) {
    STROM_ASSIGN_OR_RETURN(scale, cursor.Number("a scale"));
  }
  STROM_RETURN_IF_ERROR(cursor.ExpectSymbol(")"));
  if (precision < 1 || precision > kDecimalDigitsMax || scale < 0 || scale > precision) {
    return ErrorAt(at, fmt::format("DECIMAL({}, {}): precision is 1 to {}, scale 0 to precision",
                                   precision, scale, kDecimalDigitsMax));
  }
  return DataType::Decimal(precision, scale);
}

Result<DataType> ParseTimestampType(TokenCursor& cursor) {
  STROM_ASSIGN_OR_RETURN(const int32_t precision, Parameter(cursor, kTimestampPrecision, 0, 9));
  if (cursor.TakeWords({"WITH", "LOCAL", "TIME", "ZONE"})) return DataType::TimestampLtz(precision);
  if (cursor.TakeWords({"WITHOUT", "TIME", "ZONE"})) return DataType::Timestamp(precision);
  if (cursor.Peek().IsWord("WITH")) return cursor.Expected("WITH LOCAL TIME ZONE");
  return DataType::Timestamp(precision);
}

Result<DataType> ParseRowType(TokenCursor& cursor, int depth) {
  const bool angle = cursor.TakeSymbol("<");
  if (!angle) STROM_RETURN_IF_ERROR(cursor.ExpectSymbol("("));
  std::vector<RowField> fields;
  do {
    STROM_ASSIGN_OR_RETURN(std::string name, cursor.Identifier("a field's name"));
    STROM_ASSIGN_OR_RETURN(DataType type, ParseNested(cursor, depth));
    fields.push_back({.name = std::move(name), .type = std::move(type), .description = {}});
    if (cursor.Peek().kind == TokenKind::kString) fields.back().description = cursor.Take().text;
  } while (cursor.TakeSymbol(","));
  STROM_RETURN_IF_ERROR(cursor.ExpectSymbol(angle ? ">" : ")"));
  return DataType::Row(std::move(fields));
}

Result<DataType> ParseGeneric(TokenCursor& cursor, const std::string& word, int depth) {
  if (word == "ROW") return ParseRowType(cursor, depth);
  STROM_RETURN_IF_ERROR(cursor.ExpectSymbol("<"));
  STROM_ASSIGN_OR_RETURN(DataType first, ParseNested(cursor, depth));
  if (word == "ARRAY") {
    STROM_RETURN_IF_ERROR(cursor.ExpectSymbol(">"));
    return DataType::Array(std::move(first));
  }
  STROM_RETURN_IF_ERROR(cursor.ExpectSymbol(","));
  STROM_ASSIGN_OR_RETURN(DataType second, ParseNested(cursor, depth));
  STROM_RETURN_IF_ERROR(cursor.ExpectSymbol(">"));
  return DataType::Map(std::move(first), std::move(second));
}

Result<DataType> ParseBare(TokenCursor& cursor, int depth) {
  if (cursor.Peek().kind != TokenKind::kWord) return cursor.Expected("a type");
  const Position at = cursor.Peek().at;
  const std::string word = cursor.Take().upper;
  if (word == "BOOLEAN") return DataType::Boolean();
  if (word == "TINYINT") return DataType::TinyInt();
  if (word == "SMALLINT") return DataType::SmallInt();
  if (word == "INT" || word == "INTEGER") return DataType::Int();
  if (word == "BIGINT") return DataType::BigInt();
  if (word == "FLOAT") return DataType::Float();
  if (word == "DOUBLE") {
    cursor.TakeWord("PRECISION");
    return DataType::Double();
  }
  if (word == "STRING") return DataType::String();
  if (word == "BYTES") return DataType::Bytes();
  if (word == "DATE") return DataType::Date();
  if (word == "DECIMAL" || word == "DEC" || word == "NUMERIC") return ParseDecimalType(cursor);
  if (word == "CHAR" || word == "VARCHAR" || word == "BINARY" || word == "VARBINARY") {
    STROM_ASSIGN_OR_RETURN(const int32_t length, Parameter(cursor, 1, 1, INT32_MAX));
    if (word == "CHAR") return DataType::Char(length);
    if (word == "BINARY") return DataType::Binary(length);
    return word == "VARCHAR" ? DataType::String() : DataType::Bytes();
  }
  if (word == "TIME") {
    STROM_ASSIGN_OR_RETURN(const int32_t precision, Parameter(cursor, 0, 0, 9));
    cursor.TakeWords({"WITHOUT", "TIME", "ZONE"});
    return DataType::Time(precision);
  }
  if (word == "TIMESTAMP") return ParseTimestampType(cursor);
  if (word == "TIMESTAMP_LTZ") {
    STROM_ASSIGN_OR_RETURN(const int32_t precision, Parameter(cursor, kTimestampPrecision, 0, 9));
    return DataType::TimestampLtz(precision);
  }
  if (word == "ARRAY" || word == "MAP" || word == "ROW") return ParseGeneric(cursor, word, depth);
  return ErrorAt(at, fmt::format("there is no type {}", word));
}

Result<DataType> ParseNested(TokenCursor& cursor, int depth) {
  if (depth >= kNestingMax) return cursor.Expected("at most 32 nested types");
  STROM_ASSIGN_OR_RETURN(DataType type, ParseBare(cursor, depth + 1));
  while (cursor.TakeWord("ARRAY")) type = DataType::Array(std::move(type));  // INT ARRAY.
  if (cursor.TakeWords({"NOT", "NULL"})) return type.NotNull();
  cursor.TakeWord("NULL");
  return type;
}

}  // namespace

Result<DataType> ParseType(TokenCursor& cursor) { return ParseNested(cursor, 0); }

}  // namespace strom::sql
