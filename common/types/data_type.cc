#include "common/types/data_type.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/check.h"

namespace strom {
namespace {

DataType CheckedPrecision(DataType type, int32_t max) {
  STROM_CHECK(type.precision() >= 0 && type.precision() <= max) << "precision " << type.precision();
  return type;
}

// `text` between `quote`s; quotes inside are doubled, as in SQL.
std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  out.push_back(quote);
  return out;
}

std::string RowToString(const std::vector<RowField>& fields) {
  std::string out = "ROW<";
  for (size_t i = 0; i < fields.size(); ++i) {
    const RowField& field = fields[i];
    if (i > 0) out += ", ";
    out += Quoted(field.name, '`') + " " + field.type.ToString();
    if (field.description) out += " " + Quoted(*field.description, '\'');
  }
  return out + ">";
}

std::string KindToString(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kTinyInt:
      return "TINYINT";
    case TypeKind::kSmallInt:
      return "SMALLINT";
    case TypeKind::kInt:
      return "INT";
    case TypeKind::kBigInt:
      return "BIGINT";
    case TypeKind::kFloat:
      return "FLOAT";
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kChar:
      return fmt::format("CHAR({})", type.length());
    case TypeKind::kString:
      return "STRING";
    case TypeKind::kBinary:
      return fmt::format("BINARY({})", type.length());
    case TypeKind::kBytes:
      return "BYTES";
    case TypeKind::kDecimal:
      return fmt::format("DECIMAL({}, {})", type.precision(), type.scale());
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTime:
      return fmt::format("TIME({})", type.precision());
    case TypeKind::kTimestamp:
      return fmt::format("TIMESTAMP({})", type.precision());
    case TypeKind::kTimestampLtz:
      return fmt::format("TIMESTAMP_LTZ({})", type.precision());
    case TypeKind::kArray:
      return fmt::format("ARRAY<{}>", type.element().ToString());
    case TypeKind::kMap:
      return fmt::format("MAP<{}, {}>", type.key().ToString(), type.value().ToString());
    case TypeKind::kRow:
      return RowToString(type.fields());
  }
  STROM_UNREACHABLE();
}

}  // namespace

DataType DataType::Char(int32_t length) {
  STROM_CHECK(length >= 1) << "CHAR length " << length;
  return DataType(TypeKind::kChar, length);
}

DataType DataType::Binary(int32_t length) {
  STROM_CHECK(length >= 1) << "BINARY length " << length;
  return DataType(TypeKind::kBinary, length);
}

DataType DataType::Decimal(int32_t precision, int32_t scale) {
  STROM_CHECK(precision >= 1 && precision <= 38) << "DECIMAL precision " << precision;
  STROM_CHECK(scale >= 0 && scale <= precision) << "DECIMAL scale " << scale;
  return DataType(TypeKind::kDecimal, precision, scale);
}

DataType DataType::Time(int32_t precision) {
  return CheckedPrecision(DataType(TypeKind::kTime, precision), 9);
}

DataType DataType::Timestamp(int32_t precision) {
  return CheckedPrecision(DataType(TypeKind::kTimestamp, precision), 9);
}

DataType DataType::TimestampLtz(int32_t precision) {
  return CheckedPrecision(DataType(TypeKind::kTimestampLtz, precision), 9);
}

DataType DataType::Array(DataType element) {
  DataType type(TypeKind::kArray);
  type.children_ =
      std::make_shared<const std::vector<RowField>>(1, RowField{"", std::move(element), {}});
  return type;
}

DataType DataType::Map(DataType key, DataType value) {
  DataType type(TypeKind::kMap);
  type.children_ = std::make_shared<const std::vector<RowField>>(
      std::vector<RowField>{RowField{"", key.NotNull(), {}}, RowField{"", std::move(value), {}}});
  return type;
}

DataType DataType::Row(std::vector<RowField> fields) {
  DataType type(TypeKind::kRow);
  type.children_ = std::make_shared<const std::vector<RowField>>(std::move(fields));
  return type;
}

DataType DataType::WithNullable(bool nullable) const {
  DataType type = *this;
  type.nullable_ = nullable;
  return type;
}

const DataType& DataType::element() const {
  STROM_CHECK(kind_ == TypeKind::kArray);
  return (*children_)[0].type;
}

const DataType& DataType::key() const {
  STROM_CHECK(kind_ == TypeKind::kMap);
  return (*children_)[0].type;
}

const DataType& DataType::value() const {
  STROM_CHECK(kind_ == TypeKind::kMap);
  return (*children_)[1].type;
}

const std::vector<RowField>& DataType::fields() const {
  STROM_CHECK(kind_ == TypeKind::kRow);
  return *children_;
}

std::string DataType::ToString() const {
  return KindToString(*this) + (nullable_ ? "" : " NOT NULL");
}

bool operator==(const DataType& a, const DataType& b) {
  if (a.kind_ != b.kind_ || a.nullable_ != b.nullable_ || a.first_ != b.first_ ||
      a.second_ != b.second_) {
    return false;
  }
  return a.children_ == b.children_ || (a.IsNested() && *a.children_ == *b.children_);
}

}  // namespace strom
