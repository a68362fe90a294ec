#include "common/types/value.h"

#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "common/types/decimal.h"
#include "common/types/utf8.h"

namespace strom {
namespace {

constexpr int64_t kMillisOfDay = 86400000;

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// Equality of the values behind two pointers.
template <class T>
bool SameTarget(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) {
  return a == b || *a == *b;
}

std::string ListToString(const ValueList& list) {
  std::string out;
  for (const Value& value : list) {
    if (!out.empty()) out += ", ";
    out += value.ToString();
  }
  return out;
}

std::string MapToString(const ValueMap& map) {
  std::string out;
  for (const auto& [key, value] : map) {
    if (!out.empty()) out += ", ";
    out += key.ToString() + ": " + value.ToString();
  }
  return "{" + out + "}";
}

// What a value is, for messages; never its content, which may be large or private.
std::string_view KindOf(const Value& value) {
  constexpr std::string_view kNames[] = {"NULL",     "a boolean", "an integer", "a float",
                                         "a double", "bytes",     "a decimal",  "a timestamp",
                                         "a list",   "a map",     "a row"};
  static_assert(std::size(kNames) == std::variant_size_v<Value::Variant>);
  return kNames[value.variant().index()];
}

Status Misfit(const Value& value, const DataType& type) {
  return Error(ErrorCode::kCorruptRecord, "{} is no value of {}", KindOf(value), type.ToString());
}

Status CheckInteger(const Value& value, const DataType& type, int64_t min, int64_t max) {
  const auto* integer = value.get_if<int64_t>();
  if (integer == nullptr) return Misfit(value, type);
  if (*integer < min || *integer > max) {
    return Error(ErrorCode::kCorruptRecord, "{} is out of the range of {}, {} to {}", *integer,
                 type.ToString(), min, max);
  }
  return Status::Ok();
}

template <class Int>
Status CheckInteger(const Value& value, const DataType& type) {
  return CheckInteger(value, type, std::numeric_limits<Int>::min(),
                      std::numeric_limits<Int>::max());
}

Status CheckBytes(const Value& value, const DataType& type) {
  const auto* bytes = value.get_if<Bytes>();
  if (bytes == nullptr) return Misfit(value, type);
  if (type.kind() != TypeKind::kChar && type.kind() != TypeKind::kBinary) return Status::Ok();
  // CHAR counts characters: bytes that begin one. The indexed row, which has a place of that many
  // bytes, refuses what does not fit there by itself.
  const bool is_char = type.kind() == TypeKind::kChar;
  const auto size = !is_char ? static_cast<ptrdiff_t>(bytes->size())
                             : std::count_if(bytes->begin(), bytes->end(), [](char c) {
                                 return (static_cast<uint8_t>(c) & 0xC0) != 0x80;
                               });
  if (size > type.length()) {
    return Error(ErrorCode::kCorruptRecord, "{} {} are too many for {}", size,
                 is_char ? "characters" : "bytes", type.ToString());
  }
  return Status::Ok();
}

Status CheckDecimal(const Value& value, const DataType& type) {
  const auto* decimal = value.get_if<Decimal>();
  if (decimal == nullptr) return Misfit(value, type);
  if (!DecimalFits(decimal->unscaled, type.precision())) {
    return Error(ErrorCode::kCorruptRecord, "{} has too many digits for {}",
                 FormatDecimal(decimal->unscaled, type.scale()), type.ToString());
  }
  return Status::Ok();
}

Status CheckTimestamp(const Value& value, const DataType& type) {
  const auto* time = value.get_if<Timestamp>();
  if (time == nullptr) return Misfit(value, type);
  if (time->nanos_of_milli < 0 || time->nanos_of_milli > 999999) {
    return Error(ErrorCode::kCorruptRecord, "{} is no nanosecond of a millisecond of {}",
                 time->nanos_of_milli, type.ToString());
  }
  return Status::Ok();
}

Status Check(const Value& value, const DataType& type);

Status CheckArray(const Value& value, const DataType& type) {
  if (value.list() == nullptr) return Misfit(value, type);
  for (size_t i = 0; i < value.list()->size(); ++i) {
    if (Status s = Check((*value.list())[i], type.element()); !s.ok()) {
      return s.WithContext(fmt::format("element {}", i));
    }
  }
  return Status::Ok();
}

Status CheckMap(const Value& value, const DataType& type) {
  if (value.map() == nullptr) return Misfit(value, type);
  for (size_t i = 0; i < value.map()->size(); ++i) {
    const auto& [key, mapped] = (*value.map())[i];
    if (Status s = Check(key, type.key()); !s.ok()) {
      return s.WithContext(fmt::format("key of entry {}", i));
    }
    if (Status s = Check(mapped, type.value()); !s.ok()) {
      return s.WithContext(fmt::format("value of entry {}", i));
    }
  }
  return Status::Ok();
}

Status CheckRow(const Value& value, const DataType& type) {
  if (value.row() == nullptr) return Misfit(value, type);
  const std::vector<RowField>& fields = type.fields();
  if (value.row()->size() != fields.size()) {
    return Error(ErrorCode::kCorruptRecord, "a row of {} fields is no value of {}, which has {}",
                 value.row()->size(), type.ToString(), fields.size());
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (Status s = Check((*value.row())[i], fields[i].type); !s.ok()) {
      return s.WithContext(fmt::format("field {}", fields[i].name));
    }
  }
  return Status::Ok();
}

Status Check(const Value& value, const DataType& type) {
  if (value.is_null()) return type.nullable() ? Status::Ok() : Misfit(value, type);
  const auto alternative = [&](bool right) { return right ? Status::Ok() : Misfit(value, type); };
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return alternative(value.get_if<bool>() != nullptr);
    case TypeKind::kTinyInt:
      return CheckInteger<int8_t>(value, type);
    case TypeKind::kSmallInt:
      return CheckInteger<int16_t>(value, type);
    case TypeKind::kInt:
    case TypeKind::kDate:
      return CheckInteger<int32_t>(value, type);
    case TypeKind::kBigInt:
      return CheckInteger<int64_t>(value, type);
    case TypeKind::kTime:
      return CheckInteger(value, type, 0, kMillisOfDay - 1);
    case TypeKind::kFloat:
      return alternative(value.get_if<float>() != nullptr);
    case TypeKind::kDouble:
      return alternative(value.get_if<double>() != nullptr);
    case TypeKind::kChar:
    case TypeKind::kString:
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return CheckBytes(value, type);
    case TypeKind::kDecimal:
      return CheckDecimal(value, type);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return CheckTimestamp(value, type);
    case TypeKind::kArray:
      return CheckArray(value, type);
    case TypeKind::kMap:
      return CheckMap(value, type);
    case TypeKind::kRow:
      return CheckRow(value, type);
  }
  STROM_UNREACHABLE();
}

}  // namespace

