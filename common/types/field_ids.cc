#include "common/types/field_ids.h"

#include <utility>

namespace strom {
namespace {

DataType MapRow(const DataType& type, const std::function<int32_t(int32_t)>& new_id) {
  std::vector<RowField> fields = type.fields();
  for (RowField& field : fields) {
    field.field_id = new_id(field.field_id);
    field.type = MapFieldIds(field.type, new_id);
  }
  return DataType::Row(std::move(fields));
}

DataType MapChildren(const DataType& type, const std::function<int32_t(int32_t)>& new_id) {
  switch (type.kind()) {
    case TypeKind::kArray:
      return DataType::Array(MapFieldIds(type.element(), new_id));
    case TypeKind::kMap: {
      DataType key = MapFieldIds(type.key(), new_id);  // Before the value's.
      return DataType::Map(std::move(key), MapFieldIds(type.value(), new_id));
    }
    case TypeKind::kRow:
      return MapRow(type, new_id);
    default:
      return type;
  }
}

}  // namespace

DataType MapFieldIds(const DataType& type, const std::function<int32_t(int32_t)>& new_id) {
  return MapChildren(type, new_id).WithNullable(type.nullable());
}

void CollectFieldIds(const DataType& type, std::vector<int32_t>& out) {
  MapFieldIds(type, [&out](int32_t id) {
    out.push_back(id);
    return id;
  });
}

}  // namespace strom
