#include "tests/unit/tablet/kv/kv_fixture.h"

#include <catch2/catch_test_macros.hpp>

#include "common/record/log_record_reader.h"
#include "common/record/value_batch.h"
#include "common/row/row_codec.h"
#include "common/row/stored_value.h"

namespace strom::tablet {
namespace {

std::vector<DataType> TypesOf(const Schema& schema) {
  std::vector<DataType> types;
  for (const Column& column : schema.columns()) types.push_back(column.type);
  return types;
}

Value Text(const std::optional<std::string>& text) {
  return text ? Value::String(*text) : Value::Null();
}

}  // namespace

TableDescriptor TestTable(PropertyMap properties) {
  const auto column = [](std::string name, DataType type) {
    return Column{.name = std::move(name), .type = std::move(type), .comment = {}, .aggregate = {}};
  };
  SchemaSpec spec;
  spec.columns = {column("id", DataType::Int()), column("name", DataType::String()),
                  column("version", DataType::BigInt()), column("note", DataType::String())};
  spec.primary_key = {"id"};
  return {.schema = Schema::Make(std::move(spec)).value(),
          .comment = {},
          .partition_keys = {},
          .distribution = TableDistribution{{}, 1},
          .properties = std::move(properties),
          .custom_properties = {}};
}

Row TestRow(int id, std::optional<std::string> name, std::optional<int> version,
            std::optional<std::string> note) {
  return {Value::Int(id), Text(name), version ? Value::Int(*version) : Value::Null(), Text(note)};
}

PropertyMap Formats(LogFormat log, KvFormat kv) {
  return {{"table.log.format", std::string(ToName(log))},
          {"table.kv.format", std::string(ToName(kv))}};
}

KvFixture::KvFixture(TableDescriptor table, KvTabletOptions options, kv::KvStoreFactory* stores,
                     std::string store_path)
    : options_(options),
      store_path_(std::move(store_path)),
      descriptor_(std::move(table)),
      stores_(stores ? *stores : memory_) {
  STROM_CHECK(disk_.CreateDirectories(kLogDirectory).ok());
  SetTable(SchemaId(1), {});
  OpenLog();
  REQUIRE(Open(LogOffset(0)).ok());
}

void KvFixture::SetTable(SchemaId newest, const std::vector<std::pair<SchemaId, Schema>>& older) {
  schemas_ = std::map<SchemaId, Schema>(older.begin(), older.end());
  schemas_.emplace(newest, descriptor_.schema);
  table_ = KvTable::Make(descriptor_, newest, older).value();
  const auto indexes = [&](const std::vector<std::string>& names) {
    return descriptor_.schema.IndexesOf(names).value();
  };
  keys_ = TableKeys::Make(descriptor_.schema.row_type(),
                          {.lake = table_->properties().lake.format,
                           .key_encoding_version = table_->properties().key_encoding_version(),
                           .primary_key = indexes(descriptor_.PhysicalPrimaryKey()),
                           .bucket_key = indexes(descriptor_.BucketKeys())})
              .value();
}

void KvFixture::OpenLog() {
  const TableBucket bucket{.table = TableId(7), .partition = {}, .bucket = BucketId(0)};
  log_ = LogTablet::Open(disk_, clock_, kLogDirectory, bucket, {}, LogOffset(0), false).value();
}

Status KvFixture::Open(LogOffset high_watermark, std::optional<StoredRows> left) {
  STROM_RETURN_IF_ERROR(OpenFollowing(left));
  Status leads = kv_->Lead(high_watermark);
  if (!leads.ok()) kv_.reset();
  return leads;
}

Status KvFixture::OpenFollowing(std::optional<StoredRows> left) {
  kv_.reset();
  STROM_ASSIGN_OR_RETURN(kv_, KvTablet::Open(stores_, store_path_, table_, *log_, left, options_));
  return Status::Ok();
}

void KvFixture::Crash(std::optional<LogOffset> high_watermark) {
  kv_.reset();
  log_.reset();
  disk_.CrashProcess();
  memory_.Forget();
  OpenLog();
  REQUIRE(Open(high_watermark.value_or(log_->log_end_offset())).ok());
}

void KvFixture::Reopen(TableDescriptor table, SchemaId newest,
                       std::vector<std::pair<SchemaId, Schema>> older) {
  descriptor_ = std::move(table);
  SetTable(newest, older);
  REQUIRE(Open(log_->log_end_offset()).ok());
}

Bytes KvFixture::Batch(const std::vector<Op>& ops, Written written, SchemaId schema) const {
  const RowFormat format = ToRowFormat(table_->properties().kv_format);
  record::KvBatchBuilder builder(schema);
  for (const Op& op : ops) {
    const Bytes key = Key(op.row);
    if (op.is_delete) {
      builder.Delete(key);
    } else {
      builder.Upsert(key, EncodeRow(format, op.row, TypesOf(schemas_.at(schema))).value());
    }
  }
  return builder.Build(written.writer, written.sequence);
}

Result<AppendInfo> KvFixture::PutBytes(BytesView batch, const PutOptions& options) {
  STROM_ASSIGN_OR_RETURN(const auto view, record::KvBatchView::Parse(batch));
  return kv_->Put(view, options);
}

Result<AppendInfo> KvFixture::Put(const std::vector<Op>& ops, const PutOptions& options,
                                  Written written) {
  return PutBytes(Batch(ops, written), options);
}

std::optional<Row> KvFixture::Lookup(int id) const {
  const Bytes key = Key(TestRow(id, {}));
  const BytesView keys[] = {key};
  const auto values = kv_->Lookup(keys).value();
  REQUIRE(values.size() == 1);
  if (!values[0]) return std::nullopt;
  return table_->DecodeStored(*values[0]).value();
}

std::vector<Row> KvFixture::Decode(BytesView value_batch) const {
  std::vector<Row> rows;
  for (const auto& value : record::ParseValueBatch(value_batch).value()) {
    rows.push_back(
        table_->DecodeRow(*table_->FindSchema(value.schema_id).value(), value.row).value());
  }
  return rows;
}

std::vector<Row> KvFixture::Visible() const {
  return Decode(kv_->LimitScan(INT32_MAX, SIZE_MAX).value());
}

std::vector<Change> KvFixture::Changes(LogOffset from) const {
  std::vector<Change> changes;
  while (from < log_->log_end_offset()) {
    const Bytes bytes = log_->Read(from, 1 << 20, true, log_->log_end_offset()).value();
    for (const auto& batch : record::SplitBatches(bytes).value()) {
      CHECK_FALSE(batch.append_only());
      const KvSchema& schema = *table_->FindSchema(batch.header().schema_id).value();
      for (auto& record : record::ReadLogRecords(batch, schema.log, from).value()) {
        changes.emplace_back(record.change_type, table_->ToNewest(schema, std::move(record.row)));
      }
      from = std::max(from, batch.next_offset());
    }
  }
  return changes;
}

}  // namespace strom::tablet