Value Value::List(ValueList v) {
  return Value(Variant(std::make_shared<const ValueList>(std::move(v))));
}

Value Value::Map(ValueMap v) {
  return Value(Variant(std::make_shared<const ValueMap>(std::move(v))));
}

Value Value::Struct(Row v) {
  return Value(Variant(RowPtr{std::make_shared<const Row>(std::move(v))}));
}

const ValueList* Value::list() const {
  const auto* list = get_if<ListPtr>();
  return list != nullptr ? list->get() : nullptr;
}

const ValueMap* Value::map() const {
  const auto* map = get_if<MapPtr>();
  return map != nullptr ? map->get() : nullptr;
}

const Row* Value::row() const {
  const auto* row = get_if<RowPtr>();
  return row != nullptr ? row->row.get() : nullptr;
}

bool operator==(const Value& a, const Value& b) {
  if (a.v_.index() != b.v_.index()) return false;
  return std::visit(
      [&b]<class T>(const T& left) {
        const T& right = std::get<T>(b.v_);
        if constexpr (std::is_same_v<T, float>) {
          return std::bit_cast<uint32_t>(left) == std::bit_cast<uint32_t>(right);
        } else if constexpr (std::is_same_v<T, double>) {
          return std::bit_cast<uint64_t>(left) == std::bit_cast<uint64_t>(right);
        } else if constexpr (std::is_same_v<T, Value::RowPtr>) {
          return SameTarget(left.row, right.row);
        } else if constexpr (std::is_same_v<T, Value::ListPtr> ||
                             std::is_same_v<T, Value::MapPtr>) {
          return SameTarget(left, right);
        } else {
          return left == right;
        }
      },
      a.v_);
}

std::string Value::ToString() const {
  return std::visit(
      Overloaded{
          [](std::monostate) -> std::string { return "NULL"; },
          [](bool v) -> std::string { return v ? "true" : "false"; },
          [](int64_t v) { return fmt::format("{}", v); },
          [](float v) { return fmt::format("{}", v); },
          [](double v) { return fmt::format("{}", v); },
          [](const Bytes& v) { return IsUtf8(v) ? "'" + v + "'" : "0x" + ToHex(v); },
          [](Decimal v) { return FormatDecimal(v.unscaled, 0); },
          [](const Timestamp& v) { return fmt::format("{}ms+{}ns", v.millis, v.nanos_of_milli); },
          [](const ListPtr& v) { return "[" + ListToString(*v) + "]"; },
          [](const MapPtr& v) { return MapToString(*v); },
          [](const RowPtr& v) { return "(" + ListToString(*v.row) + ")"; },
      },
      v_);
}

Status CheckValue(const Value& value, const DataType& type, std::string_view what) {
  Status status = Check(value, type);
  return status.ok() ? status : status.WithContext(what);
}

}  // namespace strom
