#include <ostream>

#include "cli/commands.h"
#include "cli/row_printer.h"
#include "cli/session.h"
#include "common/text/value_text.h"

namespace strom::cli {
namespace {

Value Text(std::string text) { return Value::String(std::move(text)); }

std::string PropertiesToText(const PropertyMap& properties) {
  std::string out;
  for (const auto& [key, value] : properties) {
    out += (out.empty() ? "" : ", ") + key + "=" + value;
  }
  return out;
}

Status List(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_ASSIGN_OR_RETURN(const auto names, session.Await(session.admin().ListDatabases()));
  const auto printer = MakeRowPrinter(FormatFromName(arguments.Text("--format")),
                                      {TextColumn("database")}, console.out);
  for (const std::string& name : names) printer->Print({Text(name)});
  printer->Finish();
  return Status::Ok();
}

Status Describe(const Arguments& arguments, Console& console) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  STROM_ASSIGN_OR_RETURN(const client::DatabaseInfo info,
                         session.Await(session.admin().GetDatabase(arguments.Text("DATABASE"))));
  const Column created{.name = "created", .type = DataType::TimestampLtz(3)};
  const Column modified{.name = "modified", .type = DataType::TimestampLtz(3)};
  const auto printer = MakeRowPrinter(
      FormatFromName(arguments.Text("--format")),
      {TextColumn("database"), TextColumn("comment"), TextColumn("properties"), created, modified},
      console.out);
  const auto& descriptor = info.descriptor;
  printer->Print({Text(info.name), descriptor.comment ? Text(*descriptor.comment) : Value::Null(),
                  Text(PropertiesToText(descriptor.custom_properties)),
                  Value::Time(info.created_ms), Value::Time(info.modified_ms)});
  printer->Finish();
  return Status::Ok();
}

Status Create(const Arguments& arguments, Console&) {
  DatabaseDescriptor descriptor;
  if (arguments.Has("--comment")) descriptor.comment = arguments.Text("--comment");
  for (const std::string& entry : arguments.All("--property")) {
    const size_t equals = entry.find('=');
    descriptor.custom_properties[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  return session.Await(session.admin().CreateDatabase(
      arguments.Text("DATABASE"), descriptor,
      arguments.Flag("--if-not-exists") ? client::IfExists::kIgnore : client::IfExists::kFail));
}

Status Drop(const Arguments& arguments, Console&) {
  STROM_ASSIGN_OR_RETURN(Session session, Session::Open(arguments));
  return session.Await(session.admin().DropDatabase(
      arguments.Text("DATABASE"),
      arguments.Flag("--if-exists") ? client::IfMissing::kIgnore : client::IfMissing::kFail,
      arguments.Flag("--cascade")));
}

}  // namespace

Command DatabaseCommands() {
  const PositionalSpec database{.name = "DATABASE", .help = "Its name"};
  return {
      .name = "db",
      .help = "Databases",
      .children = {
          {.name = "list",
           .help = "Print the names of all databases",
           .options = ConnectionAndFormatOptions(),
           .run = List},
          {.name = "describe",
           .help = "Print what is known of a database",
           .options = ConnectionAndFormatOptions(),
           .positionals = {database},
           .run = Describe},
          {.name = "create",
           .help = "Make a database",
           .options = Concat(ConnectionOptions(),
                             {{.name = "--comment", .value_name = "TEXT", .help = "What it is for"},
                              {.name = "--property",
                               .value_name = "KEY=VALUE",
                               .help = "A property of your own; may be repeated",
                               .check = CheckKeyValue,
                               .repeated = true},
                              {.name = "--if-not-exists", .help = "Fine if it is there"}}),
           .positionals = {database},
           .run = Create},
          {.name = "drop",
           .help = "Remove a database",
           .options = Concat(ConnectionOptions(),
                             {{.name = "--if-exists", .help = "Fine if it is not there"},
                              {.name = "--cascade", .help = "Its tables and their rows, too"}}),
           .positionals = {database},
           .run = Drop},
      }};
}

}  // namespace strom::cli
