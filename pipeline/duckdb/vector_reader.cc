#include "pipeline/duckdb/vector_reader.h"

#include <limits>

#include "common/base/check.h"
#include "common/types/decimal.h"

namespace strom::duck {
namespace {

__int128 ToInt128(duckdb_hugeint value) {
  return static_cast<__int128>(static_cast<unsigned __int128>(value.upper) << 64 | value.lower);
}

// `count` units after the epoch, `per_milli` of them a millisecond.
Value TimestampOf(int64_t count, int64_t per_milli) {
  int64_t millis = count / per_milli;
  int64_t rest = count % per_milli;
  if (rest < 0) {
    rest += per_milli;
    --millis;
  }
  return Value::Time(millis, static_cast<int32_t>(rest * (1000000 / per_milli)));
}

}  // namespace

VectorReader::VectorReader(const ColumnLayout& layout, duckdb_vector vector)
    : layout_(&layout),
      data_(duckdb_vector_get_data(vector)),
      validity_(duckdb_vector_get_validity(vector)) {
  switch (layout.id) {
    case DUCKDB_TYPE_LIST:
      children_.emplace_back(layout.children[0], duckdb_list_vector_get_child(vector));
      break;
    case DUCKDB_TYPE_ARRAY:
      children_.emplace_back(layout.children[0], duckdb_array_vector_get_child(vector));
      break;
    case DUCKDB_TYPE_MAP: {  // A list of (key, value).
      const duckdb_vector entries = duckdb_list_vector_get_child(vector);
      for (size_t i = 0; i < 2; ++i) {
        children_.emplace_back(layout.children[i], duckdb_struct_vector_get_child(entries, i));
      }
      break;
    }
    case DUCKDB_TYPE_STRUCT:
      for (size_t i = 0; i < layout.children.size(); ++i) {
        children_.emplace_back(layout.children[i], duckdb_struct_vector_get_child(vector, i));
      }
      break;
    default:
      break;
  }
}

Value VectorReader::Read(size_t row, Status& status) const {
  if (IsNull(row)) return Value::Null();
  switch (layout_->id) {
    case DUCKDB_TYPE_BOOLEAN:
      return Value::Bool(At<bool>(row));
    case DUCKDB_TYPE_TINYINT:
      return Value::Int(At<int8_t>(row));
    case DUCKDB_TYPE_UTINYINT:
      return Value::Int(At<uint8_t>(row));
    case DUCKDB_TYPE_SMALLINT:
      return Value::Int(At<int16_t>(row));
    case DUCKDB_TYPE_USMALLINT:
      return Value::Int(At<uint16_t>(row));
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_DATE:
      return Value::Int(At<int32_t>(row));
    case DUCKDB_TYPE_UINTEGER:
      return Value::Int(At<uint32_t>(row));
    case DUCKDB_TYPE_BIGINT:
      return Value::Int(At<int64_t>(row));
    case DUCKDB_TYPE_FLOAT:
      return Value::Float(At<float>(row));
    case DUCKDB_TYPE_DOUBLE:
      return Value::Double(At<double>(row));
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_BLOB: {
      auto* text = static_cast<duckdb_string_t*>(data_) + row;
      return Value::String(Bytes(duckdb_string_t_data(text), duckdb_string_t_length(*text)));
    }
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_DECIMAL:
      return ReadDecimal(row, status);
    case DUCKDB_TYPE_LIST: {
      const auto entry = At<duckdb_list_entry>(row);
      return ReadList(entry.offset, entry.length, status);
    }
    case DUCKDB_TYPE_ARRAY:
      return ReadList(row * layout_->array_size, layout_->array_size, status);
    case DUCKDB_TYPE_MAP:
      return ReadMap(row, status);
    case DUCKDB_TYPE_STRUCT:
      return ReadStruct(row, status);
    case DUCKDB_TYPE_SQLNULL:
      return Value::Null();
    default:
      return ReadTime(row, status);
  }
}

Value VectorReader::ReadDecimal(size_t row, Status& status) const {
  switch (layout_->id == DUCKDB_TYPE_DECIMAL ? layout_->storage : layout_->id) {
    case DUCKDB_TYPE_SMALLINT:
      return Value::Dec(At<int16_t>(row));
    case DUCKDB_TYPE_INTEGER:
      return Value::Dec(At<int32_t>(row));
    case DUCKDB_TYPE_BIGINT:
      return Value::Dec(At<int64_t>(row));
    case DUCKDB_TYPE_UBIGINT:
      return Value::Dec(At<uint64_t>(row));
    case DUCKDB_TYPE_HUGEINT: {
      const __int128 value = ToInt128(At<duckdb_hugeint>(row));
      if (!DecimalFits(value, kDecimalDigitsMax)) {
        status =
            Error(ErrorCode::kInvalidSql, "a number has more than {} digits", kDecimalDigitsMax);
        return Value::Null();
      }
      return Value::Dec(value);
    }
    default:
      STROM_CHECK(false) << "storage of a decimal: " << static_cast<int>(layout_->storage);
      return Value::Null();
  }
}

Value VectorReader::ReadTime(size_t row, Status& status) const {
  const auto count = At<int64_t>(row);
  if (layout_->id == DUCKDB_TYPE_TIME) return Value::Int(count / 1000);
  // DuckDB's infinities are the largest number and its negative.
  if (count == std::numeric_limits<int64_t>::max() ||
      count <= -std::numeric_limits<int64_t>::max()) {
    status = Error(ErrorCode::kInvalidSql, "a timestamp is infinite");
    return Value::Null();
  }
  switch (layout_->id) {
    case DUCKDB_TYPE_TIMESTAMP_S: {
      int64_t millis = 0;
      if (__builtin_mul_overflow(count, 1000, &millis)) {
        status = Error(ErrorCode::kInvalidSql, "a timestamp of {} s is out of range", count);
        return Value::Null();
      }
      return Value::Time(millis);
    }
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return Value::Time(count);
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return TimestampOf(count, 1000);
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return TimestampOf(count, 1000000);
    default:
      STROM_CHECK(false) << "no layout has DuckDB's type " << static_cast<int>(layout_->id);
      return Value::Null();
  }
}

Value VectorReader::ReadList(size_t offset, size_t length, Status& status) const {
  ValueList list;
  list.reserve(length);
  for (size_t i = 0; i < length; ++i) {
    list.push_back(children_[0].Read(offset + i, status));
  }
  return Value::List(std::move(list));
}

Value VectorReader::ReadMap(size_t row, Status& status) const {
  const auto entry = At<duckdb_list_entry>(row);
  ValueMap map;
  map.reserve(entry.length);
  for (size_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    Value key = children_[0].Read(i, status);
    map.emplace_back(std::move(key), children_[1].Read(i, status));
  }
  return Value::Map(std::move(map));
}

Value VectorReader::ReadStruct(size_t row, Status& status) const {
  Row fields;
  fields.reserve(children_.size());
  for (const VectorReader& child : children_) {
    fields.push_back(child.Read(row, status));
  }
  return Value::Struct(std::move(fields));
}

}  // namespace strom::duck
