#include "common/arrow/column_builder.h"

#include "common/arrow/time_units.h"
#include "common/base/endian.h"

namespace strom::arrow {
namespace {

template <class T>
const T& Get(const Value& value) {
  const T* held = value.get_if<T>();
  STROM_CHECK(held != nullptr) << "an unchecked value: " << value.ToString();
  return *held;
}

}  // namespace

ColumnBuilder::ColumnBuilder(const std::vector<FieldLayout>& fields, size_t index)
    : layout_(&fields[index]) {
  const size_t end = index + layout_->field_count;
  for (size_t child = index + 1; child < end; child += fields[child].field_count) {
    children_.emplace_back(fields, child);
  }
}

void ColumnBuilder::Append(const Value& value) {
  if (value.is_null()) return AppendNull();
  validity_.Append(true);
  switch (layout_->storage) {
    case Storage::kBits:
      return bits_.Append(Get<bool>(value));
    case Storage::kFixed:
      return AppendFixed(value);
    case Storage::kVariable:
      data_.append(Get<Bytes>(value));
      return AppendEnd();
    case Storage::kList:
      if (layout_->type.kind() == TypeKind::kArray) {
        for (const Value& element : *value.list()) children_[0].Append(element);
      } else {
        ColumnBuilder& entries = children_[0];
        for (const auto& [key, mapped] : *value.map()) {
          entries.validity_.Append(true);
          entries.children_[0].Append(key);
          entries.children_[1].Append(mapped);
        }
      }
      return AppendEnd();
    case Storage::kStruct:
      for (size_t i = 0; i < children_.size(); ++i) children_[i].Append((*value.row())[i]);
      return;
  }
}

void ColumnBuilder::Append(const Cell& cell) {
  if (cell.null) return AppendNull();
  validity_.Append(true);
  switch (layout_->storage) {
    case Storage::kBits:
      return bits_.Append(cell.number != 0);
    case Storage::kFixed:
      // The lowest bytes of the number, whatever it stands for.
      data_.append(reinterpret_cast<const char*>(&cell.number), layout_->width);
      return;
    case Storage::kVariable:
      data_.append(cell.bytes);
      return AppendEnd();
    case Storage::kList:
    case Storage::kStruct:
      break;
  }
  STROM_UNREACHABLE() << ": cells of " << layout_->type.ToString();
}

void ColumnBuilder::AppendNull() {
  validity_.Append(false);
  ++null_count_;
  switch (layout_->storage) {
    case Storage::kBits:
      return bits_.Append(false);
    case Storage::kFixed:
      data_.append(layout_->width, '\0');
      return;
    case Storage::kVariable:
    case Storage::kList:
      return AppendEnd();
    case Storage::kStruct:
      for (ColumnBuilder& child : children_) child.AppendNull();
      return;
  }
}

void ColumnBuilder::AppendFixed(const Value& value) {
  const DataType& type = layout_->type;
  switch (type.kind()) {
    case TypeKind::kTinyInt:
      return AppendNumber(static_cast<int8_t>(Get<int64_t>(value)));
    case TypeKind::kSmallInt:
      return AppendNumber(static_cast<int16_t>(Get<int64_t>(value)));
    case TypeKind::kInt:
    case TypeKind::kDate:
      return AppendNumber(static_cast<int32_t>(Get<int64_t>(value)));
    case TypeKind::kBigInt:
      return AppendNumber(Get<int64_t>(value));
    case TypeKind::kFloat:
      return AppendNumber(Get<float>(value));
    case TypeKind::kDouble:
      return AppendNumber(Get<double>(value));
    case TypeKind::kDecimal: {
      const __int128 unscaled = Get<Decimal>(value).unscaled;
      data_.append(reinterpret_cast<const char*>(&unscaled), sizeof(unscaled));
      return;
    }
    case TypeKind::kTime: {
      const int64_t count = TimeToUnit(Get<int64_t>(value), UnitOf(type.precision()));
      return layout_->width == 4 ? AppendNumber(static_cast<int32_t>(count)) : AppendNumber(count);
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return AppendNumber(*TimestampToUnit(Get<Timestamp>(value), UnitOf(type.precision())));
    case TypeKind::kBinary: {
      const Bytes& bytes = Get<Bytes>(value);
      data_.append(bytes).append(layout_->width - bytes.size(), '\0');
      return;
    }
    default:
      STROM_UNREACHABLE();
  }
}

void ColumnBuilder::AppendEnd() {
  if (offsets_.empty()) AppendLittle<int32_t>(offsets_, 0);
  const int64_t end = layout_->storage == Storage::kList ? children_[0].length()
                                                         : static_cast<int64_t>(data_.size());
  AppendLittle(offsets_, static_cast<int32_t>(end));
}

void ColumnBuilder::Reset() {
  validity_.Reset();
  null_count_ = 0;
  bits_.Reset();
  offsets_.clear();
  data_.clear();
  for (ColumnBuilder& child : children_) child.Reset();
}

size_t ColumnBuilder::padded_size() const {
  size_t size = PaddedSize(validity_.bytes().size()) + PaddedSize(bits_.bytes().size()) +
                PaddedSize(offsets_.size()) + PaddedSize(data_.size());
  for (const ColumnBuilder& child : children_) size += child.padded_size();
  return size;
}

void ColumnBuilder::Collect(std::vector<FieldNode>& nodes, std::vector<BytesView>& buffers) const {
  nodes.push_back({length(), null_count_});
  buffers.emplace_back(validity_.bytes());
  switch (layout_->storage) {
    case Storage::kBits:
      buffers.emplace_back(bits_.bytes());
      break;
    case Storage::kFixed:
      buffers.emplace_back(data_);
      break;
    case Storage::kVariable:
      buffers.emplace_back(offsets_);
      buffers.emplace_back(data_);
      break;
    case Storage::kList:
      buffers.emplace_back(offsets_);
      break;
    case Storage::kStruct:
      break;
  }
  for (const ColumnBuilder& child : children_) child.Collect(nodes, buffers);
}

}  // namespace strom::arrow
