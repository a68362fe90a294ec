#include <algorithm>
#include <array>

#include "pipeline/sql/functions.h"

namespace strom::sql {

using tree::Json;

namespace {

using F = Functions;
using T = ExpressionType;
using Types = Functions::Types;

T BigInt() { return T::Of(DataType::BigInt()); }

Json Offset(Binder& b, Json seconds, std::string_view symbol) {
  if (F::ZoneOffset(b) == 0) return seconds;
  return tree::Operator(symbol, {std::move(seconds), tree::Integer(F::ZoneOffset(b))});
}

// YEAR(x), EXTRACT(YEAR FROM x), …: BIGINT.
Result<T> Part(Binder& b, Json& call, std::string_view unit, Json value, const T& type) {
  if (!type.IsTemporal() && !type.IsString() && type.kind == T::Kind::kValue) {
    return F::Fail(b, call, fmt::format("{} of {} is not possible", unit, type.ToString()));
  }
  Json local = type.Is(TypeKind::kTime) || type.IsDate() ? std::move(value)
                                                         : F::Timestamp(b, std::move(value), type);
  const std::string part = Lower(unit);
  if (part == "dow" || part == "day_of_week" || part == "dayofweek") {
    Json day = type.IsDate() ? std::move(local) : tree::Cast(std::move(local), DataType::Date());
    tree::Replace(call,
                  tree::Cast(tree::Call("flink_dayofweek", {std::move(day)}), DataType::BigInt()));
    return BigInt();
  }
  if (part == "epoch") {
    Json utc =
        tree::Call("flink_unix_timestamp", {tree::Cast(std::move(local), DataType::Timestamp(6))});
    tree::Replace(call, Offset(b, std::move(utc), "-"));
    return BigInt();
  }
  static constexpr std::string_view kParts[] = {"year", "quarter", "month",  "week",  "day",
                                                "doy",  "hour",    "minute", "second"};
  if (part == "millisecond") {  // Of the second; DuckDB's counts whole seconds, too.
    Json number = tree::Call("date_part", {tree::String(part), std::move(local)});
    tree::Replace(call, tree::Operator("%", {std::move(number), tree::Integer(1000)}));
    return BigInt();
  }
  if (std::ranges::count(kParts, part) == 0) {
    return F::Fail(b, call, fmt::format("EXTRACT({}) is not supported", unit));
  }
  if ((part == "year" || part == "month" || part == "day") && !type.Is(TypeKind::kTime)) {
    Json day = type.IsDate() ? std::move(local) : tree::Cast(std::move(local), DataType::Date());
    tree::Replace(call, tree::Call("flink_" + part, {std::move(day)}));
    return BigInt();
  }
  tree::Replace(call, tree::Call("date_part", {tree::String(part), std::move(local)}));
  return BigInt();
}

Result<T> PartByName(Binder& b, Json& call, const Types& types) {
  std::string unit = Lower(tree::Text(call, "function_name"));
  if (unit == "dayofmonth") unit = "day";
  if (unit == "dayofyear") unit = "doy";
  return Part(b, call, unit, call["children"][0], types[0]);
}

Result<T> Extract(Binder& b, Json& call, const Types& types) {
  const std::string unit = tree::ConstantText(call["children"][0]).value_or("");
  return Part(b, call, unit, call["children"][1], types[1]);
}

// FLOOR(x TO unit), CEIL(x TO unit).
Result<T> FloorTo(Binder& b, Json& call, const Types& types) {
  const std::string unit = Lower(tree::ConstantText(call["children"][0]).value_or(""));
  const bool ceil = tree::Text(call, "function_name") == "strom_ceil_to";
  const T& type = types[1];
  if (!type.IsTimestamp() && !type.IsLtz() && !type.IsDate()) {
    return F::Fail(b, call, fmt::format("{} cannot be rounded to {}", type.ToString(), unit));
  }
  const Json local = F::Timestamp(b, call["children"][1], type);
  Json out = tree::Call("date_trunc", {tree::String(unit), local});
  if (ceil) {
    const std::string step = unit == "quarter" ? "to_months" : fmt::format("to_{}s", unit);
    const Json next =
        tree::Operator("+", {out, tree::Call(step, {tree::Integer(unit == "quarter" ? 3 : 1)})});
    out = tree::Case(tree::Compare("COMPARE_EQUAL", out, local), out, next);
  }
  if (type.IsDate()) out = tree::Cast(std::move(out), DataType::Date());
  if (type.IsLtz()) out = F::FromLocal(b, std::move(out));
  tree::Replace(call, std::move(out));
  return type;
}

Result<T> DateFormat(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_date_format";
  if (!types[0].IsString()) {
    call["children"][0] = F::Timestamp(b, call["children"][0], types[0]);
  }
  return T::Of(DataType::String());
}

Result<T> ToTimestamp(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_to_timestamp";
  F::MakeText(b, call, types, 0);
  return T::Of(DataType::Timestamp(3));
}

Result<T> ToTimestampLtz(Binder&, Json& call, const Types& types) {
  call["function_name"] = "flink_to_timestamp_ltz";
  if (types.size() == 1) call["children"].push_back(tree::Integer(3));
  return T::Of(DataType::TimestampLtz(3));
}

Result<T> ToDate(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_to_date";
  F::MakeText(b, call, types, 0);
  return T::Of(DataType::Date());
}

Result<T> Date(Binder& b, Json& call, const Types& types) {
  STROM_ASSIGN_OR_RETURN(Json cast, F::Cast(b, call["children"][0], types[0], DataType::Date()));
  tree::Replace(call, std::move(cast));
  return T::Of(DataType::Date());
}

// TIMESTAMPDIFF(unit, a, b): b - a in full units.
Result<T> TimestampDiff(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_timestampdiff";
  for (size_t i = 1; i < 3; ++i) {
    call["children"][i] = F::Timestamp(b, call["children"][i], types[i]);
  }
  return T::Of(DataType::Int());
}

// DATEDIFF(a, b): days from b to a. Not Flink's; in many people's scripts.
Result<T> DateDiff(Binder& b, Json& call, const Types& types) {
  if (types.size() == 3) return TimestampDiff(b, call, types);
  std::vector<Json> days_of;
  for (const size_t i : {1, 0}) {
    STROM_ASSIGN_OR_RETURN(days_of.emplace_back(),
                           F::Cast(b, call["children"][i], types[i], DataType::Date()));
  }
  Json days = tree::Call("date_diff", {tree::String("day"), days_of[0], days_of[1]});
  tree::Replace(call, tree::Cast(std::move(days), DataType::Int()));
  return T::Of(DataType::Int());
}

Result<T> TimestampAdd(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_timestampadd";
  const std::string unit = Lower(tree::ConstantText(call["children"][0]).value_or(""));
  call["children"][2] = F::Timestamp(b, call["children"][2], types[2]);
  if (types[2].IsLtz()) {
    tree::Replace(call, F::FromLocal(b, call));
    return types[2];
  }
  static constexpr std::string_view kDays[] = {"day", "week", "month", "quarter", "year"};
  if (types[2].IsDate() && std::ranges::count(kDays, unit) > 0) {
    tree::Replace(call, tree::Cast(call, DataType::Date()));
    return types[2];
  }
  return types[2].IsTimestamp() ? types[2] : T::Of(DataType::Timestamp(3));
}

Result<T> UnixTimestamp(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_unix_timestamp";
  if (types.empty()) {
    call["children"] = Json::array({F::Clock(b)["child"]});
    return BigInt();
  }
  if (!types[0].IsString()) {
    call["children"][0] = F::Timestamp(b, call["children"][0], types[0]);
  }
  tree::Replace(call, Offset(b, call, "-"));
  return BigInt();
}

Result<T> FromUnixtime(Binder& b, Json& call, const Types& types) {
  call["function_name"] = "flink_from_unixtime";
  if (!types[0].IsInteger()) {
    return F::Fail(b, call, fmt::format("FROM_UNIXTIME needs BIGINT, not {}", types[0].ToString()));
  }
  call["children"][0] = Offset(b, call["children"][0], "+");
  return T::Of(DataType::String());
}

Result<T> Now(Binder& b, Json& call, const Types&) {
  tree::Replace(call, F::Clock(b));
  return T::Of(DataType::TimestampLtz(3));
}
Result<T> LocalNow(Binder& b, Json& call, const Types&) {
  tree::Replace(call, F::LocalClock(b));
  return T::Of(DataType::Timestamp(3));
}
Result<T> Today(Binder& b, Json& call, const Types&) {
  tree::Replace(call, tree::Cast(F::LocalClock(b), DataType::Date()));
  return T::Of(DataType::Date());
}
Result<T> TimeNow(Binder& b, Json& call, const Types&) {
  tree::Replace(call, tree::Cast(F::LocalClock(b), DataType::Time(0)));
  return T::Of(DataType::Time(0));
}

Result<T> MakeInterval(Binder&, Json&, const Types&) { return T::Interval(); }

constexpr std::array kFunctions = {
    F::Entry{"year", 1, 1, PartByName},
    F::Entry{"quarter", 1, 1, PartByName},
    F::Entry{"month", 1, 1, PartByName},
    F::Entry{"week", 1, 1, PartByName},
    F::Entry{"dayofyear", 1, 1, PartByName},
    F::Entry{"dayofmonth", 1, 1, PartByName},
    F::Entry{"dayofweek", 1, 1, PartByName},
    F::Entry{"hour", 1, 1, PartByName},
    F::Entry{"minute", 1, 1, PartByName},
    F::Entry{"second", 1, 1, PartByName},
    F::Entry{"strom_extract", 2, 2, Extract},
    F::Entry{"strom_floor_to", 2, 2, FloorTo},
    F::Entry{"strom_ceil_to", 2, 2, FloorTo},
    F::Entry{"date_format", 2, 2, DateFormat},
    F::Entry{"to_timestamp", 1, 2, ToTimestamp},
    F::Entry{"to_timestamp_ltz", 1, 2, ToTimestampLtz},
    F::Entry{"to_date", 1, 2, ToDate},
    F::Entry{"date", 1, 1, Date},
    F::Entry{"timestampdiff", 3, 3, TimestampDiff},
    F::Entry{"datediff", 2, 3, DateDiff},
    F::Entry{"timestampadd", 3, 3, TimestampAdd},
    F::Entry{"unix_timestamp", 0, 2, UnixTimestamp},
    F::Entry{"from_unixtime", 1, 2, FromUnixtime},
    F::Entry{"now", 0, 0, Now},
    F::Entry{"proctime", 0, 0, Now},
    F::Entry{"current_timestamp", 0, 0, Now},
    F::Entry{"current_row_timestamp", 0, 0, Now},
    F::Entry{"localtimestamp", 0, 0, LocalNow},
    F::Entry{"current_date", 0, 0, Today},
    F::Entry{"current_time", 0, 0, TimeNow},
    F::Entry{"localtime", 0, 0, TimeNow},
    F::Entry{"to_milliseconds", 1, 1, MakeInterval},
    F::Entry{"to_seconds", 1, 1, MakeInterval},
    F::Entry{"to_minutes", 1, 1, MakeInterval},
    F::Entry{"to_hours", 1, 1, MakeInterval},
    F::Entry{"to_days", 1, 1, MakeInterval},
    F::Entry{"to_weeks", 1, 1, MakeInterval},
    F::Entry{"to_months", 1, 1, MakeInterval},
    F::Entry{"to_years", 1, 1, MakeInterval},
};

}  // namespace

std::span<const Functions::Entry> Functions::TimeFunctions() { return kFunctions; }

}  // namespace strom::sql
