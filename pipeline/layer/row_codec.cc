#include "pipeline/layer/row_codec.h"

#include <cstring>
#include <type_traits>
#include <utility>

#include "common/base/check.h"

namespace strom::layer {
namespace {

constexpr size_t kVarintMax = 10;
// In the place of the index: a Decimal of more than 64 bits.
constexpr char kWideDecimal = 11;

// The bytes of a varint go to `at`; where it ends.
char* WriteVarint(uint64_t v, char* at) {
  for (; v >= 0x80; v >>= 7) *at++ = static_cast<char>(v | 0x80);
  *at++ = static_cast<char>(v);
  return at;
}

void PutVarint(uint64_t v, Bytes& out) {
  char bytes[kVarintMax];
  out.append(bytes, WriteVarint(v, bytes));
}

uint64_t ZigZag(int64_t v) {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}

template <class T>
void PutRaw(const T& v, Bytes& out) {
  out.append(reinterpret_cast<const char*>(&v), sizeof(T));
}

BytesView Take(size_t size, BytesView& in) {
  STROM_CHECK(in.size() >= size) << "an encoded row ends early";
  const BytesView out = in.substr(0, size);
  in.remove_prefix(size);
  return out;
}

uint64_t GetVarint(BytesView& in) {
  uint64_t v = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(Take(1, in)[0]);
    v |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return v;
  }
}

int64_t GetSigned(BytesView& in) {
  const uint64_t v = GetVarint(in);
  return static_cast<int64_t>((v >> 1) ^ (~(v & 1) + 1));
}

template <class T>
T GetRaw(BytesView& in) {
  T v;
  std::memcpy(&v, Take(sizeof(T), in).data(), sizeof(T));
  return v;
}

void PutValues(const std::vector<Value>& values, Bytes& out) {
  PutVarint(values.size(), out);
  for (const Value& value : values) AppendValue(value, out);
}

std::vector<Value> GetValues(BytesView& in) {
  std::vector<Value> values(GetVarint(in));
  for (Value& value : values) value = ReadValue(in);
  return values;
}

}  // namespace

void AppendValue(const Value& value, Bytes& out) {
  const auto index = static_cast<char>(value.variant().index());
  const auto put_number = [&](int64_t number) {
    char bytes[1 + kVarintMax];
    bytes[0] = index;
    out.append(bytes, WriteVarint(ZigZag(number), bytes + 1));
  };
  if (const int64_t* const number = value.get_if<int64_t>()) return put_number(*number);
  if (const Decimal* const decimal = value.get_if<Decimal>()) {
    const auto number = static_cast<int64_t>(decimal->unscaled);
    if (number == decimal->unscaled) return put_number(number);
    out.push_back(kWideDecimal);
    return PutRaw(decimal->unscaled, out);
  }
  out.push_back(index);
  std::visit(
      [&]<class T>(const T& v) {
        if constexpr (std::is_same_v<T, bool>) {
          out.push_back(v ? 1 : 0);
        } else if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
          PutRaw(v, out);
        } else if constexpr (std::is_same_v<T, Bytes>) {
          PutVarint(v.size(), out);
          out += v;
        } else if constexpr (std::is_same_v<T, Timestamp>) {
          PutVarint(ZigZag(v.millis), out);
          PutVarint(static_cast<uint64_t>(v.nanos_of_milli), out);
        } else if constexpr (std::is_same_v<T, Value::ListPtr>) {
          PutValues(*v, out);
        } else if constexpr (std::is_same_v<T, Value::RowPtr>) {
          PutValues(*v.row, out);
        } else if constexpr (std::is_same_v<T, Value::MapPtr>) {
          PutVarint(v->size(), out);
          for (const auto& [key, mapped] : *v) {
            AppendValue(key, out);
            AppendValue(mapped, out);
          }
        }
      },
      value.variant());
}

Value ReadValue(BytesView& in) {
  switch (Take(1, in)[0]) {
    case 0:
      return Value::Null();
    case 1:
      return Value::Bool(Take(1, in)[0] != 0);
    case 2:
      return Value::Int(GetSigned(in));
    case 3:
      return Value::Float(GetRaw<float>(in));
    case 4:
      return Value::Double(GetRaw<double>(in));
    case 5: {
      const size_t size = GetVarint(in);
      return Value::String(Bytes(Take(size, in)));
    }
    case 6:
      return Value::Dec(GetSigned(in));
    case kWideDecimal:
      return Value::Dec(GetRaw<__int128>(in));
    case 7: {
      const int64_t millis = GetSigned(in);
      return Value::Time(millis, static_cast<int32_t>(GetVarint(in)));
    }
    case 8:
      return Value::List(GetValues(in));
    case 9: {
      ValueMap map(GetVarint(in));
      for (auto& [key, mapped] : map) {
        key = ReadValue(in);
        mapped = ReadValue(in);
      }
      return Value::Map(std::move(map));
    }
    case 10:
      return Value::Struct(GetValues(in));
    default:
      STROM_UNREACHABLE();
  }
}

void SkipValue(BytesView& in) {
  switch (Take(1, in)[0]) {
    case 0:
      return;
    case 1:
      Take(1, in);
      return;
    case 2:
    case 6:
      GetVarint(in);
      return;
    case 3:
      Take(sizeof(float), in);
      return;
    case 4:
      Take(sizeof(double), in);
      return;
    case 5:
      Take(GetVarint(in), in);
      return;
    case kWideDecimal:
      Take(sizeof(__int128), in);
      return;
    case 7:
      GetVarint(in);
      GetVarint(in);
      return;
    case 8:
    case 10:
      for (uint64_t n = GetVarint(in); n > 0; --n) SkipValue(in);
      return;
    case 9:
      for (uint64_t n = 2 * GetVarint(in); n > 0; --n) SkipValue(in);
      return;
    default:
      STROM_UNREACHABLE();
  }
}

Bytes EncodeRow(const Row& row) {
  Bytes out;
  for (const Value& value : row) AppendValue(value, out);
  return out;
}

Bytes EncodeView(const RowView& row) {
  Bytes out;
  for (size_t i = 0; i < row.size(); ++i) AppendValue(row[i], out);
  return out;
}

Bytes EncodeColumns(const Row& row, std::span<const size_t> columns) {
  Bytes out;
  for (const size_t column : columns) AppendValue(row[column], out);
  return out;
}

Row DecodeRow(BytesView encoded) {
  Row row;
  while (!encoded.empty()) row.push_back(ReadValue(encoded));
  return row;
}

void AppendKey(const RowView& row, std::span<const size_t> columns, Bytes& key) {
  for (const size_t column : columns) {
    const Value& value = row[column];
    const double* number = value.get_if<double>();
    const float* single = value.get_if<float>();
    if (number != nullptr && *number == 0) {
      AppendValue(Value::Double(0), key);
    } else if (single != nullptr && *single == 0) {
      AppendValue(Value::Float(0), key);
    } else {
      AppendValue(value, key);
    }
  }
}

bool AnyNull(const RowView& row, std::span<const size_t> columns) {
  for (const size_t column : columns) {
    if (row[column].is_null()) return true;
  }
  return false;
}

}  // namespace strom::layer
