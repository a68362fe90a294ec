#include "tablet/kv/kv_table.h"

#include "common/row/row_codec.h"
#include "common/row/stored_value.h"
#include "common/row/table_keys.h"
#include "tablet/kv/log_fit.h"

namespace strom::tablet {
namespace {

Status CheckSupported(const TableDescriptor& table, const TableProperties& properties) {
  if (!table.has_primary_key()) {
    return Error(ErrorCode::kNonPrimaryKeyTable, "the table has no primary key");
  }
  if (properties.merge_engine == MergeEngine::kAggregation) {
    return Error(ErrorCode::kInvalidTable, "the merge engine {} is not supported",
                 ToName(properties.merge_engine));
  }
  if (const auto& column = table.schema.auto_increment_column()) {
    return Error(ErrorCode::kInvalidTable, "auto-increment column '{}' is not supported", *column);
  }
  if (properties.merge_engine == MergeEngine::kVersioned &&
      !(properties.version_column && table.schema.Find(*properties.version_column))) {
    return Error(ErrorCode::kInvalidConfig, "the versioned merge engine has no version column");
  }
  return Status::Ok();
}

Result<KeyEncoder> MakeKeyEncoder(const TableDescriptor& table, const TableProperties& properties) {
  TableKeyOptions options{.lake = properties.lake.format,
                          .key_encoding_version = properties.key_encoding_version(),
                          .primary_key = {},
                          .bucket_key = {}};
  STROM_ASSIGN_OR_RETURN(options.primary_key, table.schema.IndexesOf(table.PhysicalPrimaryKey()));
  STROM_ASSIGN_OR_RETURN(options.bucket_key, table.schema.IndexesOf(table.BucketKeys()));
  STROM_ASSIGN_OR_RETURN(TableKeys keys, TableKeys::Make(table.schema.row_type(), options));
  return std::move(keys.primary_key);
}

KvSchema MakeSchema(SchemaId id, const Schema& schema, const Schema& newest, LogFormat format) {
  std::vector<DataType> types;
  for (const Column& column : schema.columns()) types.push_back(column.type);
  std::vector<std::optional<size_t>> positions;
  for (const Column& column : newest.columns()) positions.push_back(schema.FindById(column.id));
  record::RecordSchema log(format, types);
  return {.id = id,
          .schema = schema,
          .types = std::move(types),
          .log = std::move(log),
          .positions = std::move(positions)};
}

// Both row formats begin with a bit for each column, set for NULL, which their decoders do not look
// at where the type is NOT NULL (compacted_row.h, indexed_row.h).
Status CheckNotNull(const KvSchema& schema, BytesView row) {
  const std::vector<Column>& columns = schema.schema.columns();
  for (size_t i = 0; i < columns.size() && i / 8 < row.size(); ++i) {
    const bool is_null = (static_cast<uint8_t>(row[i / 8]) >> i % 8 & 1) != 0;
    if (is_null && !columns[i].type.nullable()) {
      return Error(ErrorCode::kCorruptRecord, "column {} '{}' is NULL, its type is {}", i,
                   columns[i].name, columns[i].type.ToString());
    }
  }
  return Status::Ok();
}

}  // namespace

Result<std::shared_ptr<const KvTable>> KvTable::Make(
    const TableDescriptor& table, SchemaId newest,
    const std::vector<std::pair<SchemaId, Schema>>& older) {
  STROM_ASSIGN_OR_RETURN(
      TableProperties properties,
      TableProperties::Parse(table.properties, TableProperties::UnknownKeys::kIgnore));
  STROM_RETURN_IF_ERROR(CheckSupported(table, properties));
  STROM_ASSIGN_OR_RETURN(KeyEncoder key, MakeKeyEncoder(table, properties));
  std::map<SchemaId, KvSchema> schemas;
  const LogFormat format = properties.log_format;
  schemas.emplace(newest, MakeSchema(newest, table.schema, table.schema, format));
  for (const auto& [id, schema] : older) {
    if (id >= newest) {
      return Error(ErrorCode::kInvalidTable, "schema {} is not older than {}", id, newest);
    }
    schemas.emplace(id, MakeSchema(id, schema, table.schema, format));
  }
  return std::shared_ptr<const KvTable>(
      new KvTable(std::move(properties), std::move(schemas), std::move(key)));
}

KvTable::KvTable(TableProperties properties, std::map<SchemaId, KvSchema> schemas, KeyEncoder key)
    : properties_(std::move(properties)), schemas_(std::move(schemas)), key_(std::move(key)) {
  if (properties_.log_format != LogFormat::kArrow) return;
  for (size_t i = 0; i < newest().types.size(); ++i) {
    if (ChangesInArrow(newest().types[i])) fitted_.push_back(i);
  }
  // The keys, too, are values as they stand in the row.
  if (properties_.kv_format == KvFormat::kCompacted && key_.encoding() == KeyEncoding::kCompacted) {
    cells_ = CompactedCells::Make(newest().types);
  }
}

bool KvTable::IsKeyOf(const CompactedCells::View& row, BytesView key) const {
  for (const size_t column : key_.columns()) {
    const BytesView value = row.encoded[column];
    if (row.cells[column].null || !key.starts_with(value)) return false;
    key.remove_prefix(value.size());
  }
  return key.empty();
}

Result<const KvSchema*> KvTable::FindSchema(SchemaId id) const {
  const auto it = schemas_.find(id);
  if (it != schemas_.end()) return &it->second;
  return Error(ErrorCode::kSchemaNotExist, "schema {} does not exist, the newest is {}", id,
               newest().id);
}

Result<Row> KvTable::DecodeRow(const KvSchema& from, BytesView row) const {
  STROM_RETURN_IF_ERROR(CheckNotNull(from, row));
  STROM_ASSIGN_OR_RETURN(Row values,
                         strom::DecodeRow(ToRowFormat(properties_.kv_format), row, from.types));
  return ToNewest(from, std::move(values));
}

Result<Row> KvTable::DecodeStored(BytesView stored_value) const {
  STROM_ASSIGN_OR_RETURN(const StoredValue stored, ParseStoredValue(stored_value));
  STROM_ASSIGN_OR_RETURN(const KvSchema* const schema, FindSchema(stored.schema_id));
  return DecodeRow(*schema, stored.row);
}

Row KvTable::ToNewest(const KvSchema& from, Row row) const {
  if (&from == &newest()) return row;
  Row mapped(from.positions.size());
  for (size_t i = 0; i < mapped.size(); ++i) {
    if (from.positions[i]) mapped[i] = std::move(row[*from.positions[i]]);
  }
  return mapped;
}

bool KvTable::FitToLog(Row& row) const {
  bool changed = false;
  for (const size_t i : fitted_) {
    std::optional<Value> fitted = FitToArrow(row[i], newest().types[i]);
    if (!fitted) continue;
    row[i] = *std::move(fitted);
    changed = true;
  }
  return changed;
}

Result<Bytes> KvTable::EncodeStored(const Row& row) const {
  Bytes stored;
  AppendStoredValueHeader(stored, newest().id);
  STROM_RETURN_IF_ERROR(AppendRow(ToRowFormat(properties_.kv_format), stored, row, newest().types));
  return stored;
}

std::string KvTable::KeyText(BytesView key) const {
  constexpr size_t kBytesMax = 64;
  if (key.size() > kBytesMax) {
    return fmt::format("key {}... of {} bytes", ToHex(key.substr(0, kBytesMax)), key.size());
  }
  const Result<Row> values = key_.can_decode() ? key_.DecodeKey(key) : Row();
  if (!values.ok() || values->empty()) return "key " + ToHex(key);
  std::string text;
  for (const Value& value : *values) {
    text += (text.empty() ? "key (" : ", ") + value.ToString();
  }
  return text + ")";
}

}  // namespace strom::tablet
