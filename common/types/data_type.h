#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace strom {

enum class TypeKind : uint8_t {
  kBoolean,
  kTinyInt,
  kSmallInt,
  kInt,
  kBigInt,
  kFloat,
  kDouble,
  kChar,  // length
  kString,
  kBinary,  // length
  kBytes,
  kDecimal,  // precision 1..38, scale 0..precision
  kDate,
  kTime,          // precision 0..9
  kTimestamp,     // precision 0..9, without time zone
  kTimestampLtz,  // precision 0..9, with local time zone
  kArray,         // children[0]: element
  kMap,           // children[0]: key (never null), children[1]: value
  kRow,           // children: fields
};

struct RowField;

// A column's type as Fluss knows it: kind, nullability and parameters. An immutable value, cheap to
// copy. Same types and defaults as Fluss: DataTypes.java.
class DataType {
 public:
  static DataType Boolean() { return DataType(TypeKind::kBoolean); }
  static DataType TinyInt() { return DataType(TypeKind::kTinyInt); }
  static DataType SmallInt() { return DataType(TypeKind::kSmallInt); }
  static DataType Int() { return DataType(TypeKind::kInt); }
  static DataType BigInt() { return DataType(TypeKind::kBigInt); }
  static DataType Float() { return DataType(TypeKind::kFloat); }
  static DataType Double() { return DataType(TypeKind::kDouble); }
  static DataType String() { return DataType(TypeKind::kString); }
  static DataType Bytes() { return DataType(TypeKind::kBytes); }
  static DataType Date() { return DataType(TypeKind::kDate); }
  // The parameters must be in range (see TypeKind); outside input goes through the JSON form.
  static DataType Char(int32_t length);
  static DataType Binary(int32_t length);
  static DataType Decimal(int32_t precision, int32_t scale);
  static DataType Time(int32_t precision);
  static DataType Timestamp(int32_t precision);
  static DataType TimestampLtz(int32_t precision);
  static DataType Array(DataType element);
  static DataType Map(DataType key, DataType value);  // The key is made NOT NULL.
  static DataType Row(std::vector<RowField> fields);

  TypeKind kind() const { return kind_; }
  bool nullable() const { return nullable_; }
  DataType NotNull() const { return WithNullable(false); }
  DataType WithNullable(bool nullable) const;

  int32_t length() const { return first_; }     // kChar, kBinary.
  int32_t precision() const { return first_; }  // kDecimal, kTime, kTimestamp, kTimestampLtz.
  int32_t scale() const { return second_; }     // kDecimal.

  // kArray.
  const DataType& element() const;
  // kMap.
  const DataType& key() const;
  const DataType& value() const;
  // kRow.
  const std::vector<RowField>& fields() const;

  bool IsNested() const { return kind_ >= TypeKind::kArray; }
  // The value is one i64: DECIMAL with at most 18 digits, timestamps of at most milliseconds.
  bool IsCompact() const { return kind_ == TypeKind::kDecimal ? first_ <= 18 : first_ <= 3; }

  // SQL text, as Fluss prints it: "DECIMAL(10, 2) NOT NULL", "ARRAY<INT>".
  std::string ToString() const;

  friend bool operator==(const DataType& a, const DataType& b);

 private:
  explicit DataType(TypeKind kind, int32_t first = 0, int32_t second = 0)
      : kind_(kind), first_(first), second_(second) {}

  TypeKind kind_;
  bool nullable_ = true;
  int32_t first_ = 0;
  int32_t second_ = 0;
  std::shared_ptr<const std::vector<RowField>> children_;  // Of nested types.
};

// A field of a ROW; the children of arrays and maps are stored the same way, without names.
struct RowField {
  std::string name;
  DataType type;
  std::optional<std::string> description;
  int32_t field_id = -1;  // -1: none assigned yet.

  friend bool operator==(const RowField&, const RowField&) = default;
};

}  // namespace strom
