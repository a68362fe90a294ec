#include "pipeline/duckdb/vector_writer.h"

#include <cstring>
#include <limits>

#include "common/base/check.h"
#include "common/types/decimal.h"
#include "common/types/utf8.h"

namespace strom::duck {
namespace {

duckdb_hugeint ToHugeint(__int128 value) {
  return {.lower = static_cast<uint64_t>(value), .upper = static_cast<int64_t>(value >> 64)};
}

template <class T>
bool Fits(int64_t value) {
  return value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max();
}

// DuckDB's text of these bytes; long ones stay where they are.
duckdb_string_t Borrowed(const Bytes& bytes) {
  duckdb_string_t text;
  const auto length = static_cast<uint32_t>(bytes.size());
  if (length <= sizeof text.value.inlined.inlined) {
    text.value.inlined.length = length;
    std::memset(text.value.inlined.inlined, 0, sizeof text.value.inlined.inlined);
    std::memcpy(text.value.inlined.inlined, bytes.data(), length);
  } else {
    text.value.pointer.length = length;
    std::memcpy(text.value.pointer.prefix, bytes.data(), sizeof text.value.pointer.prefix);
    text.value.pointer.ptr = const_cast<char*>(bytes.data());  // Nobody writes there.
  }
  return text;
}

}  // namespace

VectorWriter::VectorWriter(const DataType& type, duckdb_vector vector)
    : type_(type), vector_(vector), data_(duckdb_vector_get_data(vector)) {
  switch (type.kind()) {
    case TypeKind::kArray:
      children_.emplace_back(type.element(), duckdb_list_vector_get_child(vector));
      break;
    case TypeKind::kMap: {
      const duckdb_vector entries = duckdb_list_vector_get_child(vector);
      children_.emplace_back(type.key(), duckdb_struct_vector_get_child(entries, 0));
      children_.emplace_back(type.value(), duckdb_struct_vector_get_child(entries, 1));
      break;
    }
    case TypeKind::kRow:
      for (size_t i = 0; i < type.fields().size(); ++i) {
        children_.emplace_back(type.fields()[i].type, duckdb_struct_vector_get_child(vector, i));
      }
      break;
    default:
      break;
  }
}

void VectorWriter::WriteNull(size_t row) {
  duckdb_vector_ensure_validity_writable(vector_);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector_), row);
  if (type_.kind() == TypeKind::kArray || type_.kind() == TypeKind::kMap) {
    static_cast<duckdb_list_entry*>(data_)[row] = {0, 0};
  } else if (type_.kind() == TypeKind::kRow) {  // DuckDB wants the fields of a NULL to be NULL.
    for (VectorWriter& child : children_) child.WriteNull(row);
  }
}

Status VectorWriter::Mismatch(const Value& value) const {
  return Error(ErrorCode::kCorruptRecord, "{} is no {}", value.ToString().substr(0, 100),
               type_.ToString());
}

Status VectorWriter::Write(size_t row, const Value& value) {
  if (value.is_null()) {
    WriteNull(row);
    return Status::Ok();
  }
  switch (type_.kind()) {
    case TypeKind::kBoolean:
      if (const bool* v = value.get_if<bool>()) return Put(row, *v);
      break;
    case TypeKind::kFloat:
      if (const float* v = value.get_if<float>()) return Put(row, *v);
      break;
    case TypeKind::kDouble:
      if (const double* v = value.get_if<double>()) return Put(row, *v);
      break;
    case TypeKind::kChar:
    case TypeKind::kString:
      if (const Bytes* v = value.get_if<Bytes>()) {
        if (!IsUtf8(*v)) return Mismatch(value);
        duckdb_unsafe_vector_assign_string_element_len(vector_, row, v->data(), v->size());
        return Status::Ok();
      }
      break;
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      if (const Bytes* v = value.get_if<Bytes>()) {
        duckdb_vector_assign_string_element_len(vector_, row, v->data(), v->size());
        return Status::Ok();
      }
      break;
    case TypeKind::kDecimal:
      return WriteDecimal(row, value);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return WriteTimestamp(row, value);
    case TypeKind::kArray:
      if (const ValueList* v = value.list()) return WriteList(row, *v);
      break;
    case TypeKind::kMap:
      if (const ValueMap* v = value.map()) return WriteMap(row, *v);
      break;
    case TypeKind::kRow:
      if (const Row* v = value.row(); v != nullptr && v->size() == children_.size()) {
        for (size_t i = 0; i < v->size(); ++i) {
          STROM_RETURN_IF_ERROR(children_[i].Write(row, (*v)[i]));
        }
        return Status::Ok();
      }
      break;
    default:
      return WriteInteger(row, value);
  }
  return Mismatch(value);
}

