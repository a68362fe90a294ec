#include "common/record/log_projection.h"

#include "common/arrow/ipc_message.h"
#include "common/record/corrupt_record.h"

namespace strom::record {

namespace {

Status AppendProjectedMessage(const arrow::Projection& projection, BytesView message, Bytes& out) {
  STROM_ASSIGN_OR_RETURN(const arrow::RecordBatchMessage parsed,
                         arrow::RecordBatchMessage::Parse(message));
  return projection.AppendProjected(message, parsed.codec(), out);
}

}  // namespace

Result<LogProjection> LogProjection::Create(const RecordSchema& schema,
                                            std::span<const int32_t> columns) {
  if (!schema.is_arrow()) {
    return Error(ErrorCode::kInvalidColumnProjection,
                 "projection of {} columns: only the log format ARROW has projections",
                 columns.size());
  }
  STROM_ASSIGN_OR_RETURN(arrow::Projection projection,
                         arrow::Projection::Create(schema.layout(), columns));
  std::vector<DataType> types;
  types.reserve(columns.size());
  for (const int32_t column : columns) {
    types.push_back(schema.column_types()[static_cast<size_t>(column)]);
  }
  return LogProjection(std::move(projection), RecordSchema(LogFormat::kArrow, std::move(types)));
}

Status LogProjection::AppendProjected(const LogBatchView& batch, Bytes& out) const {
  if (batch.record_count() == 0) {
    out.append(batch.bytes());
    return Status::Ok();
  }
  STROM_ASSIGN_OR_RETURN(const ArrowSection section, SplitArrowSection(batch));
  LogBatchHeader header = batch.header();
  const size_t start = out.size();
  out.resize(start + header.header_size());
  out.append(section.change_types);
  const Status status = AppendProjectedMessage(projection_, section.message, out);
  if (!status.ok()) {
    out.resize(start);
    return AsCorruptRecord(status, fmt::format("log batch at offset {}", batch.base_offset()));
  }
  header.size = static_cast<int64_t>(out.size() - start);
  header.statistics_size = 0;
  StoreLogBatchHeader(header, out.data() + start);
  return Status::Ok();
}

}  // namespace strom::record
