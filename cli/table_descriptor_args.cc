#include "cli/table_descriptor_args.h"

#include <charconv>
#include <istream>
#include <iterator>

#include "cli/column_list.h"
#include "common/io/atomic_file.h"
#include "common/io/posix_file_system.h"
#include "common/types/json_codec.h"

namespace strom::cli {
namespace {

Result<std::string> ReadDescriptor(const std::string& path, Console& console) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(console.in), {});
  io::PosixFileSystem files;
  return io::ReadWholeFile(files, path, kJsonLengthMax);
}

Status CheckBucketCount(const std::string& text) {
  STROM_RETURN_IF_ERROR(CheckCount(text));
  int32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error == std::errc()) return Status::Ok();
  return Error(ErrorCode::kInvalidConfig, "{} are too many buckets", text);
}

// Its columns become NOT NULL, as in SQL.
Result<Schema> WithPrimaryKey(const Schema& schema, const std::vector<std::string>& names) {
  std::vector<Column> columns = schema.columns();
  for (const std::string& name : names) {
    if (const auto at = schema.Find(name)) columns[*at].type = columns[*at].type.NotNull();
  }
  const Result<Schema> made = Schema::Make({.columns = std::move(columns), .primary_key = names});
  if (made.ok()) return made;
  return Error(ErrorCode::kInvalidConfig, "{}", made.status().message());
}

Result<TableDescriptor> Base(const Arguments& arguments, Console& console) {
  if (arguments.Has("--columns") == arguments.Has("--descriptor")) {
    return Error(ErrorCode::kInvalidConfig,
                 "a table is made from --columns or from --descriptor: give one of them");
  }
  if (arguments.Has("--columns")) {
    Result<Schema> schema = ParseColumnList(arguments.Text("--columns"));
    if (!schema.ok()) return schema.status().WithContext("--columns");
    if (arguments.Has("--primary-key")) {
      schema = WithPrimaryKey(*schema, SplitList(arguments.Text("--primary-key")));
      if (!schema.ok()) return schema.status().WithContext("--primary-key");
    }
    return TableDescriptor{.schema = *std::move(schema)};
  }
  if (arguments.Has("--primary-key")) {
    return Error(ErrorCode::kInvalidConfig, "--primary-key goes with --columns");
  }
  const std::string path = arguments.Text("--descriptor");
  STROM_ASSIGN_OR_RETURN(const std::string json, ReadDescriptor(path, console));
  Result<TableDescriptor> descriptor = TableDescriptorFromJson(json);
  if (descriptor.ok()) return descriptor;
  return Error(ErrorCode::kInvalidConfig, "{}: {}", path, descriptor.status().message());
}

}  // namespace

std::vector<OptionSpec> TableDescriptorOptions() {
  return {
      {.name = "--columns",
       .value_name = "LIST",
       .help = "Columns as in SQL: 'id INT NOT NULL, name STRING'"},
      {.name = "--primary-key",
       .value_name = "COLUMNS",
       .help = "Makes a primary-key table: a,b; goes with --columns"},
      {.name = "--descriptor",
       .value_name = "FILE",
       .help = "Instead of --columns: a table descriptor in Fluss's JSON; - reads the input"},
      {.name = "--buckets",
       .value_name = "COUNT",
       .help = "How many buckets its rows are spread over; default: the cluster's",
       .check = CheckBucketCount},
      {.name = "--bucket-key",
       .value_name = "COLUMNS",
       .help = "Columns whose values choose the bucket: a,b; default: any bucket"},
      {.name = "--property",
       .value_name = "KEY=VALUE",
       .help = "table.* for the server, else one of your own; may be repeated",
       .check = CheckKeyValue,
       .repeated = true},
      {.name = "--comment", .value_name = "TEXT", .help = "What it is for"},
  };
}

Result<TableDescriptor> TableDescriptorFromArguments(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(TableDescriptor table, Base(arguments, console));
  if (arguments.Has("--comment")) table.comment = arguments.Text("--comment");
  if (arguments.Has("--buckets") || arguments.Has("--bucket-key")) {
    TableDistribution distribution = table.distribution.value_or(TableDistribution{});
    if (arguments.Has("--buckets")) {
      distribution.bucket_count = static_cast<int32_t>(arguments.Int("--buckets"));
    }
    if (arguments.Has("--bucket-key")) {
      distribution.bucket_keys = SplitList(arguments.Text("--bucket-key"));
    }
    table.distribution = std::move(distribution);
  }
  for (const std::string& entry : arguments.All("--property")) {
    const size_t equals = entry.find('=');
    const std::string key = entry.substr(0, equals);
    (key.starts_with("table.") ? table.properties : table.custom_properties)[key] =
        entry.substr(equals + 1);
  }
  return table;
}

}  // namespace strom::cli
