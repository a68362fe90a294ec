#include <ostream>

#include <fmt/ranges.h>

#include "cli/commands.h"
#include "cli/row_printer.h"
#include "cli/session.h"
#include "common/types/server_info.h"

namespace strom::cli {
namespace {

void PrintServer(const char* role, const ServerNode& server, RowPrinter& printer) {
  printer.Print({Value::String(role), Value::Int(server.id.value()),
                 Value::String(HostPort{server.host, server.port}.ToString()),
                 server.rack ? Value::String(*server.rack) : Value::Null()});
}

Status PrintServers(Session& session, Format format, Console& console) {
  STROM_ASSIGN_OR_RETURN(const client::ClusterServers servers,
                         session.Await(session.admin().ListServers()));
  const auto printer = MakeRowPrinter(
      format, {TextColumn("role"), NumberColumn("id"), TextColumn("address"), TextColumn("rack")},
      console.out);
  if (servers.coordinator) PrintServer("coordinator", *servers.coordinator, *printer);
  for (const ServerNode& server : servers.tablet_servers) PrintServer("tablet", server, *printer);
  printer->Finish();
  return Status::Ok();
}

// One row a bucket, of every table that is not partitioned.
Status PrintBuckets(Session& session, Format format, Console& console) {
  STROM_ASSIGN_OR_RETURN(const auto databases, session.Await(session.admin().ListDatabases()));
  const auto printer =
      MakeRowPrinter(format,
                     {TextColumn("database"), TextColumn("table"), NumberColumn("id"),
                      NumberColumn("bucket"), NumberColumn("leader"), TextColumn("replicas")},
                     console.out);
  for (const std::string& database : databases) {
    STROM_ASSIGN_OR_RETURN(const auto tables, session.Await(session.admin().ListTables(database)));
    for (const std::string& table : tables) {
      STROM_ASSIGN_OR_RETURN(const client::TableLeaders leaders,
                             session.Await(session.admin().ListLeaders({database, table})));
      for (const auto& [bucket, leader] : leaders.buckets) {
        const auto replicas = fmt::format("{}", fmt::join(leaders.replicas.at(bucket), " "));
        printer->Print({Value::String(database), Value::String(table),
                        Value::Int(leaders.table.value()), Value::Int(bucket.value()),
                        leader ? Value::Int(leader->value()) : Value::Null(),
                        Value::String(replicas)});
      }
    }
  }
  printer->Finish();
  return Status::Ok();
}

Status Servers(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  return PrintServers(session, FormatFromName(arguments.Text("--format")), console);
}

Status Buckets(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  return PrintBuckets(session, FormatFromName(arguments.Text("--format")), console);
}

Status ShowStatus(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_RETURN_IF_ERROR(PrintServers(session, Format::kTable, console));
  console.out << '\n';
  return PrintBuckets(session, Format::kTable, console);
}

}  // namespace

Command ClusterCommands() {
  return {.name = "cluster",
          .help = "Servers, and who leads what",
          .children = {
              {.name = "status",
               .help = "Print servers, tables, buckets, their leaders and replicas, for people",
               .options = ConnectionOptions(),
               .run = ShowStatus},
              {.name = "servers",
               .help = "Print the servers that are alive",
               .options = ConnectionAndFormatOptions(),
               .run = Servers},
              {.name = "buckets",
               .help = "Print the buckets of all tables, their leaders and replicas",
               .options = ConnectionAndFormatOptions(),
               .run = Buckets},
          }};
}

}  // namespace strom::cli
