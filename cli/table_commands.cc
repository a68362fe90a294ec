#include <ostream>

#include "cli/commands.h"
#include "cli/row_printer.h"
#include "cli/session.h"
#include "cli/table_append.h"
#include "cli/table_description.h"
#include "cli/table_descriptor_args.h"
#include "cli/table_keyed.h"
#include "cli/table_scan.h"
#include "common/types/table_path.h"

namespace strom::cli {
namespace {

Status List(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  std::vector<std::string> databases;
  if (arguments.Has("DATABASE")) {
    databases = {arguments.Text("DATABASE")};
  } else {
    STROM_ASSIGN_OR_RETURN(databases, session.Await(session.admin().ListDatabases()));
  }
  const auto printer = MakeRowPrinter(FormatFromName(arguments.Text("--format")),
                                      {TextColumn("database"), TextColumn("table")}, console.out);
  for (const std::string& database : databases) {
    STROM_ASSIGN_OR_RETURN(const auto tables, session.Await(session.admin().ListTables(database)));
    for (const std::string& table : tables) {
      printer->Print({Value::String(database), Value::String(table)});
    }
  }
  printer->Finish();
  return Status::Ok();
}

Status Describe(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(const TablePath path, TablePath::Parse(arguments.Text("TABLE")));
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_ASSIGN_OR_RETURN(const TableInfo table, session.Await(session.admin().GetTable(path)));
  PrintTableDescription(table, FormatFromName(arguments.Text("--format")), console.out);
  return Status::Ok();
}

Status Create(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(const TablePath path, TablePath::Parse(arguments.Text("TABLE")));
  STROM_ASSIGN_OR_RETURN(const TableDescriptor descriptor,
                         TableDescriptorFromArguments(arguments, console));
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  return session.Await(session.admin().CreateTable(
      path, descriptor,
      arguments.Flag("--if-not-exists") ? client::IfExists::kIgnore : client::IfExists::kFail));
}

Status Drop(const Arguments& arguments, Console&) {
  STROM_ASSIGN_OR_RETURN(const TablePath path, TablePath::Parse(arguments.Text("TABLE")));
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  return session.Await(session.admin().DropTable(
      path, arguments.Flag("--if-exists") ? client::IfMissing::kIgnore : client::IfMissing::kFail));
}

}  // namespace

Command TableCommands() {
  const PositionalSpec table{.name = "TABLE", .help = "database.table", .check = CheckTablePath};
  Command commands{
      .name = "table",
      .help = "Tables and their rows",
      .children = {
          {.name = "list",
           .help = "Print the names of the tables of one database, or of all",
           .options = ConnectionAndFormatOptions(),
           .positionals = {{.name = "DATABASE", .help = "Only of this one", .optional = true}},
           .run = List},
          {.name = "describe",
           .help = "Print what is known of a table",
           .options = ConnectionAndFormatOptions(),
           .positionals = {table},
           .run = Describe},
          {.name = "create",
           .help = "Make a table",
           .options = Concat(Concat(ConnectionOptions(), TableDescriptorOptions()),
                             {{.name = "--if-not-exists", .help = "Fine if it is there"}}),
           .positionals = {table},
           .run = Create},
          {.name = "drop",
           .help = "Remove a table and its rows",
           .options = Concat(ConnectionOptions(),
                             {{.name = "--if-exists", .help = "Fine if it is not there"}}),
           .positionals = {table},
           .run = Drop},
          TableAppendCommand(),
      }};
  for (Command& command : TableScanCommands()) commands.children.push_back(std::move(command));
  for (Command& command : TableKeyedCommands()) commands.children.push_back(std::move(command));
  return commands;
}

}  // namespace strom::cli
