#include "pipeline/layer/value_bag.h"

#include <cmath>
#include <type_traits>

namespace strom::layer {

bool ValueLess::operator()(const Value& a, const Value& b) const {
  if (a.variant().index() != b.variant().index()) return a.variant().index() < b.variant().index();
  return std::visit(
      [&b]<class T>(const T& left) {
        const T& right = *b.get_if<T>();
        if constexpr (std::is_floating_point_v<T>) {
          if (std::isnan(left) || std::isnan(right)) return !std::isnan(left) && std::isnan(right);
          return left < right;
        } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, int64_t> ||
                             std::is_same_v<T, Bytes> || std::is_same_v<T, Decimal> ||
                             std::is_same_v<T, Timestamp>) {
          return left < right;
        } else {
          return false;
        }
      },
      a.variant());
}

void ValueBag::Add(const Value& value, int64_t count) {
  const auto entry = counts_.try_emplace(value, 0).first;
  entry->second += count;
  if (entry->second == 0) counts_.erase(entry);
}

}  // namespace strom::layer
