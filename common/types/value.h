#pragma once

#include <compare>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/bytes.h"
#include "common/types/data_type.h"

namespace strom {

// Unscaled value of a DECIMAL(p, s), p <= 38; the scale is the type's.
struct Decimal {
  __int128 unscaled = 0;
  friend bool operator==(Decimal, Decimal) = default;
  friend auto operator<=>(Decimal a, Decimal b) { return a.unscaled <=> b.unscaled; }
};

// A point in time of TIMESTAMP (local date and time read as UTC) and TIMESTAMP_LTZ (an instant).
struct Timestamp {
  int64_t millis = 0;          // Since the epoch, floor.
  int32_t nanos_of_milli = 0;  // 0..999999.
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

class Value;
using Row = std::vector<Value>;                         // One value a column.
using ValueList = std::vector<Value>;                   // ARRAY.
using ValueMap = std::vector<std::pair<Value, Value>>;  // MAP, in the producer's order.

// One value of a column, or NULL. Which alternative holds which type:
//
//   bool      BOOLEAN                        Bytes      CHAR, STRING (UTF-8), BINARY, BYTES
//   int64_t   TINYINT .. BIGINT,             Decimal    DECIMAL
//             DATE (days since the epoch),   Timestamp  TIMESTAMP, TIMESTAMP_LTZ
//             TIME (milliseconds of the day) List, Map, Row (shared, immutable): nested types
//   float, double
//
// A value does not know its type; encoders check that it fits the one they are given.
class Value {
 public:
  using ListPtr = std::shared_ptr<const ValueList>;
  using MapPtr = std::shared_ptr<const ValueMap>;
  struct RowPtr {
    std::shared_ptr<const Row> row;
  };
  using Variant = std::variant<std::monostate, bool, int64_t, float, double, Bytes, Decimal,
                               Timestamp, ListPtr, MapPtr, RowPtr>;

  Value() = default;  // NULL.
  static Value Null() { return Value(); }
  static Value Bool(bool v) { return Value(Variant(v)); }
  static Value Int(int64_t v) { return Value(Variant(v)); }
  static Value Float(float v) { return Value(Variant(v)); }
  static Value Double(double v) { return Value(Variant(v)); }
  static Value String(Bytes v) { return Value(Variant(std::move(v))); }
  static Value Dec(__int128 unscaled) { return Value(Variant(Decimal{unscaled})); }
  static Value Time(Timestamp v) { return Value(Variant(v)); }
  static Value Time(int64_t millis, int32_t nanos_of_milli = 0) {
    return Value(Variant(Timestamp{millis, nanos_of_milli}));
  }
  static Value List(ValueList v);
  static Value Map(ValueMap v);
  static Value Struct(Row v);

  bool is_null() const { return std::holds_alternative<std::monostate>(v_); }
  const Variant& variant() const { return v_; }

  // The alternative, or nullptr if the value holds another one.
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&v_);
  }
  // nullptr if the value is no list, map, row.
  const ValueList* list() const;
  const ValueMap* map() const;
  const Row* row() const;

  // Deep equality; floats compare by bits, so that NaN equals itself and -0 differs from 0.
  friend bool operator==(const Value& a, const Value& b);

  // For messages and tests: NULL, true, 42, 'text' (bytes that are no UTF-8 as hex), [1, NULL].
  std::string ToString() const;

 private:
  explicit Value(Variant v) : v_(std::move(v)) {}
  Variant v_;
};

// Checks that `value` can be stored as `type`: NULL only if nullable, the right alternative,
// integers in range, at most `length` bytes (CHAR: characters) and `precision` digits, nested too.
// Errors: kCorruptRecord naming `what`, the value's kind and the type.
Status CheckValue(const Value& value, const DataType& type, std::string_view what);

}  // namespace strom
