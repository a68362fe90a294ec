#include "pipeline/duckdb/decimal_sql.h"
#include "pipeline/sql/binder.h"
#include "pipeline/sql/token.h"
#include "pipeline/sql/type_parser.h"

namespace strom::sql {

using tree::Json;

namespace {

bool IsCastTo(const Json& node, std::string_view type) {
  return tree::IsClass(node, "CAST") && tree::Text(node["cast_type"], "id") == type;
}

int32_t TimestampDigits(const ExpressionType& type) {
  return type.IsTimestamp() || type.IsLtz() ? type.type.precision() : 0;
}

// A TIMESTAMP without the digits a type of `precision` does not have: cut, as Flink does.
Json CutTimestamp(Json value, int32_t from, int32_t precision) {
  if (from <= precision || precision > 3) return value;
  return tree::Call("date_trunc",
                    {tree::String(precision == 0 ? "second" : "milliseconds"), std::move(value)});
}

}  // namespace

Json Binder::ToLocal(Json instant) const {
  Json utc = IsCastTo(instant, "TIMESTAMP WITH TIME ZONE")
                 ? Json(instant["child"])
                 : tree::Cast(std::move(instant), DataType::Timestamp(6));
  if (options_.zone_offset_seconds == 0) return utc;
  return tree::Operator(
      "+",
      {std::move(utc), tree::Call("to_seconds", {tree::Integer(options_.zone_offset_seconds)})});
}

Json Binder::FromLocal(Json timestamp) const {
  if (options_.zone_offset_seconds != 0) {
    Json offset = tree::Call("to_seconds", {tree::Integer(options_.zone_offset_seconds)});
    timestamp = tree::Operator("-", {std::move(timestamp), std::move(offset)});
  }
  return tree::Cast(std::move(timestamp), DataType::TimestampLtz(6));
}

Json Binder::Clock() {
  uses_clock_ = true;
  return tree::Cast(tree::Call("strom_clock", {}), DataType::TimestampLtz(6));
}

Json Binder::LocalClock() { return ToLocal(Clock()); }

Json Binder::AsTimestamp(Json value, const ExpressionType& type) const {
  if (type.IsTimestamp()) return value;
  if (type.IsLtz()) return ToLocal(std::move(value));
  return tree::Cast(std::move(value), DataType::Timestamp(6));
}

Json Binder::ToText(Json value, const ExpressionType& from) const {
  if (from.IsString()) return value;
  if (from.kind == ExpressionType::Kind::kNull) {
    return tree::Cast(std::move(value), DataType::String());
  }
  if (from.IsTimestamp() || from.IsLtz()) {
    const int32_t digits = TimestampDigits(from);
    return tree::Call("flink_to_string",
                      {AsTimestamp(std::move(value), from), tree::Integer(digits)});
  }
  if (from.IsFloating() || from.Is(TypeKind::kBoolean)) {
    return tree::Call("flink_to_string", {std::move(value)});
  }
  if (from.IsBytes()) return tree::Call("decode", {std::move(value)});
  return tree::Cast(std::move(value), DataType::String());
}

Result<Json> Binder::CastValue(Json value, const ExpressionType& from, const DataType& to,
                               bool try_cast, int32_t text_length_max) {
  const ExpressionType target = ExpressionType::Of(to);
  if (from.kind != ExpressionType::Kind::kValue) return tree::Cast(std::move(value), to, try_cast);
  if (target.IsString()) {
    const bool same = from.IsString() && text_length_max == 0 && to.kind() != TypeKind::kChar;
    Json text = ToText(std::move(value), from);
    if (same) return text;
    if (to.kind() == TypeKind::kChar) {
      return tree::Call("flink_rpad",
                        {std::move(text), tree::Integer(to.length()), tree::String(" ")});
    }
    if (text_length_max == 0) return text;
    return tree::Call("left", {std::move(text), tree::Integer(text_length_max)});
  }
  if (from.type == to.WithNullable(true)) return value;
  if (target.IsDecimal() && from.IsNumeric()) {
    STROM_ASSIGN_OR_RETURN(const duck::TypedSql sql,
                           duck::ToDecimal(database_, {"strom_a", from.type}, to));
    return Fill(sql.sql, value, Json());
  }
  if (target.IsInteger() && (from.IsDecimal() || from.IsFloating())) {
    return tree::Cast(tree::Call("trunc", {std::move(value)}), to, try_cast);
  }
  if (target.IsBytes()) {
    return from.IsString() ? tree::Call("encode", {std::move(value)}) : std::move(value);
  }
  const int32_t digits = TimestampDigits(from);
  if (target.IsLtz()) {
    Json utc =
        from.IsLtz() ? Json() : tree::Cast(std::move(value), DataType::Timestamp(6), try_cast);
    if (!from.IsLtz()) {
      if (from.IsTimestamp()) utc = CutTimestamp(utc["child"], digits, to.precision());
      return FromLocal(std::move(utc));
    }
    if (digits <= to.precision()) return value;
    Json inner = IsCastTo(value, "TIMESTAMP WITH TIME ZONE")
                     ? Json(value["child"])
                     : tree::Cast(std::move(value), DataType::Timestamp(6));
    return tree::Cast(CutTimestamp(std::move(inner), digits, to.precision()), to);
  }
  if (from.IsLtz()) value = ToLocal(std::move(value));
  if (target.IsTimestamp() && (from.IsTimestamp() || from.IsLtz())) {
    return CutTimestamp(std::move(value), digits, to.precision());
  }
  return tree::Cast(std::move(value), to, try_cast);
}

// strom_cast(x, 'TYPE').
Result<ExpressionType> Binder::FlinkCast(Json& e, const Scope& scope, bool try_cast) {
  Json& child = e["children"][0];
  STROM_ASSIGN_OR_RETURN(const ExpressionType from, Expression(child, scope));
  STROM_ASSIGN_OR_RETURN(const std::vector<Token> tokens,
                         Tokenize(tree::ConstantText(e["children"][1]).value_or("")));
  TokenCursor cursor(tokens);
  int32_t length = 0;
  if (cursor.Peek().IsWord("VARCHAR") && cursor.Peek(1).Is("(")) {
    TokenCursor number(tokens, 2);
    STROM_ASSIGN_OR_RETURN(length, number.Number("a length"));
    if (length == INT32_MAX) length = 0;
  }
  STROM_ASSIGN_OR_RETURN(const DataType to, ParseType(cursor));
  if (from.kind == ExpressionType::Kind::kInterval) return Fail(e, "an INTERVAL cannot be cast");
  STROM_ASSIGN_OR_RETURN(Json value, CastValue(child, from, to, try_cast, length));
  tree::Replace(e, std::move(value));
  return ExpressionType::Of(to);
}

}  // namespace strom::sql
