#include "common/row/iceberg_key.h"

#include "common/row/scalar.h"

namespace strom::internal {
namespace {

constexpr int64_t kMicrosOfMilli = 1000;
constexpr int32_t kNanosOfMicro = 1000;

// Bytes of a key of this type; 0 if they vary.
size_t KeyWidth(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kFloat:
      return sizeof(float);
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kBigInt:
    case TypeKind::kTimestamp:
    case TypeKind::kDouble:
      return sizeof(int64_t);
    default:
      return 0;
  }
}

// Milliseconds, rounded down, and the microseconds of the millisecond.
std::pair<int64_t, int32_t> SplitMicros(int64_t micros) {
  int64_t millis = micros / kMicrosOfMilli;
  int64_t rest = micros % kMicrosOfMilli;
  if (rest < 0) {
    rest += kMicrosOfMilli;
    --millis;
  }
  return {millis, static_cast<int32_t>(rest)};
}

Status BadNumber(int64_t number, const DataType& type) {
  return Error(ErrorCode::kCorruptRecord, "iceberg key: {} is no key of {}", number,
               type.ToString());
}

Status DecodeInteger(int64_t number, const DataType& type, Value& to) {
  if (type.kind() == TypeKind::kBigInt) {
    to = Value::Int(number);
    return Status::Ok();
  }
  if (type.kind() == TypeKind::kTimestamp) {
    const auto [millis, micros] = SplitMicros(number);
    if (type.IsCompact() && micros != 0) return BadNumber(number, type);
    return LoadTimestamp(millis, micros * kNanosOfMicro, type, to);
  }
  if (type.kind() == TypeKind::kTime) {
    if (number % kMicrosOfMilli != 0) return BadNumber(number, type);
    number /= kMicrosOfMilli;
  }
  if (number < INT32_MIN || number > INT32_MAX) return BadNumber(number, type);
  return LoadInt32(static_cast<int32_t>(number), type, to);
}

}  // namespace

bool IsIcebergKeyType(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kTimestampLtz:
      return false;
    default:
      return !type.IsNested();
  }
}

Status AppendIcebergKey(Bytes& out, const Value& value, const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kTime:
      if (const auto* v = FittingInt32(value, type)) {
        AppendLittle(out, type.kind() == TypeKind::kTime ? *v * kMicrosOfMilli : *v);
        return Status::Ok();
      }
      return Misfit(value, type);
    case TypeKind::kTimestamp:
      if (const auto* v = FittingTimestamp(value, type)) {
        int64_t micros = 0;
        if (__builtin_mul_overflow(v->millis, kMicrosOfMilli, &micros) ||
            __builtin_add_overflow(micros, v->nanos_of_milli / kNanosOfMicro, &micros)) {
          return Error(ErrorCode::kCorruptRecord,
                       "iceberg key: {} ms exceed 64 bits as microseconds", v->millis);
        }
        AppendLittle(out, micros);
        return Status::Ok();
      }
      return Misfit(value, type);
    case TypeKind::kDecimal:
      if (const auto* v = FittingDecimal(value, type)) {
        AppendMinimalBigEndian(out, v->unscaled);
        return Status::Ok();
      }
      return Misfit(value, type);
    case TypeKind::kChar:
    case TypeKind::kString:
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      if (const auto* v = value.get_if<Bytes>()) {
        out.append(*v);
        return Status::Ok();
      }
      return Misfit(value, type);
    default: {
      STROM_CHECK(IsIcebergKeyType(type)) << type.ToString();  // BIGINT, FLOAT, DOUBLE.
      char raw[8];
      STROM_RETURN_IF_ERROR(StoreFixed(raw, value, type));
      out.append(raw, FixedWidthOf(type));
      return Status::Ok();
    }
  }
}

Status DecodeIcebergKey(BytesView bytes, const DataType& type, Value& to) {
  STROM_CHECK(IsIcebergKeyType(type)) << type.ToString();
  const size_t width = KeyWidth(type);
  if (width > 0 && bytes.size() != width) {
    return Error(ErrorCode::kCorruptRecord, "iceberg key: {} bytes for {}, it has {}", bytes.size(),
                 type.ToString(), width);
  }
  if (type.kind() == TypeKind::kDecimal) return LoadDecimalBytes(bytes, type, to);
  if (width == 0) {
    to = Value::String(Bytes(bytes));
    return Status::Ok();
  }
  if (type.kind() == TypeKind::kFloat || type.kind() == TypeKind::kDouble) {
    return LoadFixed(bytes.data(), type, to);
  }
  return DecodeInteger(LoadLittle<int64_t>(bytes.data()), type, to);
}

}  // namespace strom::internal
