#include "common/row/binary_array.h"

#include <cmath>

#include "common/base/byte_reader.h"
#include "common/row/scalar.h"
#include "common/row/slots.h"

namespace strom::internal {
namespace {

constexpr size_t kCountBytes = 4;

constexpr size_t ArrayNullBytes(size_t count) { return (count + 31) / 32 * 4; }

// Any NaN as the one that Java's Float.NaN and Double.NaN are, other values as they are.
const Value& Canonical(const Value& value) {
  static const Value kFloatNan = Value::Float(std::numeric_limits<float>::quiet_NaN());
  static const Value kDoubleNan = Value::Double(std::numeric_limits<double>::quiet_NaN());
  if (const auto* v = value.get_if<float>(); v != nullptr && std::isnan(*v)) return kFloatNan;
  if (const auto* v = value.get_if<double>(); v != nullptr && std::isnan(*v)) return kDoubleNan;
  return value;
}

// `value_at(i)` is element i of `count`.
template <class ValueAt>
Status AppendArray(Bytes& out, size_t count, const DataType& element, Nesting at,
                   ValueAt value_at) {
  const size_t start = out.size();
  const size_t nulls = start + kCountBytes;
  const size_t slots = nulls + ArrayNullBytes(count);
  const size_t width = SlotWidth(element);
  const size_t fixed_size = RoundUpTo8(slots - start + count * width);
  STROM_RETURN_IF_ERROR(CheckLength(fixed_size));
  out.append(fixed_size, '\0');
  StoreLittle(out.data() + start, static_cast<int32_t>(count));
  for (size_t i = 0; i < count; ++i) {
    const Value& value = value_at(i);
    if (value.is_null() && element.nullable()) {
      SetBit(out.data() + nulls, i);
      continue;
    }
    Status status = StoreSlot(out, start, slots + i * width, Canonical(value), element, at);
    if (!status.ok()) return status.WithContext(fmt::format("element {}", i));
  }
  return Status::Ok();
}

}  // namespace

Status AppendBinaryArray(Bytes& out, const ValueList& list, const DataType& element, Nesting at) {
  return AppendArray(out, list.size(), element, at,
                     [&](size_t i) -> const Value& { return list[i]; });
}

Status AppendBinaryMap(Bytes& out, const ValueMap& map, const DataType& type, Nesting at) {
  const size_t start = out.size();
  AppendLittle(out, int32_t{0});  // Known after the keys.
  Status status = AppendArray(out, map.size(), type.key(), at,
                              [&](size_t i) -> const Value& { return map[i].first; });
  if (!status.ok()) return status.WithContext("map keys");
  const size_t keys_size = out.size() - start - sizeof(int32_t);
  StoreLittle(out.data() + start, static_cast<int32_t>(keys_size));
  status = AppendArray(out, map.size(), type.value(), at,
                       [&](size_t i) -> const Value& { return map[i].second; });
  return status.ok() ? status : status.WithContext("map values");
}

Result<ValueList> DecodeBinaryArray(BytesView bytes, const DataType& element, Nesting at) {
  ByteReader in(bytes, "array");
  STROM_ASSIGN_OR_RETURN(const int32_t count, in.ReadLittle<int32_t>());
  if (count < 0) {
    return Error(ErrorCode::kCorruptRecord, "array: negative element count {} at position 0",
                 count);
  }
  const auto size = static_cast<size_t>(count);
  STROM_ASSIGN_OR_RETURN(const BytesView nulls, in.ReadBytes(ArrayNullBytes(size)));
  const size_t slots = in.position();
  const size_t width = SlotWidth(element);
  STROM_RETURN_IF_ERROR(in.Skip(size * width));  // Bounds `size` before anything is allocated.

  ValueList list(size);
  SlotReader reader(bytes, at);
  for (size_t i = 0; i < size; ++i) {
    if (element.nullable() && TestBit(nulls.data(), i)) continue;
    if (Status s = reader.Load(slots + i * width, element, list[i]); !s.ok()) {
      return s.WithContext(fmt::format("array, element {}", i));
    }
  }
  return list;
}

Result<ValueMap> DecodeBinaryMap(BytesView bytes, const DataType& type, Nesting at) {
  ByteReader in(bytes, "map");
  STROM_ASSIGN_OR_RETURN(const int32_t keys_size, in.ReadLittle<int32_t>());
  if (keys_size < 0) {
    return Error(ErrorCode::kCorruptRecord, "map: negative size {} of its keys at position 0",
                 keys_size);
  }
  STROM_ASSIGN_OR_RETURN(const BytesView key_bytes, in.ReadBytes(static_cast<size_t>(keys_size)));
  STROM_ASSIGN_OR_RETURN(const BytesView value_bytes, in.ReadBytes(in.remaining()));
  STROM_ASSIGN_OR_RETURN(ValueList keys, DecodeBinaryArray(key_bytes, type.key(), at));
  STROM_ASSIGN_OR_RETURN(ValueList values, DecodeBinaryArray(value_bytes, type.value(), at));
  if (keys.size() != values.size()) {
    return Error(ErrorCode::kCorruptRecord, "map: {} keys but {} values", keys.size(),
                 values.size());
  }
  ValueMap map;
  map.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    map.emplace_back(std::move(keys[i]), std::move(values[i]));
  }
  return map;
}

}  // namespace strom::internal
