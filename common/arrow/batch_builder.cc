#include "common/arrow/batch_builder.h"

#include <limits>

#include "common/arrow/time_units.h"

namespace strom::arrow {
namespace {

constexpr int64_t kCostMax = std::numeric_limits<int32_t>::max() - (64 << 10);

// What a null adds to buffers whose growth has no other bound.
int64_t NullCost(const DataType& type) {
  if (type.kind() == TypeKind::kBinary) return type.length();
  int64_t cost = 1;
  if (type.kind() == TypeKind::kRow) {
    for (const RowField& field : type.fields()) cost += NullCost(field.type);
  }
  return cost;
}

// Adds to `cost` at least the bytes of variable size and the elements that `value`, which has been
// checked to be of `type`, adds to the buffers of its column. Errors: as of Append().
Status Measure(const Value& value, const DataType& type, int64_t& cost) {
  if (value.is_null()) {
    cost += NullCost(type);
    return Status::Ok();
  }
  ++cost;
  switch (type.kind()) {
    case TypeKind::kChar:
    case TypeKind::kString:
    case TypeKind::kBytes:
      cost += static_cast<int64_t>(value.get_if<Bytes>()->size());
      return Status::Ok();
    case TypeKind::kBinary:
      cost += type.length();
      return Status::Ok();
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const Timestamp time = *value.get_if<Timestamp>();
      if (TimestampToUnit(time, UnitOf(type.precision()))) return Status::Ok();
      return Error(ErrorCode::kCorruptRecord, "{} ms since the epoch is out of the range of {}",
                   time.millis, type.ToString());
    }
    case TypeKind::kArray:
      for (const Value& element : *value.list()) {
        STROM_RETURN_IF_ERROR(Measure(element, type.element(), cost));
      }
      return Status::Ok();
    case TypeKind::kMap:
      for (const auto& [key, mapped] : *value.map()) {
        STROM_RETURN_IF_ERROR(Measure(key, type.key(), cost));
        STROM_RETURN_IF_ERROR(Measure(mapped, type.value(), cost));
      }
      return Status::Ok();
    case TypeKind::kRow:
      for (size_t i = 0; i < type.fields().size(); ++i) {
        STROM_RETURN_IF_ERROR(Measure((*value.row())[i], type.fields()[i].type, cost));
      }
      return Status::Ok();
    default:
      return Status::Ok();
  }
}

Status CheckWidth(size_t values, size_t columns) {
  if (values == columns) return Status::Ok();
  return Error(ErrorCode::kCorruptRecord, "a row of {} values for a table of {} columns", values,
               columns);
}

}  // namespace

RecordBatchBuilder::RecordBatchBuilder(SchemaLayout layout) : layout_(std::move(layout)) {
  for (size_t i = 0; i < layout_.column_count(); ++i) {
    columns_.emplace_back(layout_.fields(), layout_.column(i).first_field);
  }
}

Status RecordBatchBuilder::Append(const Row& row) {
  STROM_RETURN_IF_ERROR(CheckWidth(row.size(), columns_.size()));
  int64_t cost = cost_ + 1;
  for (size_t i = 0; i < row.size(); ++i) {
    const DataType& type = layout_.column(i).type;
    Status status = CheckValue(row[i], type, "value");
    if (status.ok()) status = Measure(row[i], type, cost);
    if (!status.ok()) return status.WithContext(fmt::format("column {}", i));
  }
  STROM_RETURN_IF_ERROR(CheckCost(cost));
  for (size_t i = 0; i < row.size(); ++i) columns_[i].Append(row[i]);
  cost_ = cost;
  ++row_count_;
  return Status::Ok();
}

Status RecordBatchBuilder::AppendCells(std::span<const Cell> row) {
  STROM_RETURN_IF_ERROR(CheckWidth(row.size(), columns_.size()));
  int64_t cost = cost_ + 1 + static_cast<int64_t>(row.size());
  for (const Cell& cell : row) {
    if (!cell.null) cost += static_cast<int64_t>(cell.bytes.size());
  }
  STROM_RETURN_IF_ERROR(CheckCost(cost));
  for (size_t i = 0; i < row.size(); ++i) columns_[i].Append(row[i]);
  cost_ = cost;
  ++row_count_;
  return Status::Ok();
}

Status RecordBatchBuilder::CheckCost(int64_t cost) const {
  if (cost <= kCostMax) return Status::Ok();
  return Error(ErrorCode::kRecordTooLarge,
               "a row of {} bytes, after {} in the batch, does not fit into {}", cost - cost_,
               cost_, kCostMax);
}

size_t RecordBatchBuilder::EstimatedSize() const {
  size_t size = MessageHeadSize(Codec::kNone, layout_.fields().size(), layout_.buffer_count());
  for (const ColumnBuilder& column : columns_) size += column.padded_size();
  return size;
}

Bytes RecordBatchBuilder::Finish(Compression compression) const {
  std::vector<FieldNode> nodes;
  std::vector<BytesView> buffers;
  nodes.reserve(layout_.fields().size());
  buffers.reserve(layout_.buffer_count());
  for (const ColumnBuilder& column : columns_) column.Collect(nodes, buffers);

  const size_t head_size = MessageHeadSize(compression.codec, nodes.size(), buffers.size());
  Bytes out;
  if (compression.codec == Codec::kNone) out.reserve(EstimatedSize());
  out.resize(head_size);
  std::vector<BufferSpan> spans;
  spans.reserve(buffers.size());
  for (const BytesView buffer : buffers) {
    const size_t start = out.size();
    if (compression.codec == Codec::kNone) {
      out.append(buffer);
    } else {
      AppendCompressed(buffer, compression, out);
    }
    const size_t size = out.size() - start;
    spans.push_back({static_cast<int64_t>(start - head_size), static_cast<int64_t>(size)});
    out.append(PaddedSize(size) - size, '\0');
  }
  WriteMessageHead(compression.codec, row_count_, nodes, spans,
                   static_cast<int64_t>(out.size() - head_size), out.data());
  return out;
}

void RecordBatchBuilder::Reset() {
  for (ColumnBuilder& column : columns_) column.Reset();
  row_count_ = 0;
  cost_ = 0;
}

}  // namespace strom::arrow