template <class A, class T, class Convert>
Status VectorWriter::WriteEach(size_t first, std::span<const RowRef> rows, size_t column,
                               const Convert& convert) {
  T* const cells = static_cast<T*>(data_) + first;
  for (size_t i = 0; i < rows.size(); ++i) {
    const Value& value = rows[i][column];
    const A* v = value.get_if<A>();
    if (v != nullptr && convert(*v, cells[i])) continue;
    STROM_RETURN_IF_ERROR(Write(first + i, value));
  }
  return Status::Ok();
}

template <class T>
Status VectorWriter::WriteIntegers(size_t first, std::span<const RowRef> rows, size_t column) {
  return WriteEach<int64_t, T>(first, rows, column, [](int64_t v, T& cell) {
    cell = static_cast<T>(v);
    return Fits<T>(v);
  });
}

template <class T>
Status VectorWriter::WriteDecimals(size_t first, std::span<const RowRef> rows, size_t column) {
  const auto limit = static_cast<int64_t>(PowerOfTen(type_.precision()));
  return WriteEach<Decimal, T>(first, rows, column, [limit](const Decimal& v, T& cell) {
    cell = static_cast<T>(v.unscaled);
    return v.unscaled < limit && v.unscaled > -limit;
  });
}

Status VectorWriter::Write(size_t first, std::span<const RowRef> rows, size_t column) {
  const auto as_is = []<class T>(const T& v, T& cell) {
    cell = v;
    return true;
  };
  switch (type_.kind()) {
    case TypeKind::kBoolean:
      return WriteEach<bool, bool>(first, rows, column, as_is);
    case TypeKind::kDouble:
      return WriteEach<double, double>(first, rows, column, as_is);
    case TypeKind::kInt:
    case TypeKind::kDate:
      return WriteIntegers<int32_t>(first, rows, column);
    case TypeKind::kBigInt:
      return WriteIntegers<int64_t>(first, rows, column);
    case TypeKind::kChar:
    case TypeKind::kString:
      return WriteEach<Bytes, duckdb_string_t>(first, rows, column,
                                               [](const Bytes& v, duckdb_string_t& cell) {
                                                 if (!IsUtf8(v)) return false;
                                                 cell = Borrowed(v);
                                                 return true;
                                               });
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return WriteEach<Bytes, duckdb_string_t>(first, rows, column,
                                               [](const Bytes& v, duckdb_string_t& cell) {
                                                 cell = Borrowed(v);
                                                 return true;
                                               });
    case TypeKind::kDecimal:  // DuckDB stores decimals in the smallest of four widths.
      if (type_.precision() <= 4) return WriteDecimals<int16_t>(first, rows, column);
      if (type_.precision() <= 9) return WriteDecimals<int32_t>(first, rows, column);
      if (type_.precision() <= 18) return WriteDecimals<int64_t>(first, rows, column);
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (type_.kind() == TypeKind::kTimestamp && type_.precision() > 6) break;
      return WriteEach<Timestamp, int64_t>(
          first, rows, column, [](const Timestamp& v, int64_t& cell) {
            return !__builtin_mul_overflow(v.millis, 1000, &cell) &&
                   !__builtin_add_overflow(cell, v.nanos_of_milli / 1000, &cell);
          });
    default:
      break;
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    STROM_RETURN_IF_ERROR(Write(first + i, rows[i][column]));
  }
  return Status::Ok();
}

