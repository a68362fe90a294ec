#pragma once

#include <span>
#include <string_view>

#include "common/base/result.h"
#include "pipeline/sql/binder.h"

namespace strom::sql {

// For sources only, of this folder: Flink's functions, what each becomes in DuckDB and what type it
// has. For the binder.
struct Functions {
  using Json = tree::Json;
  using Types = std::vector<ExpressionType>;
  // Rewrites `call`, whose arguments are bound and have these types.
  using Handler = Result<ExpressionType> (*)(Binder& binder, Json& call, const Types& types);

  struct Entry {
    std::string_view name;
    size_t arguments_min;
    size_t arguments_max;
    Handler handler;
  };

  static std::span<const Entry> TextFunctions();    // text_functions.cc
  static std::span<const Entry> NumberFunctions();  // number_functions.cc
  static std::span<const Entry> TimeFunctions();    // time_functions.cc
  static std::span<const Entry> OtherFunctions();   // functions.cc: collections, JSON, windows

  // What handlers need of the binder.
  static Status Fail(const Binder& binder, const Json& at, std::string_view message) {
    return binder.Fail(at, message);
  }
  static Json Text(const Binder& binder, Json value, const ExpressionType& type) {
    return binder.ToText(std::move(value), type);
  }
  static Json Timestamp(const Binder& binder, Json value, const ExpressionType& type) {
    return binder.AsTimestamp(std::move(value), type);
  }
  static Result<Json> Cast(Binder& binder, Json value, const ExpressionType& from,
                           const DataType& to, bool try_cast = false) {
    return binder.CastValue(std::move(value), from, to, try_cast, 0);
  }
  static Json Clock(Binder& binder) { return binder.Clock(); }
  static Json LocalClock(Binder& binder) { return binder.LocalClock(); }
  static Json FromLocal(const Binder& binder, Json value) {
    return binder.FromLocal(std::move(value));
  }
  static int32_t ZoneOffset(const Binder& binder) { return binder.options_.zone_offset_seconds; }
  static duck::Database& Database(Binder& binder) { return binder.database_; }
  static Result<Json> Fill(Binder& binder, const std::string& sql, const Json& a) {
    return binder.Fill(sql, a, Json());
  }
  static Result<ExpressionType> Common(Binder& binder, const Json& at, const Types& types) {
    return binder.Common(at, types);
  }
  static Result<ExpressionType> Ask(Binder& binder, const Json& call, const Types& types) {
    return binder.AskEngine(call, types);
  }
  static Result<ExpressionType> Modulo(Binder& binder, Json& call, const Types& types) {
    call["function_name"] = "%";
    call["is_operator"] = true;
    return binder.Arithmetics(call, types);
  }
  // The argument as INTEGER, which some functions insist on.
  static void MakeInt(Json& call, const Types& types, size_t index) {
    if (index < types.size() && !types[index].Is(TypeKind::kInt)) {
      call["children"][index] = tree::Cast(call["children"][index], DataType::Int());
    }
  }
  static void MakeText(const Binder& binder, Json& call, const Types& types, size_t index) {
    if (index < types.size()) {
      call["children"][index] = Text(binder, call["children"][index], types[index]);
    }
  }
};

}  // namespace strom::sql
