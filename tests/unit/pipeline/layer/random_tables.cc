#include "random_tables.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pipeline/layer/row_codec.h"

namespace strom::layer {

namespace {

constexpr int64_t kNoon = 1715342400000;  // 2024-05-10 12:00 UTC.

Column Make(std::string name, DataType type) { return {std::move(name), std::move(type), {}, {}}; }

const std::map<std::string, std::vector<std::string>>& Words() {
  static const std::map<std::string, std::vector<std::string>> words = {
      {"type", {"T1", "T2"}},
      {"js", {R"({"a": "x1", "n": 4, "o": {"z": 1}})", R"({"a": "x2", "n": 7})"}},
      {"region", {"N", "S", "E"}},
      {"flag", {"A", "B"}},
      {"status", {"ACTIVE", "OFF", "pending", "completed"}},
      {"location", {"北京朝阳区", "上海", "广州"}}};
  return words;
}

}  // namespace

RandomTables::RandomTables(std::vector<sql::SourceTable> tables, uint64_t seed)
    : tables_(std::move(tables)), rows_(tables_.size()), appended_(tables_.size()), random_(seed) {}

std::vector<sql::SourceTable> RandomTables::PowerGrid() {
  const DataType big = DataType::BigInt();
  const DataType text = DataType::String();
  const DataType time = DataType::Timestamp(3);
  const DataType money = DataType::Decimal(10, 2);
  return {
      {"dev",
       "db.dev",
       {Make("id", big), Make("name", text), Make("type", text), Make("region", text),
        Make("cap", money), Make("status", text), Make("tags", DataType::Array(text)),
        Make("ts", time)},
       {0}},
      {"mon",
       "db.mon",
       {Make("mid", big), Make("dev_id", big), Make("ts", time), Make("v", DataType::Double()),
        Make("p", money), Make("n", DataType::Int()), Make("flag", text)},
       {0}},
      {"alm",
       "db.alm",
       {Make("aid", big), Make("dev_id", DataType::Int()), Make("lvl", DataType::Int()),
        Make("ts", time), Make("resolved", DataType::Boolean()), Make("day", DataType::Date())},
       {0}},
      {"cust",
       "db.cust",
       {Make("cid", big), Make("grp", text), Make("dev_id", big), Make("contract", money)},
       {0, 1}},
      {"ev", "db.ev", {Make("dev_id", big), Make("lvl", DataType::Int()), Make("flag", text)}, {}}};
}

Value RandomTables::RandomValue(const Column& column, bool in_key) {
  if (!in_key && Below(20) == 0) return Value::Null();
  switch (column.type.kind()) {
    case TypeKind::kBoolean:
      return Value::Bool(Below(2) == 0);
    case TypeKind::kFloat:
      return Value::Float(static_cast<float>(Below(100)));
    case TypeKind::kDouble:
      return Value::Double(static_cast<double>(Below(100)));
    case TypeKind::kDecimal: {
      __int128 limit = 1;
      for (int i = 0; i < column.type.precision() && i < 6; ++i) limit *= 10;
      return Value::Dec(static_cast<int64_t>(Below(40)) * 133 % static_cast<int64_t>(limit));
    }
    case TypeKind::kDate:
      return Value::Int(kNoon / 86'400'000 - static_cast<int64_t>(Below(4)) + 1);
    case TypeKind::kTime:
      return Value::Int(static_cast<int64_t>(Below(24)) * 3'600'000);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return Value::Time(kNoon + (static_cast<int64_t>(Below(1200)) - 600) * 60'000);
    case TypeKind::kArray: {
      ValueList list(Below(3));
      for (Value& value : list) value = RandomValue({"", column.type.element(), {}, {}}, true);
      return Value::List(std::move(list));
    }
    case TypeKind::kMap:
      return Value::Map(
          {{Value::String("k"), RandomValue({"", column.type.value(), {}, {}}, true)}});
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return Value::Int(static_cast<int64_t>(Below(in_key ? 25 : 8)));
    default: {
      if (const auto words = Words().find(column.name); words != Words().end()) {
        return Value::String(words->second[Below(words->second.size())]);
      }
      return Value::String((in_key ? "k" : "w") + std::to_string(Below(in_key ? 12 : 5)));
    }
  }
}

Row RandomTables::RandomRow(size_t table) {
  Row row;
  for (size_t c = 0; c < tables_[table].columns.size(); ++c) {
    bool in_key = false;
    for (const size_t key : tables_[table].primary_key) in_key = in_key || key == c;
    row.push_back(RandomValue(tables_[table].columns[c], in_key));
  }
  return row;
}

std::vector<SourceDelta> RandomTables::Change(size_t count) {
  std::vector<pipeline::Delta> deltas(tables_.size());
  for (size_t n = 0; n < count; ++n) {
    const size_t table = Below(tables_.size());
    pipeline::Delta& delta = deltas[table];
    if (tables_[table].primary_key.empty()) {
      appended_[table].push_back(RandomRow(table));
      delta.push_back({true, appended_[table].back()});
      continue;
    }
    auto& rows = rows_[table];
    const size_t dice = Below(100);
    if (dice < 55 && !rows.empty()) {
      auto victim = std::next(rows.begin(), static_cast<ptrdiff_t>(Below(rows.size())));
      delta.push_back({false, victim->second});
      if (dice < 20) {
        rows.erase(victim);
        continue;
      }
      const Row fresh = RandomRow(table);
      for (size_t change = 0; change < 1 + Below(3); ++change) {
        const size_t c = Below(fresh.size());
        const auto& key = tables_[table].primary_key;
        if (std::find(key.begin(), key.end(), c) == key.end()) victim->second[c] = fresh[c];
      }
      delta.push_back({true, victim->second});
      continue;
    }
    Row fresh = RandomRow(table);
    const Bytes key = EncodeColumns(fresh, tables_[table].primary_key);
    if (const auto old = rows.find(key); old != rows.end()) delta.push_back({false, old->second});
    delta.push_back({true, fresh});
    rows[key] = std::move(fresh);
  }
  std::vector<SourceDelta> batch;
  for (size_t i = 0; i < deltas.size(); ++i) batch.push_back({i, std::move(deltas[i])});
  return batch;
}

std::vector<Row> RandomTables::RowsOf(size_t table) const {
  std::vector<Row> out = appended_[table];
  for (const auto& [key, row] : rows_[table]) out.push_back(row);
  return out;
}

}  // namespace strom::layer
