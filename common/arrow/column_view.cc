#include "common/arrow/column_view.h"

#include <new>

#include "common/arrow/time_units.h"

namespace strom::arrow {

Value ColumnView::At(int64_t slot) const {
  if (IsNull(slot)) return Value::Null();
  switch (layout_->storage) {
    case Storage::kBits:
      return Value::Bool(Bit(slot));
    case Storage::kFixed:
      return FixedAt(slot);
    case Storage::kVariable:
      return Value::String(Bytes(Variable(slot)));
    case Storage::kList:
      return ListAt(slot);
    case Storage::kStruct:
      return StructAt(slot);
  }
  STROM_UNREACHABLE();
}

template <class Read>
void ColumnView::ReadEach(Value* to, size_t step, int64_t from, int64_t end,
                          const Read& read) const {
  // NULL has nothing that would have to be destroyed.
  for (int64_t slot = from; slot < end; ++slot, to += step) {
    if (!IsNull(slot)) new (to) Value(read(slot));
  }
}

// What columns have most, without a choice for each value.
void ColumnView::ReadInto(Value* to, size_t step, int64_t from, int64_t end) const {
  const DataType& type = layout_->type;
  switch (type.kind()) {
    case TypeKind::kInt:
    case TypeKind::kDate:
      return ReadEach(to, step, from, end,
                        [this](int64_t slot) { return Value::Int(Number<int32_t>(slot)); });
    case TypeKind::kBigInt:
      return ReadEach(to, step, from, end,
                        [this](int64_t slot) { return Value::Int(Number<int64_t>(slot)); });
    case TypeKind::kDecimal:
      return ReadEach(to, step, from, end, [this](int64_t slot) {
        __int128 unscaled = 0;
        std::memcpy(&unscaled, Fixed(slot).data(), sizeof(unscaled));
        return Value::Dec(unscaled);
      });
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const TimeUnit unit = UnitOf(type.precision());
      return ReadEach(to, step, from, end, [this, unit](int64_t slot) {
        return Value::Time(*TimestampFromUnit(Number<int64_t>(slot), unit));
      });
    }
    case TypeKind::kChar:
    case TypeKind::kString:
      return ReadEach(to, step, from, end,
                        [this](int64_t slot) { return Value::String(Bytes(Variable(slot))); });
    default:
      return ReadEach(to, step, from, end, [this](int64_t slot) { return At(slot); });
  }
}

Value ColumnView::FixedAt(int64_t slot) const {
  const DataType& type = layout_->type;
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return Value::Int(Number<int8_t>(slot));
    case TypeKind::kSmallInt:
      return Value::Int(Number<int16_t>(slot));
    case TypeKind::kInt:
    case TypeKind::kDate:
      return Value::Int(Number<int32_t>(slot));
    case TypeKind::kBigInt:
      return Value::Int(Number<int64_t>(slot));
    case TypeKind::kFloat:
      return Value::Float(Number<float>(slot));
    case TypeKind::kDouble:
      return Value::Double(Number<double>(slot));
    case TypeKind::kDecimal: {
      __int128 unscaled = 0;
      std::memcpy(&unscaled, Fixed(slot).data(), sizeof(unscaled));
      return Value::Dec(unscaled);
    }
    case TypeKind::kTime: {
      const int64_t count = layout_->width == 4 ? Number<int32_t>(slot) : Number<int64_t>(slot);
      return Value::Int(TimeFromUnit(count, UnitOf(type.precision())));
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return Value::Time(*TimestampFromUnit(Number<int64_t>(slot), UnitOf(type.precision())));
    case TypeKind::kBinary:
      return Value::String(Bytes(Fixed(slot)));
    default:
      STROM_UNREACHABLE();
  }
}

Value ColumnView::ListAt(int64_t slot) const {
  const Range range = RangeOf(slot);
  const ColumnView& child = first_child();
  if (layout_->type.kind() == TypeKind::kArray) {
    ValueList list;
    list.reserve(range.end - range.begin);
    for (int32_t i = range.begin; i < range.end; ++i) list.push_back(child.At(i));
    return Value::List(std::move(list));
  }
  const ColumnView& keys = child.first_child();
  const ColumnView& values = keys.next_sibling();
  ValueMap map;
  map.reserve(range.end - range.begin);
  for (int32_t i = range.begin; i < range.end; ++i) map.emplace_back(keys.At(i), values.At(i));
  return Value::Map(std::move(map));
}

Value ColumnView::StructAt(int64_t slot) const {
  const size_t field_count = layout_->type.fields().size();
  Row row;
  row.reserve(field_count);
  const ColumnView* field = this + 1;
  for (size_t i = 0; i < field_count; ++i) {
    row.push_back(field->At(slot));
    field += field->layout().field_count;
  }
  return Value::Struct(std::move(row));
}

}  // namespace strom::arrow
