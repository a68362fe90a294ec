#include "client/value_reader.h"

#include "client/retrying_call.h"
#include "client/table_codec.h"
#include "common/convert/path.h"
#include "common/rpc/methods.h"
#include "proto/admin.pb.h"

namespace strom::client {

Result<std::shared_ptr<ValueReader>> ValueReader::Make(std::shared_ptr<Cluster> cluster,
                                                       const TableInfo& table,
                                                       const std::vector<std::string>& columns) {
  STROM_ASSIGN_OR_RETURN(
      const TableProperties properties,
      TableProperties::Parse(table.descriptor.properties, TableProperties::UnknownKeys::kIgnore));
  STROM_ASSIGN_OR_RETURN(ScanProjection projection, ScanProjection::Make(table, columns));
  return std::make_shared<ValueReader>(std::move(cluster), table, ToRowFormat(properties.kv_format),
                                       std::move(projection));
}

ValueReader::ValueReader(std::shared_ptr<Cluster> cluster, const TableInfo& table, RowFormat format,
                         ScanProjection projection)
    : cluster_(std::move(cluster)),
      path_(table.path),
      format_(format),
      projection_(std::move(projection)) {
  absl::MutexLock lock(&mutex_);
  plans_.emplace(table.schema_id, PlanFor(table.descriptor.schema));
}

std::shared_ptr<const ValueReader::Plan> ValueReader::PlanFor(const Schema& schema) const {
  std::vector<DataType> types;
  for (const Column& column : schema.columns()) types.push_back(column.type);
  std::vector<size_t> sources;
  std::vector<size_t> targets;
  for (size_t i = 0; i < columns().size(); ++i) {
    if (const std::optional<size_t> source = schema.FindById(columns()[i].id)) {
      sources.push_back(*source);
      targets.push_back(i);
    }
  }
  return std::make_shared<const Plan>(
      Plan{ColumnDecoder(format_, std::move(types), sources), std::move(targets)});
}

std::shared_ptr<const ValueReader::Plan> ValueReader::Find(SchemaId id) const {
  absl::MutexLock lock(&mutex_);
  const auto plan = plans_.find(id);
  return plan == plans_.end() ? nullptr : plan->second;
}

void ValueReader::Learn(std::set<SchemaId> schemas, absl::AnyInvocable<void(Status)> done) {
  std::erase_if(schemas, [this](SchemaId id) { return Find(id) != nullptr; });
  if (schemas.empty()) return done(Status::Ok());
  const SchemaId id = *schemas.begin();
  pb::GetTableSchemaRequest request;
  *request.mutable_table_path() = convert::ToPb(path_);
  request.set_schema_id(id.value());
  CallWithRetries<pb::GetTableSchemaRequest, pb::GetTableSchemaResponse>(
      cluster_, Target::kAnyServer, Repeat::kAlways, rpc::kGetTableSchema, request,
      [self = shared_from_this(), id, schemas = std::move(schemas),
       done = std::move(done)](const Result<pb::GetTableSchemaResponse>& response) mutable {
        const Result<TableSchema> schema = response.ok() ? TableSchemaFromPb(self->path_, *response)
                                                         : Result<TableSchema>(response.status());
        if (!schema.ok()) {
          return done(schema.status().WithContext(fmt::format("values of schema {}", id)));
        }
        {
          absl::MutexLock lock(&self->mutex_);
          self->plans_.insert_or_assign(id, self->PlanFor(schema->schema));
        }
        self->Learn(std::move(schemas), std::move(done));
      });
}

Result<Row> ValueReader::Read(const record::ValueRecord& value) const {
  const std::shared_ptr<const Plan> plan = Find(value.schema_id);
  if (!plan) {
    return Error(ErrorCode::kSchemaNotExist, "table {}: schema {} is not known", path_,
                 value.schema_id);
  }
  STROM_ASSIGN_OR_RETURN(Row decoded, plan->decoder.Decode(value.row));
  if (decoded.size() == columns().size()) return decoded;  // In the order wanted, then.
  Row row(columns().size());
  for (size_t i = 0; i < decoded.size(); ++i) row[plan->targets[i]] = std::move(decoded[i]);
  return row;
}

}  // namespace strom::client
