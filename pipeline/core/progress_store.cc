#include "pipeline/core/progress_store.h"

#include <utility>

namespace strom::pipeline {
namespace {

const TablePath kPath{"__strom", "progress"};

Value Text(const std::string& text) { return Value::String(text); }

std::string TextOf(const Value& value) {
  const Bytes* const bytes = value.get_if<Bytes>();
  return bytes ? *bytes : std::string();
}

}  // namespace

TablePath ProgressStore::Path() { return kPath; }

Result<TableDescriptor> ProgressStore::Descriptor() {
  const auto column = [](const char* name, DataType type) {
    return Column{.name = name, .type = std::move(type), .comment = {}, .aggregate = {}};
  };
  STROM_ASSIGN_OR_RETURN(
      Schema schema, Schema::Make({.columns = {column("job_group", DataType::String().NotNull()),
                                               column("name", DataType::String().NotNull()),
                                               column("content", DataType::String().NotNull())},
                                   .primary_key = {"job_group", "name"},
                                   .auto_increment_column = {}}));
  return TableDescriptor{.schema = std::move(schema),
                         .comment = "What jobs remember. Written by workers only.",
                         .partition_keys = {},
                         .distribution = TableDistribution{{"job_group"}, 4},
                         .properties = {},
                         .custom_properties = {}};
}

Result<std::unique_ptr<ProgressStore>> ProgressStore::Open(client::Connection& connection,
                                                           JobFence fence) {
  client::Admin& admin = connection.admin();
  STROM_ASSIGN_OR_RETURN(const TableDescriptor descriptor, Descriptor());
  Result<TableInfo> table = admin.GetTable(kPath).Get();
  if (!table.ok()) {
    STROM_RETURN_IF_ERROR(
        admin.CreateDatabase(kPath.database, {}, client::IfExists::kIgnore).Get());
    STROM_RETURN_IF_ERROR(admin.CreateTable(kPath, descriptor, client::IfExists::kIgnore).Get());
    table = admin.GetTable(kPath).Get();
  }
  STROM_RETURN_IF_ERROR(table.status());
  client::UpsertWriterOptions options;
  options.writing.fence = fence;
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<client::UpsertWriter> writer,
                         connection.NewUpsertWriter(*table, options));
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<client::Lookup> lookup, connection.NewLookup(*table));
  return std::unique_ptr<ProgressStore>(
      new ProgressStore(std::move(fence), std::move(writer), std::move(lookup)));
}

Result<std::map<std::string, std::string>> ProgressStore::Load() {
  std::map<std::string, std::string> texts;
  STROM_ASSIGN_OR_RETURN(const std::vector<Row> rows,
                         lookup_->GetByPrefix({Text(fence_.group)}).Get());
  for (const Row& row : rows) texts.emplace(TextOf(row[1]), TextOf(row[2]));
  return texts;
}

Result<std::optional<std::string>> ProgressStore::Get(const std::string& name) {
  STROM_ASSIGN_OR_RETURN(const std::optional<Row> row,
                         lookup_->Get({Text(fence_.group), Text(name)}).Get());
  return row ? std::optional(TextOf((*row)[2])) : std::nullopt;
}

Status ProgressStore::Put(const std::string& name, const std::string& text) {
  STROM_RETURN_IF_ERROR(writer_->Upsert({Text(fence_.group), Text(name), Text(text)}));
  return writer_->Flush().Get();
}

Status ProgressStore::Remove(const std::string& name) {
  STROM_RETURN_IF_ERROR(writer_->DeleteKey({Text(fence_.group), Text(name)}));
  return writer_->Flush().Get();
}

}  // namespace strom::pipeline
