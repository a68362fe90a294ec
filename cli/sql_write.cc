#include "cli/sql_write.h"

#include "client/include/strom/append_writer.h"
#include "client/include/strom/upsert_writer.h"

namespace strom::cli {
namespace {

Status Upsert(Session& session, const TableInfo& table, const std::vector<std::string>& columns,
              const std::vector<Row>& rows) {
  client::UpsertWriterOptions options;
  options.columns = columns;
  options.writing.delivery_timeout = session.timeout();
  STROM_ASSIGN_OR_RETURN(const auto writer,
                         session.connection().NewUpsertWriter(table, std::move(options)));
  for (const Row& row : rows) STROM_RETURN_IF_ERROR(writer->Upsert(row));
  return session.Await(writer->Close());
}

Status Append(Session& session, const TableInfo& table, const std::vector<std::string>& columns,
              const std::vector<Row>& rows) {
  client::AppendWriterOptions options;
  options.delivery_timeout = session.timeout();
  STROM_ASSIGN_OR_RETURN(const auto writer, session.connection().NewAppendWriter(table, options));
  const Schema& schema = table.descriptor.schema;
  STROM_ASSIGN_OR_RETURN(const std::vector<size_t> places, schema.IndexesOf(columns));
  for (const Row& row : rows) {
    Row whole = row;
    if (!columns.empty()) {
      whole.assign(schema.columns().size(), Value::Null());
      for (size_t i = 0; i < places.size(); ++i) whole[places[i]] = row[i];
    }
    STROM_RETURN_IF_ERROR(writer->Append(whole));
  }
  return session.Await(writer->Close());
}

}  // namespace

Status WriteRows(Session& session, const TableInfo& table, const std::vector<std::string>& columns,
                 const std::vector<Row>& rows) {
  return table.descriptor.has_primary_key() ? Upsert(session, table, columns, rows)
                                            : Append(session, table, columns, rows);
}

}  // namespace strom::cli
