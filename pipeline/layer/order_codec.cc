#include "pipeline/layer/order_codec.h"

#include <type_traits>

#include "common/base/check.h"

namespace strom::layer {
namespace {

// The `count` lowest bytes, highest first.
template <class T>
void PutBigEndian(T v, int count, Bytes& out) {
  for (int i = count - 1; i >= 0; --i) out.push_back(static_cast<char>(v >> (8 * i)));
}

void PutSigned(int64_t v, Bytes& out) {
  PutBigEndian(static_cast<uint64_t>(v) ^ (uint64_t{1} << 63), 8, out);
}

}  // namespace

void AppendInOrder(const Value& value, bool descending, bool nulls_first, Bytes& out) {
  if (value.is_null()) {
    out.push_back(nulls_first ? 0 : 2);
    return;
  }
  out.push_back(1);
  const size_t start = out.size();
  std::visit(
      [&]<class T>(const T& v) {
        if constexpr (std::is_same_v<T, bool>) {
          out.push_back(v ? 1 : 0);
        } else if constexpr (std::is_same_v<T, int64_t>) {
          PutSigned(v, out);
        } else if constexpr (std::is_same_v<T, Decimal>) {
          PutBigEndian(static_cast<unsigned __int128>(v.unscaled) ^
                           (static_cast<unsigned __int128>(1) << 127),
                       16, out);
        } else if constexpr (std::is_same_v<T, Timestamp>) {  // To the microsecond, as DuckDB.
          PutSigned(v.millis, out);
          PutBigEndian(static_cast<uint32_t>(v.nanos_of_milli / 1000), 2, out);
        } else if constexpr (std::is_same_v<T, Bytes>) {
          for (const char c : v) {  // Ends with two zeros, which nothing inside looks like.
            out.push_back(c);
            if (c == 0) out.push_back(static_cast<char>(0xFF));
          }
          out.append(2, '\0');
        } else {
          STROM_UNREACHABLE();
        }
      },
      value.variant());
  if (!descending) return;
  for (size_t i = start; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
}

}  // namespace strom::layer
