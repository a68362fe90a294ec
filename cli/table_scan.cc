#include "cli/table_scan.h"

#include <algorithm>
#include <ostream>
#include <tuple>

#include <absl/functional/function_ref.h>

#include "cli/log_ranges.h"
#include "cli/row_printer.h"
#include "cli/session.h"
#include "cli/table_keyed.h"
#include "client/include/strom/log_scanner.h"
#include "common/types/table_path.h"

namespace strom::cli {
namespace {

using client::LogRecord;
using client::OffsetSpec;

constexpr int64_t kRowsInMemoryMax = 100'000;  // Of head and tail.

// What the three commands share: the table, its columns, its printer.
class Reading {
 public:
  static Result<Reading> Open(const Arguments& arguments, Console& console) {
    STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
    STROM_ASSIGN_OR_RETURN(const TablePath path, TablePath::Parse(arguments.Text("TABLE")));
    STROM_ASSIGN_OR_RETURN(TableInfo table, session.Await(session.admin().GetTable(path)));
    client::LogScannerOptions options;
    if (arguments.Has("--columns")) options.columns = SplitList(arguments.Text("--columns"));
    STROM_ASSIGN_OR_RETURN(auto scanner,
                           session.connection().NewLogScanner(table, std::move(options)));
    return Reading(std::move(session), std::move(table), std::move(scanner), arguments, console);
  }

  Result<BucketOffsets> Offsets(OffsetSpec spec) {
    return session_.Await(session_.admin().ListOffsets(table_.path, spec));
  }

  // Reads these ranges; `visit` returns false when it has enough.
  Status Read(const std::vector<LogRange>& ranges, absl::FunctionRef<bool(LogRecord)> visit) {
    for (const LogRange& range : ranges) {
      if (range.empty()) continue;
      STROM_RETURN_IF_ERROR(
          scanner_->Subscribe(range.bucket, OffsetSpec::At(range.start), range.stop));
      any_ = true;
    }
    while (any_ && !scanner_->finished()) {
      STROM_ASSIGN_OR_RETURN(std::vector<LogRecord> records, scanner_->Poll(session_.timeout()));
      if (records.empty() && !scanner_->finished()) {
        return Error(ErrorCode::kRequestTimeOut, "table {}: no more rows within {} (--timeout)",
                     table_.path, FormatDurationMillis(session_.timeout().millis()));
      }
      for (LogRecord& record : records) {
        if (!visit(std::move(record))) return Status::Ok();
      }
    }
    return Status::Ok();
  }

  void Print(LogRecord record) {
    Row row = std::move(record.row);
    if (positions_) {
      row.insert(row.begin(), {Value::Int(record.bucket.value()), Value::Int(record.offset.value()),
                               Value::Time(record.timestamp_ms),
                               Value::String(Bytes(ToSymbol(record.change_type)))});
    }
    printer_->Print(row);
  }

  void Finish() { printer_->Finish(); }

 private:
  Reading(Session session, TableInfo table, std::unique_ptr<client::LogScanner> scanner,
          const Arguments& arguments, Console& console)
      : session_(std::move(session)),
        table_(std::move(table)),
        scanner_(std::move(scanner)),
        positions_(arguments.Flag("--positions")) {
    std::vector<Column> columns = scanner_->columns();
    if (positions_) {
      columns.insert(columns.begin(), {NumberColumn("_bucket"),
                                       NumberColumn("_offset"),
                                       {.name = "_timestamp", .type = DataType::TimestampLtz(3)},
                                       TextColumn("_change")});
    }
    printer_ =
        MakeRowPrinter(FormatFromName(arguments.Text("--format")), std::move(columns), console.out);
  }

