#include "pipeline/sink/postgres/postgres_column.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "common/base/check.h"
#include "common/text/value_text.h"
#include "pipeline/sink/postgres/postgres_type.h"

namespace strom::sink {

using postgres::PgElement;

PostgresColumn::PostgresColumn(const Column& column, const std::string& postgres_type)
    : name_(column.name),
      type_(column.type),
      form_(FormOf(column.type, ElementOf(postgres_type).value_or(PgElement::kText))),
      array_(ElementOf(postgres_type).value_or(PgElement::kText)) {}

PostgresColumn::Form PostgresColumn::FormOf(const DataType& type, PgElement element) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return Form::kBool;
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
      return element == PgElement::kInt2   ? Form::kInt2
             : element == PgElement::kInt4 ? Form::kInt4
             : element == PgElement::kInt8 ? Form::kInt8
                                           : Form::kWholeNumeric;
    case TypeKind::kFloat:
      return element == PgElement::kFloat4 ? Form::kFloat4 : Form::kWidenedFloat;
    case TypeKind::kDouble:
      return Form::kFloat8;
    case TypeKind::kDecimal:
      return Form::kNumeric;
    case TypeKind::kChar:
    case TypeKind::kString:
      return Form::kText;
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return Form::kBytes;
    case TypeKind::kDate:
      return Form::kDate;
    case TypeKind::kTime:
      return Form::kTime;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return Form::kTimestamp;
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kRow:
      return Form::kPrinted;
  }
  STROM_UNREACHABLE();
}

Status PostgresColumn::Add(const Value& value) {
  if (value.is_null()) {
    array_.AddNull();
    return Status::Ok();
  }
  switch (form_) {
    case Form::kBool:
      array_.AddBool(*value.get_if<bool>());
      break;
    case Form::kInt2: {
      STROM_ASSIGN_OR_RETURN(const int16_t number, Narrow<int16_t>(*value.get_if<int64_t>()));
      array_.AddInt2(number);
      break;
    }
    case Form::kInt4: {
      STROM_ASSIGN_OR_RETURN(const int32_t number, Narrow<int32_t>(*value.get_if<int64_t>()));
      array_.AddInt4(number);
      break;
    }
    case Form::kInt8:
      array_.AddInt8(*value.get_if<int64_t>());
      break;
    case Form::kWholeNumeric:
      array_.AddNumeric(*value.get_if<int64_t>(), 0);
      break;
    case Form::kNumeric:
      array_.AddNumeric(value.get_if<Decimal>()->unscaled, type_.scale());
      break;
    case Form::kFloat4:
      array_.AddFloat4(*value.get_if<float>());
      break;
    case Form::kFloat8:
      array_.AddFloat8(*value.get_if<double>());
      break;
    case Form::kWidenedFloat: {  // 0.1 stays 0.1, and is not 0.10000000149011612.
      const std::string text = ValueToText(value, type_);
      double wide = *value.get_if<float>();
      if (std::isfinite(wide)) std::from_chars(text.data(), text.data() + text.size(), wide);
      array_.AddFloat8(wide);
      break;
    }
    case Form::kText:
      return AddText(*value.get_if<Bytes>());
    case Form::kPrinted:
      return AddText(ValueToText(value, type_));
    case Form::kBytes:
      array_.AddBytes(*value.get_if<Bytes>());
      break;
    case Form::kDate:
      array_.AddDate(*value.get_if<int64_t>());
      break;
    case Form::kTime:
      array_.AddTime(*value.get_if<int64_t>());
      break;
    case Form::kTimestamp: {
      const Timestamp at = *value.get_if<Timestamp>();
      array_.AddTimestamp(at.millis, at.nanos_of_milli);
      break;
    }
  }
  return Status::Ok();
}

Status PostgresColumn::AddText(BytesView text) {
  if (text.find('\0') != BytesView::npos) {
    return Error(ErrorCode::kExternalSystem,
                 "column {}: a text of {} bytes has a NUL character, which PostgreSQL cannot store",
                 name_, text.size());
  }
  array_.AddBytes(text);
  return Status::Ok();
}

template <class T>
Result<T> PostgresColumn::Narrow(int64_t value) const {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) {
    return Error(ErrorCode::kExternalSystem, "column {}: {} is no {}", name_, value,
                 type_.ToString());
  }
  return static_cast<T>(value);
}

}  // namespace strom::sink
