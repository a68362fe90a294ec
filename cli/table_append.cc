#include "cli/table_append.h"

#include <fstream>
#include <ostream>

#include "cli/append_progress.h"
#include "cli/row_reader.h"
#include "cli/session.h"
#include "client/include/strom/append_writer.h"
#include "client/include/strom/upsert_writer.h"
#include "common/types/table_path.h"

namespace strom::cli {
namespace {

// A writer of a log table or of a primary-key table.
struct RowWriter {
  using Done = absl::AnyInvocable<void(const Status&)>;
  absl::AnyInvocable<Status(const Row&, Done)> write;
  absl::AnyInvocable<Status()> close;
};

template <class Writer, class Outcome>
RowWriter MakeRowWriter(std::unique_ptr<Writer> writer,
                        Status (Writer::*write)(const Row&,
                                                absl::AnyInvocable<void(Result<Outcome>)>)) {
  const std::shared_ptr<Writer> shared = std::move(writer);
  return {.write =
              [shared, write](const Row& row, RowWriter::Done done) {
                return ((*shared).*write)(
                    row, [done = std::move(done)](Result<Outcome> outcome) mutable {
                      done(outcome.status());
                    });
              },
          .close = [shared] { return shared->Close().Get(); }};
}

Result<RowWriter> OpenWriter(Session& session, const TableInfo& table) {
  client::AppendWriterOptions options;
  options.delivery_timeout = session.timeout();
  if (table.descriptor.schema.has_primary_key()) {
    STROM_ASSIGN_OR_RETURN(auto writer, session.connection().NewUpsertWriter(
                                            table, {.columns = {}, .writing = options}));
    return MakeRowWriter(std::move(writer), &client::UpsertWriter::Upsert);
  }
  STROM_ASSIGN_OR_RETURN(auto writer, session.connection().NewAppendWriter(table, options));
  return MakeRowWriter(std::move(writer), &client::AppendWriter::Append);
}

// Writes rows and keeps count of their answers.
class Appending {
 public:
  Appending(RowWriter writer, int64_t progress_step, std::ostream& out)
      : writer_(std::move(writer)),
        progress_(std::make_shared<AppendProgress>(progress_step, out)) {}
  ~Appending() { progress_->Stop(); }

  Status Take(const Row& row) {
    STROM_RETURN_IF_ERROR(
        writer_.write(row, [progress = progress_, number = count_](const Status& status) {
          progress->Answered(number, status);
        }));
    ++count_;
    return FirstFailure();
  }

  // Waits for the answers of all rows taken.
  Status Finish() {
    const Status status = writer_.close();
    progress_->Stop();
    STROM_RETURN_IF_ERROR(FirstFailure());
    return status;
  }

  int64_t acknowledged() const { return progress_->tracker().acknowledged(); }

 private:
  Status FirstFailure() const {
    const auto failure = progress_->tracker().failure();
    if (!failure) return Status::Ok();
    return failure->status.WithContext(fmt::format("row {}", failure->row + 1));
  }

  RowWriter writer_;
  const std::shared_ptr<AppendProgress> progress_;  // Answers may come after this object's end.
  int64_t count_ = 0;
};

Status AppendAll(RowReader& rows, Appending& appending) {
  while (true) {
    Result<std::optional<Row>> row = rows.Next();
    if (!row.ok()) {
      (void)appending.Finish();  // What was right until here is on its way.
      return row.status();
    }
    if (!row->has_value()) return appending.Finish();
    STROM_RETURN_IF_ERROR(appending.Take(**row));
  }
}

Status Append(const Arguments& arguments, Console& console) {
  std::ifstream file;
  const std::string path = arguments.Text("--file");
  if (!path.empty() && path != "-") {
    file.open(path);
    if (!file) return Error(ErrorCode::kStorage, "{}: {}", path, std::strerror(errno));
  }
  std::istream& in = file.is_open() ? file : console.in;
  std::string format = arguments.Text("--input");
  if (format.empty()) format = path.ends_with(".csv") ? "csv" : "json";

  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_ASSIGN_OR_RETURN(const TablePath table_path, TablePath::Parse(arguments.Text("TABLE")));
  STROM_ASSIGN_OR_RETURN(const TableInfo table,
                         session.Await(session.admin().GetTable(table_path)));
  const auto rows = format == "csv" ? MakeCsvRowReader(in, table.descriptor.schema)
                                    : MakeJsonRowReader(in, table.descriptor.schema);
  STROM_ASSIGN_OR_RETURN(RowWriter writer, OpenWriter(session, table));
  Appending appending(std::move(writer),
                      arguments.Has("--progress") ? arguments.Int("--progress") : 0, console.out);
  const Status status = AppendAll(*rows, appending);
  if (!status.ok()) {
    return Status(status.code(), fmt::format("{}; {} rows from the front are written",
                                             status.message(), appending.acknowledged()));
  }
  console.out << "appended " << appending.acknowledged()
              << (appending.acknowledged() == 1 ? " row" : " rows") << '\n';
  return Status::Ok();
}

}  // namespace

Command TableAppendCommand() {
  return {
      .name = "append",
      .help = "Append rows to a log table, or upsert them into one with a primary key",
      .details =
          "JSON: one object a line, {\"id\":1,\"name\":\"a\"}; columns left out are NULL. CSV: the "
          "first line\nnames the columns. DECIMAL is a text in JSON, bytes are base64, times are "
          "ISO 8601.\nRows are written in order; the first wrong one ends it and its line is "
          "named. --timeout is how\nlong a row may take, repeats after a lost connection included.",
      .options =
          Concat(ConnectionOptions(),
                 {{.name = "--file", .value_name = "FILE", .help = "Read this; default: the input"},
                  {.name = "--input",
                   .value_name = "NAME",
                   .help = "What it holds: json or csv; default: by the file's name, else json",
                   .choices = {"json", "csv"}},
                  {.name = "--progress",
                   .value_name = "ROWS",
                   .help = "Print \"acked K\" each time so many more rows are written for sure",
                   .check = CheckCount}}),
      .positionals = {{.name = "TABLE", .help = "database.table", .check = CheckTablePath}},
      .run = Append};
}

}  // namespace strom::cli
