#include "common/row/scalar.h"

#include "common/types/decimal.h"

namespace strom::internal {
namespace {

constexpr int64_t kMillisOfDay = 24 * 60 * 60 * 1000;
constexpr int32_t kNanosOfMilli = 1000000;

}  // namespace

Status Misfit(const Value& value, const DataType& type) {
  STROM_RETURN_IF_ERROR(CheckValue(value, type, "encoding"));
  // CheckValue looks at one value on its own and lets pass what only a row cannot hold.
  return Error(ErrorCode::kCorruptRecord, "{} cannot be stored as {} without loss",
               value.ToString(), type.ToString());
}

Status CheckLength(size_t size) {
  if (size <= static_cast<size_t>(kLengthMax)) return Status::Ok();
  return Error(ErrorCode::kRecordTooLarge, "a value of {} bytes, at most {} are allowed", size,
               kLengthMax);
}

const int64_t* FittingInt32(const Value& value, const DataType& type) {
  const int64_t* v = FittingInt<int32_t>(value);
  if (v == nullptr || type.kind() != TypeKind::kTime) return v;
  return *v >= 0 && *v < kMillisOfDay ? v : nullptr;
}

const Decimal* FittingDecimal(const Value& value, const DataType& type) {
  const auto* v = value.get_if<Decimal>();
  return v != nullptr && DecimalFits(v->unscaled, type.precision()) ? v : nullptr;
}

const Timestamp* FittingTimestamp(const Value& value, const DataType& type) {
  const auto* v = value.get_if<Timestamp>();
  const int32_t limit = type.IsCompact() ? 1 : kNanosOfMilli;
  return v != nullptr && v->nanos_of_milli >= 0 && v->nanos_of_milli < limit ? v : nullptr;
}

Status LoadInt32(int32_t number, const DataType& type, Value& to) {
  if (type.kind() == TypeKind::kTime && (number < 0 || number >= kMillisOfDay)) {
    return Error(ErrorCode::kCorruptRecord, "{} is no millisecond of a day of {}", number,
                 type.ToString());
  }
  to = Value::Int(number);
  return Status::Ok();
}

Status LoadDecimal(__int128 unscaled, const DataType& type, Value& to) {
  if (!DecimalFits(unscaled, type.precision())) {
    return Error(ErrorCode::kCorruptRecord, "unscaled {} has too many digits for {}",
                 FormatDecimal(unscaled, 0), type.ToString());
  }
  to = Value::Dec(unscaled);
  return Status::Ok();
}

Status LoadTimestamp(int64_t millis, int32_t nanos_of_milli, const DataType& type, Value& to) {
  if (nanos_of_milli < 0 || nanos_of_milli >= kNanosOfMilli) {
    return Error(ErrorCode::kCorruptRecord, "{} is no nanosecond of a millisecond of {}",
                 nanos_of_milli, type.ToString());
  }
  to = Value::Time(millis, nanos_of_milli);
  return Status::Ok();
}

size_t FixedWidthOf(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt:
      return 1;
    case TypeKind::kSmallInt:
      return 2;
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kFloat:
      return 4;
    case TypeKind::kBigInt:
    case TypeKind::kDouble:
      return 8;
    case TypeKind::kDecimal:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return type.IsCompact() ? 8 : 0;
    default:
      return 0;
  }
}

