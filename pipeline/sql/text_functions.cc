#include <array>

#include "pipeline/sql/functions.h"

namespace strom::sql {

using tree::Json;

namespace {

using F = Functions;
using T = ExpressionType;
using Types = Functions::Types;

T StringType() { return T::Of(DataType::String()); }
T IntType() { return T::Of(DataType::Int()); }

void AllText(Binder& b, Json& call, const Types& types) {
  for (size_t i = 0; i < types.size(); ++i) F::MakeText(b, call, types, i);
}

// f(text, …) with numbers behind, under DuckDB's or our name.
Result<T> TextThenInts(Binder& b, Json& call, const Types& types, std::string_view name) {
  call["function_name"] = name;
  F::MakeText(b, call, types, 0);
  for (size_t i = 1; i < types.size(); ++i) F::MakeInt(call, types, i);
  return StringType();
}

Result<T> AllTextTo(Binder& b, Json& call, const Types& types, std::string_view name) {
  call["function_name"] = name;
  AllText(b, call, types);
  return StringType();
}

template <size_t N>
struct Name {
  constexpr Name(const char (&text)[N]) { std::copy_n(text, N, value); }  // NOLINT
  char value[N];
};

template <Name name>
Result<T> AsText(Binder& b, Json& call, const Types& types) {
  return AllTextTo(b, call, types, name.value);
}
template <Name name>
Result<T> AsTextThenInts(Binder& b, Json& call, const Types& types) {
  return TextThenInts(b, call, types, name.value);
}
template <Name name>
Result<T> AsBoolean(Binder& b, Json& call, const Types& types) {
  STROM_RETURN_IF_ERROR(AllTextTo(b, call, types, name.value).status());
  return T::Of(DataType::Boolean());
}
// A BIGINT of DuckDB's that is INT in Flink.
template <Name name>
Result<T> AsInt(Binder& b, Json& call, const Types& types) {
  STROM_RETURN_IF_ERROR(AllTextTo(b, call, types, name.value).status());
  tree::Replace(call, tree::Cast(call, DataType::Int()));
  return IntType();
}

Result<T> HashCode(Binder& b, Json& call, const Types& types) {
  STROM_RETURN_IF_ERROR(AllTextTo(b, call, types, "flink_hash_code").status());
  return IntType();
}

Result<T> Locate(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_locate";
  F::MakeText(b, call, types, 0);
  F::MakeText(b, call, types, 1);
  F::MakeInt(call, types, 2);
  return IntType();
}

// POSITION(a IN b), INSTR(b, a): the text comes first.
Result<T> Position(Binder& b, Json& call, const Types& types) {
  STROM_RETURN_IF_ERROR(Locate(b, call, types).status());
  std::swap(call["children"][0], call["children"][1]);
  return IntType();
}

Result<T> SplitIndex(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_split_index";
  F::MakeText(b, call, types, 0);
  if (types[1].IsInteger()) {
    F::MakeInt(call, types, 1);
  } else {
    F::MakeText(b, call, types, 1);
  }
  F::MakeInt(call, types, 2);
  return StringType();
}

Result<T> RegexpExtract(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_regexp_extract";
  F::MakeText(b, call, types, 0);
  F::MakeInt(call, types, 2);
  return StringType();
}

Result<T> Pad(Binder& b, Json& call, const Types& types, std::string_view name) {
  call["function_name"] = name;
  F::MakeText(b, call, types, 0);
  F::MakeInt(call, types, 1);
  F::MakeText(b, call, types, 2);
  return StringType();
}
Result<T> Lpad(Binder& b, Json& call, const Types& types) {
  return Pad(b, call, types, "flink_lpad");
}
Result<T> Rpad(Binder& b, Json& call, const Types& types) {
  return Pad(b, call, types, "flink_rpad");
}

// SIMILAR TO: the pattern's % and _ as a regular expression's.
Result<T> Similar(Binder& b, Json& call, const Types& types) {
  AllText(b, call, types);
  const auto pattern = tree::ConstantText(call["children"][1]);
  if (!pattern) return F::Fail(b, call, "SIMILAR TO needs a constant pattern");
  std::string regex;
  for (const char c : *pattern) {
    if (c == '%') {
      regex += ".*";
    } else if (c == '.' || c == '^' || c == '$' || c == '\\') {
      regex += {'\\', c};
    } else {
      regex += c == '_' ? '.' : c;
    }
  }
  call["children"][1] = tree::String(regex);
  return T::Of(DataType::Boolean());
}

constexpr std::array kFunctions = {
    F::Entry{"upper", 1, 1, AsText<"upper">},
    F::Entry{"lower", 1, 1, AsText<"lower">},
    F::Entry{"trim", 1, 2, AsText<"trim">},
    F::Entry{"ltrim", 1, 2, AsText<"ltrim">},
    F::Entry{"rtrim", 1, 2, AsText<"rtrim">},
    F::Entry{"btrim", 1, 2, AsText<"trim">},
    F::Entry{"replace", 3, 3, AsText<"replace">},
    F::Entry{"reverse", 1, 1, AsText<"reverse">},
    F::Entry{"initcap", 1, 1, AsText<"flink_initcap">},
    F::Entry{"concat", 1, 1000, AsText<"flink_concat">},
    F::Entry{"concat_ws", 1, 1000, AsText<"flink_concat_ws">},
    F::Entry{"md5", 1, 1, AsText<"md5">},
    F::Entry{"sha1", 1, 1, AsText<"sha1">},
    F::Entry{"sha256", 1, 1, AsText<"sha256">},
    F::Entry{"regexp_replace", 3, 3, AsText<"flink_regexp_replace">},
    F::Entry{"substring", 2, 3, AsTextThenInts<"flink_substring">},
    F::Entry{"substr", 2, 3, AsTextThenInts<"flink_substring">},
    F::Entry{"repeat", 2, 2, AsTextThenInts<"repeat">},
    F::Entry{"left", 2, 2, AsTextThenInts<"left">},
    F::Entry{"right", 2, 2, AsTextThenInts<"right">},
    F::Entry{"regexp", 2, 2, AsBoolean<"regexp_matches">},
    F::Entry{"starts_with", 2, 2, AsBoolean<"starts_with">},
    F::Entry{"startswith", 2, 2, AsBoolean<"starts_with">},
    F::Entry{"endswith", 2, 2, AsBoolean<"suffix">},
    F::Entry{"like_escape", 3, 3, AsBoolean<"like_escape">},
    F::Entry{"not_like_escape", 3, 3, AsBoolean<"not_like_escape">},
    F::Entry{"char_length", 1, 1, AsInt<"length">},
    F::Entry{"character_length", 1, 1, AsInt<"length">},
    F::Entry{"length", 1, 1, AsInt<"length">},
    F::Entry{"ascii", 1, 1, AsInt<"ascii">},
    F::Entry{"hash_code", 1, 1, HashCode},
    F::Entry{"locate", 2, 3, Locate},
    F::Entry{"position", 2, 2, Position},
    F::Entry{"instr", 2, 2, Position},
    F::Entry{"split_index", 3, 3, SplitIndex},
    F::Entry{"regexp_extract", 2, 3, RegexpExtract},
    F::Entry{"lpad", 3, 3, Lpad},
    F::Entry{"rpad", 3, 3, Rpad},
    F::Entry{"regexp_full_match", 2, 3, Similar},
};

}  // namespace

std::span<const Functions::Entry> Functions::TextFunctions() { return kFunctions; }

}  // namespace strom::sql
