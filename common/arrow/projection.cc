#include "common/arrow/projection.h"

namespace strom::arrow {

Result<Projection> Projection::Create(const SchemaLayout& layout,
                                      std::span<const int32_t> columns) {
  if (columns.empty()) return Error(ErrorCode::kInvalidColumnProjection, "no columns to read");
  std::vector<size_t> chosen;
  std::vector<DataType> types;
  int64_t before = -1;
  for (const int32_t column : columns) {
    if (column <= before || static_cast<size_t>(column) >= layout.column_count()) {
      return Error(ErrorCode::kInvalidColumnProjection,
                   "column {} after {}: indexes ascend, and the schema has {} columns", column,
                   before, layout.column_count());
    }
    before = column;
    chosen.push_back(column);
    types.push_back(layout.column(column).type);
  }
  return Projection(layout, SchemaLayout(types), std::move(chosen));
}

Status Projection::AppendProjected(BytesView message, Codec codec, Bytes& out) const {
  STROM_ASSIGN_OR_RETURN(const RecordBatchMessage parsed, RecordBatchMessage::Parse(message));
  return AppendProjected(parsed, codec, out);
}

Status Projection::AppendProjected(const RecordBatchMessage& message, Codec codec,
                                   Bytes& out) const {
  STROM_RETURN_IF_ERROR(message.CheckFits(layout_));

  std::vector<FieldNode> nodes;
  std::vector<BufferSpan> buffers;
  std::vector<BytesView> pieces;  // Of the body, one a column.
  nodes.reserve(projected_.fields().size());
  buffers.reserve(projected_.buffer_count());
  pieces.reserve(columns_.size());
  int64_t body_size = 0;
  for (const size_t column : columns_) {
    const FieldLayout& field = layout_.column(column);
    for (size_t i = 0; i < field.field_count; ++i) {
      nodes.push_back(message.node(field.first_field + i));
    }
    // A column's buffers are neighbours and stay so: they move together, gaps included.
    const size_t end_buffer = field.first_buffer + field.buffer_count;
    const int64_t begin = message.buffer(field.first_buffer).offset;
    const int64_t end = end_buffer < message.buffer_count()
                            ? message.buffer(end_buffer).offset
                            : static_cast<int64_t>(message.body().size());
    for (size_t i = field.first_buffer; i < end_buffer; ++i) {
      const BufferSpan span = message.buffer(i);
      buffers.push_back({span.offset - begin + body_size, span.length});
    }
    pieces.push_back(message.body().substr(begin, end - begin));
    body_size += end - begin;
  }

  const size_t start = out.size();
  const size_t head_size = MessageHeadSize(codec, nodes.size(), buffers.size());
  out.reserve(start + head_size + body_size);
  out.resize(start + head_size);
  WriteMessageHead(codec, message.row_count(), nodes, buffers, body_size, out.data() + start);
  for (const BytesView piece : pieces) out.append(piece);
  return Status::Ok();
}

}  // namespace strom::arrow