Status StoreFixed(char* to, const Value& value, const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      if (const auto* v = value.get_if<bool>()) {
        *to = *v ? 1 : 0;
        return Status::Ok();
      }
      break;
    case TypeKind::kTinyInt:
      if (const auto* v = FittingInt<int8_t>(value)) {
        *to = static_cast<char>(*v);
        return Status::Ok();
      }
      break;
    case TypeKind::kSmallInt:
      if (const auto* v = FittingInt<int16_t>(value)) {
        StoreLittle(to, static_cast<int16_t>(*v));
        return Status::Ok();
      }
      break;
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
      if (const auto* v = FittingInt32(value, type)) {
        StoreLittle(to, static_cast<int32_t>(*v));
        return Status::Ok();
      }
      break;
    case TypeKind::kBigInt:
      if (const auto* v = value.get_if<int64_t>()) {
        StoreLittle(to, *v);
        return Status::Ok();
      }
      break;
    case TypeKind::kFloat:
      if (const auto* v = value.get_if<float>()) {
        StoreLittle(to, *v);
        return Status::Ok();
      }
      break;
    case TypeKind::kDouble:
      if (const auto* v = value.get_if<double>()) {
        StoreLittle(to, *v);
        return Status::Ok();
      }
      break;
    case TypeKind::kDecimal:
      if (const auto* v = FittingDecimal(value, type)) {
        StoreLittle(to, static_cast<int64_t>(v->unscaled));
        return Status::Ok();
      }
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (const auto* v = FittingTimestamp(value, type)) {
        StoreLittle(to, v->millis);
        return Status::Ok();
      }
      break;
    default:
      STROM_UNREACHABLE() << ": " << type.ToString() << " has no fixed width";
  }
  return Misfit(value, type);
}

Status LoadFixed(const char* from, const DataType& type, Value& to) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      if (static_cast<uint8_t>(*from) > 1) {
        return Error(ErrorCode::kCorruptRecord, "byte {} is no BOOLEAN",
                     static_cast<uint8_t>(*from));
      }
      to = Value::Bool(*from != 0);
      return Status::Ok();
    case TypeKind::kTinyInt:
      to = Value::Int(LoadLittle<int8_t>(from));
      return Status::Ok();
    case TypeKind::kSmallInt:
      to = Value::Int(LoadLittle<int16_t>(from));
      return Status::Ok();
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
      return LoadInt32(LoadLittle<int32_t>(from), type, to);
    case TypeKind::kBigInt:
      to = Value::Int(LoadLittle<int64_t>(from));
      return Status::Ok();
    case TypeKind::kFloat:
      to = Value::Float(LoadLittle<float>(from));
      return Status::Ok();
    case TypeKind::kDouble:
      to = Value::Double(LoadLittle<double>(from));
      return Status::Ok();
    case TypeKind::kDecimal:
      return LoadDecimal(LoadLittle<int64_t>(from), type, to);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return LoadTimestamp(LoadLittle<int64_t>(from), 0, type, to);
    default:
      STROM_UNREACHABLE() << ": " << type.ToString() << " has no fixed width";
  }
}

void AppendMinimalBigEndian(Bytes& to, __int128 value) {
  char raw[kDecimalBytesMax];
  StoreBig(raw, static_cast<int64_t>(value >> 64));
  StoreBig(raw + 8, static_cast<uint64_t>(value));
  size_t first = 0;
  // A leading byte is redundant if it only repeats the sign bit of the next one.
  const char sign = value < 0 ? '\xff' : '\0';
  while (first + 1 < sizeof(raw) && raw[first] == sign && ((raw[first + 1] ^ sign) & 0x80) == 0) {
    ++first;
  }
  to.append(raw + first, sizeof(raw) - first);
}

Result<__int128> FromBigEndian(BytesView bytes) {
  if (bytes.empty() || bytes.size() > kDecimalBytesMax) {
    return Error(ErrorCode::kCorruptRecord, "a decimal of {} bytes, it has 1 to {}", bytes.size(),
                 kDecimalBytesMax);
  }
  unsigned __int128 value = bytes[0] < 0 ? ~static_cast<unsigned __int128>(0) : 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return static_cast<__int128>(value);
}

Status LoadDecimalBytes(BytesView bytes, const DataType& type, Value& to) {
  STROM_ASSIGN_OR_RETURN(const __int128 unscaled, FromBigEndian(bytes));
  return LoadDecimal(unscaled, type, to);
}

}  // namespace strom::internal
