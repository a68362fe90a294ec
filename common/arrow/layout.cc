#include "common/arrow/layout.h"

namespace strom::arrow {
namespace {

constexpr int kMillisDigits = 3;  // Up to this precision TIME is 32 bits wide.

Storage StorageOf(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean:
      return Storage::kBits;
    case TypeKind::kChar:
    case TypeKind::kString:
    case TypeKind::kBytes:
      return Storage::kVariable;
    case TypeKind::kArray:
    case TypeKind::kMap:
      return Storage::kList;
    case TypeKind::kRow:
      return Storage::kStruct;
    default:
      return Storage::kFixed;
  }
}

int32_t WidthOf(const DataType& type) {
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return 1;
    case TypeKind::kSmallInt:
      return 2;
    case TypeKind::kInt:
    case TypeKind::kFloat:
    case TypeKind::kDate:
      return 4;
    case TypeKind::kBigInt:
    case TypeKind::kDouble:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return 8;
    case TypeKind::kTime:
      return type.precision() <= kMillisDigits ? 4 : 8;
    case TypeKind::kDecimal:
      return 16;
    case TypeKind::kBinary:
      return type.length();
    default:
      return 0;
  }
}

size_t OwnBuffers(Storage storage) {
  switch (storage) {
    case Storage::kStruct:
      return 1;
    case Storage::kVariable:
      return 3;
    default:
      return 2;
  }
}

DataType EntriesOf(const DataType& map) {
  return DataType::Row({{"key", map.key()}, {"value", map.value()}}).NotNull();
}

}  // namespace

SchemaLayout::SchemaLayout(const std::vector<DataType>& columns) {
  auto data = std::make_shared<Data>();
  for (const DataType& column : columns) {
    data->columns.push_back(data->fields.size());
    Add(column, *data);
  }
  data_ = std::move(data);
}

void SchemaLayout::Add(const DataType& type, Data& data) {
  const size_t index = data.fields.size();
  const size_t first_buffer = data.buffer_count;
  const Storage storage = StorageOf(type.kind());
  data.fields.push_back({.type = type,
                         .storage = storage,
                         .width = WidthOf(type),
                         .first_field = index,
                         .first_buffer = first_buffer});
  data.buffer_count += OwnBuffers(storage);
  if (type.kind() == TypeKind::kArray) Add(type.element(), data);
  if (type.kind() == TypeKind::kMap) Add(EntriesOf(type), data);
  if (type.kind() == TypeKind::kRow) {
    for (const RowField& field : type.fields()) Add(field.type, data);
  }
  data.fields[index].field_count = data.fields.size() - index;
  data.fields[index].buffer_count = data.buffer_count - first_buffer;
}

}  // namespace strom::arrow
