#include "pipeline/layer/row_filter.h"

#include <algorithm>
#include <compare>
#include <type_traits>
#include <utility>

#include "common/base/check.h"
#include "pipeline/layer/planner.h"

namespace strom::layer {
namespace {

int Sign(std::strong_ordering order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

bool IsInteger(TypeKind kind) { return kind >= TypeKind::kTinyInt && kind <= TypeKind::kBigInt; }
bool IsText(TypeKind kind) { return kind == TypeKind::kChar || kind == TypeKind::kString; }
bool IsBytes(TypeKind kind) { return kind == TypeKind::kBinary || kind == TypeKind::kBytes; }

}  // namespace

bool ComparedHere(const DataType& column, const DataType& bound) {
  const TypeKind kind = column.kind();
  if (IsInteger(kind)) return IsInteger(bound.kind());
  if (IsText(kind)) return IsText(bound.kind());
  if (IsBytes(kind)) return IsBytes(bound.kind());
  if (kind != bound.kind()) return false;
  switch (kind) {
    case TypeKind::kBoolean:
    case TypeKind::kDate:
    case TypeKind::kTimestampLtz:  // Microseconds, whatever its precision.
      return true;
    case TypeKind::kTimestamp:
      return column.precision() <= 6 && bound.precision() <= 6;
    case TypeKind::kDecimal:
      return column.scale() == bound.scale();
    default:
      return false;
  }
}

int CompareValues(const Value& a, const Value& b) {
  STROM_CHECK(a.variant().index() == b.variant().index())
      << a.ToString() << " compared with " << b.ToString();
  return std::visit(
      [&b]<class T>(const T& left) -> int {
        if constexpr (std::is_same_v<T, Timestamp>) {
          const Timestamp& right = *b.get_if<T>();
          if (left.millis != right.millis) return left.millis < right.millis ? -1 : 1;
          return Sign(left.nanos_of_milli / 1000 <=> right.nanos_of_milli / 1000);
        } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, int64_t> ||
                             std::is_same_v<T, Bytes> || std::is_same_v<T, Decimal>) {
          return Sign(left <=> *b.get_if<T>());
        } else {
          STROM_UNREACHABLE();
        }
      },
      a.variant());
}

Result<RowFilter> RowFilter::Make(duck::Connection& connection, const Filter& filter,
                                  const BrokenRules& broken) {
  RowFilter out(filter, broken.null_compares);
  if (!filter.bounds_sql.empty()) {
    STROM_ASSIGN_OR_RETURN(out.statement_, connection.Prepare(filter.bounds_sql));
  }
  return out;
}

Status RowFilter::Refresh() {
  if (statement_ != nullptr) {
    STROM_ASSIGN_OR_RETURN(std::vector<Row> rows, statement_->Run());
    STROM_CHECK(rows.size() == 1) << rows.size() << " rows of bounds";
    bounds_ = std::move(rows[0]);
  }
  fresh_ = true;
  return Status::Ok();
}

bool RowFilter::IsTrue(const Condition& condition, const Value& value) const {
  using Kind = Condition::Kind;
  if (condition.kind == Kind::kNull) return value.is_null();
  if (condition.kind == Kind::kNotNull) return !value.is_null();
  const auto equals = [&](size_t bound) {
    return !bounds_[bound].is_null() && CompareValues(value, bounds_[bound]) == 0;
  };
  if (condition.kind == Kind::kDistinct || condition.kind == Kind::kNotDistinct) {
    const size_t bound = condition.bounds[0];
    const bool same = value.is_null() ? bounds_[bound].is_null() : equals(bound);
    return same == (condition.kind == Kind::kNotDistinct);
  }
  if (value.is_null()) return null_compares_;
  if (condition.kind == Kind::kIn) {
    return std::any_of(condition.bounds.begin(), condition.bounds.end(), equals);
  }
  if (condition.kind == Kind::kNotIn) {
    return std::none_of(condition.bounds.begin(), condition.bounds.end(), [&](size_t bound) {
      return bounds_[bound].is_null() || equals(bound);  // x NOT IN (…, NULL) is never true.
    });
  }
  const Value& bound = bounds_[condition.bounds[0]];
  if (bound.is_null()) return false;
  const int order = CompareValues(value, bound);
  switch (condition.kind) {
    case Kind::kEqual:
      return order == 0;
    case Kind::kNotEqual:
      return order != 0;
    case Kind::kLess:
      return order < 0;
    case Kind::kLessOrEqual:
      return order <= 0;
    case Kind::kGreater:
      return order > 0;
    case Kind::kGreaterOrEqual:
      return order >= 0;
    default:
      STROM_UNREACHABLE();
  }
}

}  // namespace strom::layer
