// Creates a log table, appends readings of electricity meters and reads them back.
//
//   append_and_scan [HOST:PORT]
//
// A server to try it with: `strom dev`.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <strom/strom.h>

using namespace strom;

namespace {

Status Run(const std::string& server) {
  STROM_ASSIGN_OR_RETURN(const auto connection,
                         client::Connection::Open({.bootstrap_servers = {server}}));
  client::Admin& admin = connection->admin();

  const TablePath readings{"examples", "readings"};
  STROM_ASSIGN_OR_RETURN(const Schema schema,
                         Schema::Make({.columns = {{.name = "meter", .type = DataType::String()},
                                                   {.name = "second", .type = DataType::Int()},
                                                   {.name = "kwh", .type = DataType::Double()}}}));
  STROM_RETURN_IF_ERROR(
      admin.CreateDatabase(readings.database, {}, client::IfExists::kIgnore).Get());
  STROM_RETURN_IF_ERROR(
      admin
          .CreateTable(readings,
                       {.schema = schema, .distribution = TableDistribution{{"meter"}, 2}},
                       client::IfExists::kIgnore)
          .Get());

  {
    STROM_ASSIGN_OR_RETURN(const auto writer, connection->NewAppendWriter(readings));
    for (int second = 0; second < 1000; ++second) {
      STROM_RETURN_IF_ERROR(writer->Append({Value::String("meter-" + std::to_string(second % 7)),
                                            Value::Int(second), Value::Double(second * 0.25)}));
    }
    STROM_RETURN_IF_ERROR(writer->Close().Get());  // All of them are in the log now.
  }

  int count = 0;
  double sum = 0;
  STROM_RETURN_IF_ERROR(
      client::ScanToEnd(*connection, readings, {.columns = {"kwh"}}, [&](client::LogRecord record) {
        ++count;
        sum += *record.row[0].get_if<double>();
        return Status::Ok();
      }));
  std::printf("%d readings, %.2f kWh\n", count, sum);
  return Status::Ok();
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = Run(argc > 1 ? argv[1] : "127.0.0.1:9123");
  if (status.ok()) return EXIT_SUCCESS;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return EXIT_FAILURE;
}
