#include "tests/unit/tablet/replica/kv_testing.h"

#include "common/record/kv_batch.h"
#include "common/record/log_record_reader.h"
#include "common/record/value_batch.h"
#include "common/row/row_codec.h"
#include "common/row/stored_value.h"

namespace strom::tablet {
namespace {

const std::vector<DataType> kTypes = {DataType::Int().NotNull(), DataType::Int().NotNull(),
                                      DataType::String()};

TableKeys Keys() {
  const TableInfo table = KeyedTable();
  return TableKeys::Make(table.descriptor.schema.row_type(),
                         {.lake = {}, .primary_key = {0, 1}, .bucket_key = {0}})
      .value();
}

Row RowOf(const KvOp& op) {
  return {Value::Int(op.id), Value::Int(op.seq), op.name ? Value::String(*op.name) : Value()};
}

std::string Text(const Row& row) {
  const auto* const name = row[2].get_if<std::string>();
  return fmt::format("{}/{} {}", *row[0].get_if<int64_t>(), *row[1].get_if<int64_t>(),
                     name ? *name : "NULL");
}

class FlakyStore final : public kv::KvStore {
 public:
  FlakyStore(std::unique_ptr<kv::KvStore> store, FlakyStores& stores)
      : store_(std::move(store)), stores_(stores) {}

  Result<std::optional<Bytes>> Get(BytesView key) const override { return store_->Get(key); }
  Result<std::vector<std::optional<Bytes>>> MultiGet(
      std::span<const BytesView> keys) const override {
    return store_->MultiGet(keys);
  }
  Status Write(const kv::WriteBatch& batch, kv::Durability durability) override {
    if (stores_.fail_writes) return Error(ErrorCode::kKvStorage, "write: injected");
    stores_.changes_written += batch.changes().size();
    return store_->Write(batch, durability);
  }
  Status Scan(BytesView prefix, BytesView from, Visitor visit) const override {
    return store_->Scan(prefix, from, visit);
  }
  std::unique_ptr<kv::KvSnapshot> Snapshot() const override { return store_->Snapshot(); }
  Result<std::vector<kv::StoreFile>> Checkpoint(const std::string& path) override {
    return store_->Checkpoint(path);
  }
  size_t memory_bytes() const override { return store_->memory_bytes(); }

 private:
  const std::unique_ptr<kv::KvStore> store_;
  FlakyStores& stores_;
};

}  // namespace

TableInfo KeyedTable(PropertyMap properties, TableId id, bool name_nullable) {
  SchemaSpec spec;
  const DataType name = DataType::String();
  spec.columns = {{.name = "id", .type = DataType::Int(), .comment = {}, .aggregate = {}},
                  {.name = "seq", .type = DataType::Int(), .comment = {}, .aggregate = {}},
                  {.name = "name",
                   .type = name_nullable ? name : name.NotNull(),
                   .comment = {},
                   .aggregate = {}}};
  spec.primary_key = {"id", "seq"};
  return {.path = {"db", "t"},
          .id = id,
          .schema_id = SchemaId(1),
          .descriptor = {.schema = Schema::Make(std::move(spec)).value(),
                         .comment = {},
                         .partition_keys = {},
                         .distribution = TableDistribution{{"id"}, 4},
                         .properties = std::move(properties),
                         .custom_properties = {}},
          .created_ms = 1,
          .modified_ms = 1,
          .remote_data_dir = {}};
}

BucketSpec KeyedSpec(TableBucket bucket, PropertyMap properties, bool name_nullable) {
  return BucketSpec::Of(KeyedTable(std::move(properties), bucket.table, name_nullable),
                        {{"db", "t"}, std::nullopt}, bucket)
      .value();
}

Bytes KvBatch(const std::vector<KvOp>& ops, WriterId writer, BatchSequence sequence,
              SchemaId schema) {
  record::KvBatchBuilder builder(schema);
  for (const KvOp& op : ops) {
    const Bytes key = KeyOf(op.id, op.seq);
    if (op.is_delete) {
      builder.Delete(key);
    } else {
      builder.Upsert(key, EncodeRow(RowFormat::kCompacted, RowOf(op), kTypes).value());
    }
  }
  return builder.Build(writer, sequence);
}

Bytes KeyOf(int id, int seq) {
  return Keys().primary_key.EncodeKey(RowOf(Put(id, {}, seq))).value();
}
Bytes PrefixOf(int id) { return Keys().prefix.EncodeKey(RowOf(Put(id, {}))).value(); }

std::string RowText(BytesView stored_value) {
  STROM_CHECK(stored_value.size() > sizeof(int16_t));
  return Text(
      DecodeRow(RowFormat::kCompacted, stored_value.substr(sizeof(int16_t)), kTypes).value());
}

std::vector<std::string> RowTexts(BytesView value_batch) {
  std::vector<std::string> texts;
  for (const auto& record : record::ParseValueBatch(value_batch).value()) {
    texts.push_back(Text(DecodeRow(RowFormat::kCompacted, record.row, kTypes).value()));
  }
  return texts;
}

std::vector<std::string> ChangeTexts(BytesView batches, LogFormat format) {
  std::vector<std::string> texts;
  for (const auto& batch : record::SplitBatches(batches).value()) {
    const auto records = record::ReadLogRecords(batch, record::RecordSchema(format, kTypes));
    for (const auto& record : records.value()) {
      texts.push_back(
          fmt::format("{} {}", record::ChangeTypeSymbol(record.change_type), Text(record.row)));
    }
  }
  return texts;
}

Result<std::unique_ptr<kv::KvStore>> FlakyStores::Open(const std::string& path,
                                                       const kv::KvStoreOptions& options) {
  if (fail_opens) return Error(ErrorCode::kKvStorage, "open {}: injected", path);
  STROM_ASSIGN_OR_RETURN(auto store, memory_.Open(path, options));
  ++opens;
  return std::unique_ptr<kv::KvStore>(std::make_unique<FlakyStore>(std::move(store), *this));
}

Status FlakyStores::Destroy(const std::string& path) {
  ++destroys;
  return memory_.Destroy(path);
}

}  // namespace strom::tablet