Status VectorWriter::WriteInteger(size_t row, const Value& value) {
  const int64_t* v = value.get_if<int64_t>();
  if (v == nullptr) return Mismatch(value);
  switch (type_.kind()) {
    case TypeKind::kTinyInt:
      return Fits<int8_t>(*v) ? Put(row, static_cast<int8_t>(*v)) : Mismatch(value);
    case TypeKind::kSmallInt:
      return Fits<int16_t>(*v) ? Put(row, static_cast<int16_t>(*v)) : Mismatch(value);
    case TypeKind::kInt:
    case TypeKind::kDate:
      return Fits<int32_t>(*v) ? Put(row, static_cast<int32_t>(*v)) : Mismatch(value);
    case TypeKind::kBigInt:
      return Put(row, *v);
    case TypeKind::kTime:
      return *v >= 0 && *v < 86400000 ? Put(row, *v * 1000) : Mismatch(value);
    default:
      STROM_CHECK(false) << "no integer type: " << type_.ToString();
      return Status::Ok();
  }
}

Status VectorWriter::WriteDecimal(size_t row, const Value& value) {
  const Decimal* v = value.get_if<Decimal>();
  if (v == nullptr || !DecimalFits(v->unscaled, type_.precision())) return Mismatch(value);
  // DuckDB stores decimals in the smallest of four widths.
  if (type_.precision() <= 4) return Put(row, static_cast<int16_t>(v->unscaled));
  if (type_.precision() <= 9) return Put(row, static_cast<int32_t>(v->unscaled));
  if (type_.precision() <= 18) return Put(row, static_cast<int64_t>(v->unscaled));
  return Put(row, ToHugeint(v->unscaled));
}

Status VectorWriter::WriteTimestamp(size_t row, const Value& value) {
  const Timestamp* v = value.get_if<Timestamp>();
  if (v == nullptr) return Mismatch(value);
  const bool nanos = type_.kind() == TypeKind::kTimestamp && type_.precision() > 6;
  int64_t count = 0;
  if (__builtin_mul_overflow(v->millis, nanos ? 1000000 : 1000, &count) ||
      __builtin_add_overflow(count, nanos ? v->nanos_of_milli : v->nanos_of_milli / 1000, &count)) {
    return Mismatch(value);
  }
  return Put(row, count);
}

size_t VectorWriter::Grow(size_t row, size_t count) {
  const size_t first = duckdb_list_vector_get_size(vector_);
  // Room for twice as much: lists are written one after the other.
  if (count > 0)
    STROM_CHECK(duckdb_list_vector_reserve(vector_, (first + count) * 2) == DuckDBSuccess);
  STROM_CHECK(duckdb_list_vector_set_size(vector_, first + count) == DuckDBSuccess);
  static_cast<duckdb_list_entry*>(data_)[row] = {first, count};
  return first;
}

Status VectorWriter::WriteList(size_t row, const ValueList& list) {
  const size_t first = Grow(row, list.size());
  // The elements may have moved.
  VectorWriter element(type_.element(), duckdb_list_vector_get_child(vector_));
  for (size_t i = 0; i < list.size(); ++i) {
    STROM_RETURN_IF_ERROR(element.Write(first + i, list[i]));
  }
  return Status::Ok();
}

Status VectorWriter::WriteMap(size_t row, const ValueMap& map) {
  const size_t first = Grow(row, map.size());
  const duckdb_vector entries = duckdb_list_vector_get_child(vector_);
  VectorWriter keys(type_.key(), duckdb_struct_vector_get_child(entries, 0));
  VectorWriter values(type_.value(), duckdb_struct_vector_get_child(entries, 1));
  for (size_t i = 0; i < map.size(); ++i) {
    STROM_RETURN_IF_ERROR(keys.Write(first + i, map[i].first));
    STROM_RETURN_IF_ERROR(values.Write(first + i, map[i].second));
  }
  return Status::Ok();
}

}  // namespace strom::duck
