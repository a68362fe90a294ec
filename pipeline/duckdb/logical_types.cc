#include "pipeline/duckdb/logical_types.h"

#include <algorithm>

#include "common/base/check.h"

namespace strom::duck {
namespace {

duckdb_type ScalarIdOf(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kBoolean:
      return DUCKDB_TYPE_BOOLEAN;
    case TypeKind::kTinyInt:
      return DUCKDB_TYPE_TINYINT;
    case TypeKind::kSmallInt:
      return DUCKDB_TYPE_SMALLINT;
    case TypeKind::kInt:
      return DUCKDB_TYPE_INTEGER;
    case TypeKind::kBigInt:
      return DUCKDB_TYPE_BIGINT;
    case TypeKind::kFloat:
      return DUCKDB_TYPE_FLOAT;
    case TypeKind::kDouble:
      return DUCKDB_TYPE_DOUBLE;
    case TypeKind::kChar:
    case TypeKind::kString:
      return DUCKDB_TYPE_VARCHAR;
    case TypeKind::kBinary:
    case TypeKind::kBytes:
      return DUCKDB_TYPE_BLOB;
    case TypeKind::kDate:
      return DUCKDB_TYPE_DATE;
    case TypeKind::kTime:
      return DUCKDB_TYPE_TIME;
    case TypeKind::kTimestamp:
      return type.precision() > 6 ? DUCKDB_TYPE_TIMESTAMP_NS : DUCKDB_TYPE_TIMESTAMP;
    case TypeKind::kTimestampLtz:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
    default:
      STROM_CHECK(false) << "no scalar type: " << type.ToString();
      return DUCKDB_TYPE_INVALID;
  }
}

Result<DataType> ScalarTypeOf(duckdb_type id, const std::string& name) {
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
      return DataType::Boolean();
    case DUCKDB_TYPE_TINYINT:
      return DataType::TinyInt();
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_UTINYINT:
      return DataType::SmallInt();
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_SQLNULL:
      return DataType::Int();
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UINTEGER:
      return DataType::BigInt();
    case DUCKDB_TYPE_UBIGINT:
      return DataType::Decimal(20, 0);
    case DUCKDB_TYPE_HUGEINT:
      return DataType::Decimal(38, 0);
    case DUCKDB_TYPE_FLOAT:
      return DataType::Float();
    case DUCKDB_TYPE_DOUBLE:
      return DataType::Double();
    case DUCKDB_TYPE_VARCHAR:
      return DataType::String();
    case DUCKDB_TYPE_BLOB:
      return DataType::Bytes();
    case DUCKDB_TYPE_DATE:
      return DataType::Date();
    case DUCKDB_TYPE_TIME:
      return DataType::Time(3);
    case DUCKDB_TYPE_TIMESTAMP_S:
      return DataType::Timestamp(0);
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return DataType::Timestamp(3);
    case DUCKDB_TYPE_TIMESTAMP:
      return DataType::Timestamp(6);
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return DataType::Timestamp(9);
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return DataType::TimestampLtz(6);
    default:
      return Error(ErrorCode::kInvalidSql,
                   "column {} has a type that no table can hold (DuckDB's type {}): cast it", name,
                   static_cast<int>(id));
  }
}

}  // namespace

TypeHandle ToLogicalType(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kDecimal:
      return TypeHandle(duckdb_create_decimal_type(static_cast<uint8_t>(type.precision()),
                                                   static_cast<uint8_t>(type.scale())));
    case TypeKind::kArray:
      return TypeHandle(duckdb_create_list_type(ToLogicalType(type.element()).get()));
    case TypeKind::kMap:
      return TypeHandle(duckdb_create_map_type(ToLogicalType(type.key()).get(),
                                               ToLogicalType(type.value()).get()));
    case TypeKind::kRow: {
      std::vector<TypeHandle> owned;
      std::vector<duckdb_logical_type> types;
      std::vector<const char*> names;
      for (const RowField& field : type.fields()) {
        types.push_back(owned.emplace_back(ToLogicalType(field.type)).get());
        names.push_back(field.name.c_str());
      }
      return TypeHandle(duckdb_create_struct_type(types.data(), names.data(), types.size()));
    }
    default:
      return TypeHandle(duckdb_create_logical_type(ScalarIdOf(type)));
  }
}

Result<ColumnLayout> LayoutOf(duckdb_logical_type type, const std::string& name) {
  ColumnLayout layout{.id = duckdb_get_type_id(type)};
  const auto add_child = [&](TypeHandle child) -> Status {
    STROM_ASSIGN_OR_RETURN(ColumnLayout inner, LayoutOf(child.get(), name));
    layout.children.push_back(std::move(inner));
    return Status::Ok();
  };
  switch (layout.id) {
    case DUCKDB_TYPE_DECIMAL:
      layout.storage = duckdb_decimal_internal_type(type);
      layout.type = DataType::Decimal(duckdb_decimal_width(type), duckdb_decimal_scale(type));
      return layout;
    case DUCKDB_TYPE_LIST:
      STROM_RETURN_IF_ERROR(add_child(TypeHandle(duckdb_list_type_child_type(type))));
      layout.type = DataType::Array(layout.children[0].type);
      return layout;
    case DUCKDB_TYPE_ARRAY:
      layout.array_size = duckdb_array_type_array_size(type);
      STROM_RETURN_IF_ERROR(add_child(TypeHandle(duckdb_array_type_child_type(type))));
      layout.type = DataType::Array(layout.children[0].type);
      return layout;
    case DUCKDB_TYPE_MAP:
      STROM_RETURN_IF_ERROR(add_child(TypeHandle(duckdb_map_type_key_type(type))));
      STROM_RETURN_IF_ERROR(add_child(TypeHandle(duckdb_map_type_value_type(type))));
      layout.type = DataType::Map(layout.children[0].type, layout.children[1].type);
      return layout;
    case DUCKDB_TYPE_STRUCT: {
      std::vector<RowField> fields;
      for (idx_t i = 0; i < duckdb_struct_type_child_count(type); ++i) {
        STROM_RETURN_IF_ERROR(add_child(TypeHandle(duckdb_struct_type_child_type(type, i))));
        char* field_name = duckdb_struct_type_child_name(type, i);
        fields.push_back({.name = field_name, .type = layout.children.back().type});
        duckdb_free(field_name);
      }
      layout.type = DataType::Row(std::move(fields));
      return layout;
    }
    default: {
      STROM_ASSIGN_OR_RETURN(layout.type, ScalarTypeOf(layout.id, name));
      return layout;
    }
  }
}

}  // namespace strom::duck
