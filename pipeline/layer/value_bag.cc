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

std::optional<int64_t> ValueBag::NumberOf(const Value& value) {
  if (const int64_t* number = value.get_if<int64_t>()) return *number;
  const Decimal* decimal = value.get_if<Decimal>();
  if (decimal == nullptr) return std::nullopt;
  decimals_ = true;
  const auto number = static_cast<int64_t>(decimal->unscaled);
  return number == decimal->unscaled ? std::optional(number) : std::nullopt;
}

Value ValueBag::ValueOf(int64_t number) const {
  return decimals_ ? Value::Dec(number) : Value::Int(number);
}

void ValueBag::Add(const Value& value, int64_t count) {
  if (const std::optional<int64_t> number = NumberOf(value)) {
    const auto entry = numbers_.try_emplace(*number, 0).first;
    entry->second += count;
    if (entry->second == 0) numbers_.erase(entry);
    return;
  }
  if (others_ == nullptr) others_ = std::make_unique<Others>();
  const auto entry = others_->try_emplace(value, 0).first;
  entry->second += count;
  if (entry->second == 0) others_->erase(entry);
}

// Numbers in 64 bits lie between larger and smaller ones.
Value ValueBag::Smallest() const {
  const bool other = others_ && !others_->empty();
  if (numbers_.empty()) return others_->begin()->first;
  const Value number = ValueOf(numbers_.begin()->first);
  return other && ValueLess()(others_->begin()->first, number) ? others_->begin()->first : number;
}

Value ValueBag::Largest() const {
  const bool other = others_ && !others_->empty();
  if (numbers_.empty()) return others_->rbegin()->first;
  const Value number = ValueOf(numbers_.rbegin()->first);
  return other && ValueLess()(number, others_->rbegin()->first) ? others_->rbegin()->first : number;
}

size_t ValueBag::bytes() const {
  constexpr size_t kNode = 112;  // Of std::map, with its value.
  return numbers_.size() * 22 +  // Nodes three quarters full.
         (others_ ? sizeof(Others) + others_->size() * kNode : 0);
}

}  // namespace strom::layer
