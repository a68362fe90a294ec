#include "cli/table_description.h"

#include <absl/strings/str_join.h>
#include <fmt/core.h>

#include "cli/text_width.h"
#include "common/text/time_text.h"
#include "common/text/value_json.h"
#include "common/types/json_codec.h"

namespace strom::cli {
namespace {

Value Text(std::string text) { return Value::String(std::move(text)); }

std::string Time(int64_t millis) { return TimestampToText({millis, 0}, true); }

void PrintFact(std::string_view name, const std::string& text, std::ostream& out) {
  if (!text.empty()) out << fmt::format("{:<14}{}\n", name, Printable(text));
}

void PrintFacts(const TableInfo& table, std::ostream& out) {
  const TableDescriptor& descriptor = table.descriptor;
  PrintFact("table", table.path.ToString(), out);
  PrintFact("id", fmt::format("{}", table.id), out);
  PrintFact("schema", fmt::format("{}", table.schema_id), out);
  PrintFact("kind", descriptor.has_primary_key() ? "primary-key table" : "log table", out);
  PrintFact("primary key", absl::StrJoin(descriptor.schema.primary_key(), ", "), out);
  PrintFact("partitioned", absl::StrJoin(descriptor.partition_keys, ", "), out);
  if (descriptor.bucket_count()) {
    PrintFact("buckets", fmt::format("{}", *descriptor.bucket_count()), out);
  }
  PrintFact("bucket key", absl::StrJoin(descriptor.BucketKeys(), ", "), out);
  PrintFact("comment", descriptor.comment.value_or(""), out);
  PrintFact("created", Time(table.created_ms), out);
  PrintFact("modified", Time(table.modified_ms), out);
  for (const PropertyMap* map : {&descriptor.properties, &descriptor.custom_properties}) {
    for (const auto& [key, value] : *map) PrintFact("property", key + "=" + value, out);
  }
  out << '\n';
}

void PrintColumns(const TableInfo& table, Format format, std::ostream& out) {
  const auto printer = MakeRowPrinter(
      format, {TextColumn("column"), TextColumn("type"), TextColumn("comment")}, out);
  for (const Column& column : table.descriptor.schema.columns()) {
    printer->Print({Text(column.name), Text(column.type.ToString()),
                    format == Format::kTable || column.comment ? Text(column.comment.value_or(""))
                                                               : Value::Null()});
  }
  printer->Finish();
}

void PrintJson(const TableInfo& table, std::ostream& out) {
  const std::vector<Column> columns = {TextColumn("table"),
                                       NumberColumn("id"),
                                       NumberColumn("schema_id"),
                                       {.name = "created", .type = DataType::TimestampLtz(3)},
                                       {.name = "modified", .type = DataType::TimestampLtz(3)}};
  std::string head = RowToJson({Text(table.path.ToString()), Value::Int(table.id.value()),
                                Value::Int(table.schema_id.value()), Value::Time(table.created_ms),
                                Value::Time(table.modified_ms)},
                               columns);
  head.pop_back();  // The closing brace.
  out << head << ",\"descriptor\":" << ToJson(table.descriptor) << "}\n";
}

}  // namespace

void PrintTableDescription(const TableInfo& table, Format format, std::ostream& out) {
  if (format == Format::kJson) return PrintJson(table, out);
  if (format == Format::kTable) PrintFacts(table, out);
  PrintColumns(table, format, out);
}

}  // namespace strom::cli
