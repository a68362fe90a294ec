#include "cli/session.h"

#include <iterator>

#include "cli/row_printer.h"

namespace strom::cli {

std::vector<OptionSpec> ConnectionOptions() {
  return {
      {.name = "--server",
       .value_name = "HOST:PORT",
       .help = "A server of the cluster",
       .default_text = "127.0.0.1:9123",
       .environment = "STROM_SERVER",
       .check = CheckAddress},
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

std::vector<OptionSpec> ConnectionAndFormatOptions() {
  return Concat(ConnectionOptions(),
                {{.name = "--format",
                  .value_name = "NAME",
                  .help = "How to print: table, json (one object a line) or csv",
                  .default_text = "table",
                  .choices = {std::begin(kFormatNames), std::end(kFormatNames)}}});
}

std::vector<OptionSpec> Concat(std::vector<OptionSpec> base, std::vector<OptionSpec> more) {
  base.insert(base.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
  return base;
}

Result<Session> Session::Open(const Arguments& arguments) {
  const MonoDuration timeout = arguments.Duration("--timeout");
  client::ConnectionOptions options;
  options.bootstrap_servers = {arguments.Text("--server")};
  options.request_timeout = timeout;
  if (arguments.Text("--transport") == "grpc") options.carrier = client::Carrier::kGrpc;
  STROM_ASSIGN_OR_RETURN(auto connection, client::Connection::Open(std::move(options)));
  return Session(std::move(connection), timeout);
}

}  // namespace strom::cli
