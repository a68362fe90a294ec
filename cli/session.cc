#include "cli/session.h"

#include <iterator>

#include "cli/row_printer.h"

namespace strom::cli {

std::vector<OptionSpec> ConnectionOptions() {
  return {
      {.name = "--server",
       .value_name = "HOST:PORT,...",
       .help = "Servers of the cluster, or some of them: whichever answers tells of the others",
       .default_text = "127.0.0.1:9123",
       .environment = "STROM_SERVER",
       .check = CheckAddresses},
      {.name = "--transport",
       .value_name = "NAME",
       .help = "How to talk to it: framed (Fluss's own protocol), or grpc at a gRPC listener",
       .default_text = "framed",
       .choices = {"framed", "grpc"}},
      {.name = "--timeout",
       .value_name = "TIME",
       .help = "How long to wait for an answer, or for more rows",
       .default_text = "30 s",
       .check = CheckDuration},
  };
}

std::vector<OptionSpec> JobConnectionOptions() {
  std::vector<OptionSpec> options = ConnectionOptions();
  for (OptionSpec& option : options) {
    if (option.name == "--server") {
      option.help = "gRPC listeners of the cluster, or some of them: STROM_GRPC in endpoints.env";
      option.default_text = "";
      option.environment = "STROM_GRPC";
    } else if (option.name == "--transport") {
      option.default_text = "grpc";
    }
  }
  return options;
}

OptionSpec FormatOption() {
  return {.name = "--format",
          .value_name = "NAME",
          .help = "How to print: table, json (one object a line) or csv",
          .default_text = "table",
          .choices = {std::begin(kFormatNames), std::end(kFormatNames)}};
}

std::vector<OptionSpec> ConnectionAndFormatOptions() {
  return Concat(ConnectionOptions(), {FormatOption()});
}

std::vector<OptionSpec> Concat(std::vector<OptionSpec> base, std::vector<OptionSpec> more) {
  base.insert(base.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
  return base;
}

Result<Session> Session::Open(const Arguments& arguments) {
  if (!arguments.Has("--server")) {
    return Error(ErrorCode::kInvalidConfig,
                 "no server: give --server HOST:PORT, a gRPC listener of the cluster, or set "
                 "STROM_GRPC (source endpoints.env)");
  }
  const MonoDuration timeout = arguments.Duration("--timeout");
  client::ConnectionOptions options;
  options.bootstrap_servers = SplitList(arguments.Text("--server"));
  options.request_timeout = timeout;
  if (arguments.Text("--transport") == "grpc") options.carrier = client::Carrier::kGrpc;
  STROM_ASSIGN_OR_RETURN(auto connection, client::Connection::Open(std::move(options)));
  return Session(std::move(connection), timeout);
}

}  // namespace strom::cli
