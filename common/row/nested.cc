#include "common/row/nested.h"

#include "common/row/binary_array.h"
#include "common/row/compacted_row.h"
#include "common/row/indexed_row.h"
#include "common/row/scalar.h"

namespace strom::internal {
namespace {

Status TooDeep(const DataType& type) {
  return Error(ErrorCode::kCorruptRecord, "types nest deeper than {} levels at {}",
               kNestingDepthMax, type.ToString());
}

}  // namespace

Status AppendNested(Bytes& out, const Value& value, const DataType& type, Nesting at) {
  if (at.depth >= kNestingDepthMax) return TooDeep(type);
  const Nesting inside{at.format, at.depth + 1};
  switch (type.kind()) {
    case TypeKind::kArray:
      if (const ValueList* list = value.list()) {
        return AppendBinaryArray(out, *list, type.element(), inside);
      }
      break;
    case TypeKind::kMap:
      if (const ValueMap* map = value.map()) return AppendBinaryMap(out, *map, type, inside);
      break;
    case TypeKind::kRow:
      if (const Row* row = value.row()) {
        return at.format == RowFormat::kCompacted
                   ? AppendCompactedFields(out, *row, type.fields(), inside.depth)
                   : AppendIndexedFields(out, *row, type.fields(), inside.depth);
      }
      break;
    default:
      STROM_UNREACHABLE() << ": " << type.ToString() << " is not nested";
  }
  return Misfit(value, type);
}

Status DecodeNested(BytesView bytes, const DataType& type, Nesting at, Value& to) {
  if (at.depth >= kNestingDepthMax) return TooDeep(type);
  const Nesting inside{at.format, at.depth + 1};
  switch (type.kind()) {
    case TypeKind::kArray: {
      STROM_ASSIGN_OR_RETURN(ValueList list, DecodeBinaryArray(bytes, type.element(), inside));
      to = Value::List(std::move(list));
      return Status::Ok();
    }
    case TypeKind::kMap: {
      STROM_ASSIGN_OR_RETURN(ValueMap map, DecodeBinaryMap(bytes, type, inside));
      to = Value::Map(std::move(map));
      return Status::Ok();
    }
    case TypeKind::kRow: {
      Row row;
      STROM_RETURN_IF_ERROR(at.format == RowFormat::kCompacted
                                ? DecodeCompactedFields(bytes, type.fields(), inside.depth, row)
                                : DecodeIndexedFields(bytes, type.fields(), inside.depth, row));
      to = Value::Struct(std::move(row));
      return Status::Ok();
    }
    default:
      STROM_UNREACHABLE() << ": " << type.ToString() << " is not nested";
  }
}

}  // namespace strom::internal
