#include "cli/table_keyed.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "cli/row_printer.h"
#include "cli/row_reader.h"
#include "common/text/value_text.h"
#include "common/types/table_path.h"

namespace strom::cli {
namespace {

// What --key says, "column=value" for each column of the primary key, in the key's order.
// Errors: kInvalidConfig naming the column that is missing, given twice, or none of the key.
Result<Row> KeyFrom(const Arguments& arguments, const Schema& schema, const TablePath& path) {
  const std::vector<std::string>& names = schema.primary_key();
  if (names.empty()) {
    return Error(ErrorCode::kNonPrimaryKeyTable, "table {} has no primary key", path);
  }
  std::vector<std::optional<Value>> values(names.size());
  for (const std::string& text : arguments.All("--key")) {
    const size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) {
      return Error(ErrorCode::kInvalidConfig, "--key: {} is no column of the primary key ({})",
                   name, fmt::join(names, ", "));
    }
    std::optional<Value>& value = values[static_cast<size_t>(at - names.begin())];
    if (value) return Error(ErrorCode::kInvalidConfig, "--key: {} is given twice", name);
    const DataType& type = schema.columns()[*schema.Find(name)].type;
    const Result<Value> read = ValueFromText(std::string_view(text).substr(equals + 1), type);
    if (!read.ok()) {
      return Error(ErrorCode::kInvalidConfig, "--key: {}: {}", name, read.status().message());
    }
    value = *read;
  }
  Row key;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!values[i]) {
      return Error(ErrorCode::kInvalidConfig, "--key {}=… is missing: the primary key is ({})",
                   names[i], fmt::join(names, ", "));
    }
    key.push_back(*std::move(values[i]));
  }
  return key;
}

Status Lookup(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(const TablePath path, TablePath::Parse(arguments.Text("TABLE")));
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_ASSIGN_OR_RETURN(const TableInfo table, session.Await(session.admin().GetTable(path)));
  STROM_ASSIGN_OR_RETURN(const Row key, KeyFrom(arguments, table.descriptor.schema, path));
  client::LookupOptions options;
  if (arguments.Has("--columns")) options.columns = SplitList(arguments.Text("--columns"));
  options.timeout = session.timeout();
  STROM_ASSIGN_OR_RETURN(const auto lookup, session.connection().NewLookup(table, options));
  STROM_ASSIGN_OR_RETURN(const std::optional<Row> row, session.Await(lookup->Get(key)));
  const auto printer =
      MakeRowPrinter(FormatFromName(arguments.Text("--format")), lookup->columns(), console.out);
  if (row) printer->Print(*row);
  printer->Finish();
  return Status::Ok();
}

Status Delete(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(const TablePath path, TablePath::Parse(arguments.Text("TABLE")));
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_ASSIGN_OR_RETURN(const TableInfo table, session.Await(session.admin().GetTable(path)));
  STROM_ASSIGN_OR_RETURN(const Row key, KeyFrom(arguments, table.descriptor.schema, path));
  client::UpsertWriterOptions options;
  options.writing.delivery_timeout = session.timeout();
  STROM_ASSIGN_OR_RETURN(const auto writer, session.connection().NewUpsertWriter(table, options));
  STROM_RETURN_IF_ERROR(writer->DeleteKey(key));
  STROM_RETURN_IF_ERROR(session.Await(writer->Close()));
  console.out << "deleted\n";
  return Status::Ok();
}

}  // namespace

Status PrintRows(Session& session, const TableInfo& table, const Arguments& arguments,
                 Console& console) {
  client::TableReaderOptions options;
  if (arguments.Has("--columns")) options.columns = SplitList(arguments.Text("--columns"));
  STROM_ASSIGN_OR_RETURN(const auto reader, session.connection().NewTableReader(table, options));
  const auto printer =
      MakeRowPrinter(FormatFromName(arguments.Text("--format")), reader->columns(), console.out);
  int64_t left = arguments.Has("--limit") ? arguments.Int("--limit") : INT64_MAX;
  while (left > 0) {
    STROM_ASSIGN_OR_RETURN(const std::vector<client::TableRow> rows, session.Await(reader->Next()));
    if (rows.empty()) break;
    for (const client::TableRow& row : rows) {
      if (left-- <= 0) break;
      printer->Print(row.row);
    }
  }
  printer->Finish();
  return Status::Ok();
}

std::vector<Command> TableKeyedCommands() {
  const PositionalSpec table{.name = "TABLE", .help = "database.table", .check = CheckTablePath};
  const OptionSpec key{.name = "--key",
                       .value_name = "NAME=VALUE",
                       .help = "A column of the primary key; once for each",
                       .check = CheckKeyValue,
                       .repeated = true,
                       .required = true};
  return {
      {.name = "lookup",
       .help = "Print the row with a primary key, if there is one",
       .options = Concat(
           ConnectionAndFormatOptions(),
           {key, {.name = "--columns", .value_name = "LIST", .help = "Only these columns: a,b"}}),
       .positionals = {table},
       .run = Lookup},
      {.name = "delete",
       .help = "Delete the row with a primary key; fine if there is none",
       .options = Concat(ConnectionOptions(), {key}),
       .positionals = {table},
       .run = Delete},
  };
}

}  // namespace strom::cli
