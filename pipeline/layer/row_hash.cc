#include "pipeline/layer/row_hash.h"

#include <bit>
#include <string_view>
#include <type_traits>
#include <utility>

#include <absl/hash/hash.h>

namespace strom::layer {
namespace {

template <class H>
H Add(H h, const Value& value, bool zeros_are_one);

template <class H>
H AddAll(H h, const std::vector<Value>& values, bool zeros_are_one) {
  h = H::combine(std::move(h), values.size());
  for (const Value& value : values) h = Add(std::move(h), value, zeros_are_one);
  return h;
}

// `zeros_are_one`: 0.0 and -0.0 hash alike.
template <class H>
H Add(H h, const Value& value, bool zeros_are_one) {
  h = H::combine(std::move(h), static_cast<uint8_t>(value.variant().index()));
  return std::visit(
      [&]<class T>(const T& v) -> H {
        if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, int64_t>) {
          return H::combine(std::move(h), v);
        } else if constexpr (std::is_same_v<T, float>) {
          return H::combine(std::move(h), std::bit_cast<uint32_t>(zeros_are_one && v == 0 ? 0 : v));
        } else if constexpr (std::is_same_v<T, double>) {
          return H::combine(std::move(h), std::bit_cast<uint64_t>(zeros_are_one && v == 0 ? 0 : v));
        } else if constexpr (std::is_same_v<T, Decimal>) {
          return H::combine(std::move(h), static_cast<uint64_t>(v.unscaled),
                            static_cast<uint64_t>(v.unscaled >> 64));
        } else if constexpr (std::is_same_v<T, Bytes>) {
          return H::combine(std::move(h), std::string_view(v));
        } else if constexpr (std::is_same_v<T, Timestamp>) {
          return H::combine(std::move(h), v.millis, v.nanos_of_milli);
        } else if constexpr (std::is_same_v<T, Value::MapPtr>) {
          h = H::combine(std::move(h), v->size());
          for (const auto& [key, mapped] : *v) {
            h = Add(Add(std::move(h), key, zeros_are_one), mapped, zeros_are_one);
          }
          return std::move(h);
        } else if constexpr (std::is_same_v<T, Value::ListPtr>) {
          return AddAll(std::move(h), *v, zeros_are_one);
        } else if constexpr (std::is_same_v<T, Value::RowPtr>) {
          return AddAll(std::move(h), *v.row, zeros_are_one);
        } else {
          return std::move(h);  // NULL.
        }
      },
      value.variant());
}

struct Whole {
  const RowView& row;

  template <class H>
  friend H AbslHashValue(H h, const Whole& whole) {
    for (size_t i = 0; i < whole.row.size(); ++i) h = Add(std::move(h), whole.row[i], false);
    return h;
  }
};

struct Part {
  const RowView& row;
  std::span<const size_t> columns;

  template <class H>
  friend H AbslHashValue(H h, const Part& part) {
    for (const size_t column : part.columns) {
      h = Add(std::move(h), part.row[column], true);
    }
    return h;
  }
};

}  // namespace

uint64_t HashRow(const RowView& row) { return absl::HashOf(Whole{row}); }

uint64_t HashKey(const RowView& row, std::span<const size_t> columns) {
  return absl::HashOf(Part{row, columns});
}

}  // namespace strom::layer