  Session session_;  // Outlives the scanner.
  const TableInfo table_;
  std::unique_ptr<client::LogScanner> scanner_;
  const bool positions_;
  bool any_ = false;
  std::unique_ptr<RowPrinter> printer_;
};

// A primary-key table is its rows; its changelog is what whoever asks for it, or for places in it,
// wants to see.
bool WantsLog(const Arguments& arguments) {
  return arguments.Flag("--changelog") || arguments.Flag("--positions") ||
         arguments.Text("--from") != "earliest";
}

Status Scan(const Arguments& arguments, Console& console) {
  if (!WantsLog(arguments)) {
    STROM_ASSIGN_OR_RETURN(const TablePath path, TablePath::Parse(arguments.Text("TABLE")));
    STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
    STROM_ASSIGN_OR_RETURN(const TableInfo table, session.Await(session.admin().GetTable(path)));
    if (table.descriptor.has_primary_key()) return PrintRows(session, table, arguments, console);
  }
  STROM_ASSIGN_OR_RETURN(Reading reading, Reading::Open(arguments, console));
  STROM_ASSIGN_OR_RETURN(const auto earliest, reading.Offsets(OffsetSpec::Earliest()));
  STROM_ASSIGN_OR_RETURN(const auto latest, reading.Offsets(OffsetSpec::Latest()));
  int64_t left = arguments.Has("--limit") ? arguments.Int("--limit") : INT64_MAX;
  STROM_RETURN_IF_ERROR(
      reading.Read(RangesFrom(arguments.Text("--from"), earliest, latest), [&](LogRecord record) {
        reading.Print(std::move(record));
        return --left > 0;
      }));
  reading.Finish();
  return Status::Ok();
}

// By the time at which the leaders took them, as far as that orders rows of different buckets.
bool Earlier(const LogRecord& a, const LogRecord& b) {
  return std::tuple(a.timestamp_ms, a.bucket, a.offset) <
         std::tuple(b.timestamp_ms, b.bucket, b.offset);
}

Status HeadOrTail(const Arguments& arguments, Console& console, bool head) {
  STROM_ASSIGN_OR_RETURN(Reading reading, Reading::Open(arguments, console));
  STROM_ASSIGN_OR_RETURN(const auto earliest, reading.Offsets(OffsetSpec::Earliest()));
  STROM_ASSIGN_OR_RETURN(const auto latest, reading.Offsets(OffsetSpec::Latest()));
  const auto count = static_cast<size_t>(arguments.Int("--rows"));
  const auto ranges = (head ? HeadRanges : TailRanges)(arguments.Int("--rows"), earliest, latest);
  std::vector<LogRecord> records;
  STROM_RETURN_IF_ERROR(reading.Read(ranges, [&records](LogRecord record) {
    records.push_back(std::move(record));
    return true;
  }));
  std::sort(records.begin(), records.end(), Earlier);
  const size_t first = head || records.size() <= count ? 0 : records.size() - count;
  const size_t last = std::min(records.size(), first + count);
  for (size_t i = first; i < last; ++i) reading.Print(std::move(records[i]));
  reading.Finish();
  return Status::Ok();
}

Status Head(const Arguments& arguments, Console& console) {
  return HeadOrTail(arguments, console, true);
}

Status Tail(const Arguments& arguments, Console& console) {
  return HeadOrTail(arguments, console, false);
}

Status CheckFewRows(const std::string& text) {
  STROM_RETURN_IF_ERROR(CheckCount(text));
  if (text.size() < 7 || text == "100000") return Status::Ok();
  return Error(ErrorCode::kInvalidConfig, "{} rows: more than {}; use scan", text,
               kRowsInMemoryMax);
}

std::vector<OptionSpec> ReadingOptions(std::vector<OptionSpec> more) {
  return Concat(
      Concat(ConnectionAndFormatOptions(),
             {{.name = "--columns", .value_name = "LIST", .help = "Only these columns: a,b"},
              {.name = "--positions",
               .help = "Also _bucket, _offset, _timestamp and _change of each row"}}),
      std::move(more));
}

}  // namespace

std::vector<Command> TableScanCommands() {
  const PositionalSpec table{.name = "TABLE", .help = "database.table", .check = CheckTablePath};
  const OptionSpec rows{.name = "-n,--rows",
                        .value_name = "COUNT",
                        .help = "How many rows",
                        .default_text = "10",
                        .check = CheckFewRows};
  return {
      {.name = "scan",
       .help = "Print the rows of a table as they are now",
       .details =
           "Of a log table, its log: each bucket in its order, rows of different buckets as they "
           "come.\nOf a primary-key table its rows; with --changelog, --positions or --from the "
           "log of their changes.",
       .options = ReadingOptions(
           {{.name = "--from",
             .value_name = "PLACE",
             .help = "Where to begin: earliest, latest, or an offset in every bucket",
             .default_text = "earliest",
             .check = CheckScanStart},
            {.name = "--changelog", .help = "Of a primary-key table, the log of its changes"},
            {.name = "--limit",
             .value_name = "COUNT",
             .help = "Stop after so many rows",
             .check = CheckCount}}),
       .positionals = {table},
       .run = Scan},
      {.name = "head",
       .help = "Print the oldest rows",
       .options = ReadingOptions({rows}),
       .positionals = {table},
       .run = Head},
      {.name = "tail",
       .help = "Print the newest rows",
       .options = ReadingOptions({rows}),
       .positionals = {table},
       .run = Tail},
  };
}

}  // namespace strom::cli
