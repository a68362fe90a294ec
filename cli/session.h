#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "cli/command.h"
#include "client/include/strom/connection.h"
#include "client/include/strom/future.h"
#include "common/base/result.h"
#include "common/base/units.h"

namespace strom::cli {

// The options that every command has which talks to a cluster: --server, --transport, --timeout;
// and --format of those that print rows.
std::vector<OptionSpec> ConnectionOptions();
// The same of those that speak of jobs: by default at STROM_GRPC, over gRPC; there is no other
// default, for the usual one is a listener for Fluss's clients, which serves no jobs.
std::vector<OptionSpec> JobConnectionOptions();
OptionSpec FormatOption();
std::vector<OptionSpec> ConnectionAndFormatOptions();

// `base` and then `more`.
std::vector<OptionSpec> Concat(std::vector<OptionSpec> base, std::vector<OptionSpec> more);

// A command's connection and how long it waits for each answer. For the thread of the command.
class Session {
 public:
  // Errors: kInvalidConfig, also without a server; kNetwork.
  static Result<Session> Open(const Arguments& arguments);

  client::Connection& connection() { return *connection_; }
  client::Admin& admin() { return connection_->admin(); }
  MonoDuration timeout() const { return timeout_; }

  // The outcome of an operation, or kRequestTimeOut.
  template <class T>
  client::Outcome<T> Await(client::Future<T> future) const {
    if (future.WaitFor(timeout_)) return future.Get();
    return TimedOut();
  }

 private:
  Session(std::unique_ptr<client::Connection> connection, MonoDuration timeout)
      : connection_(std::move(connection)), timeout_(timeout) {}

  Status TimedOut() const {
    return Error(ErrorCode::kRequestTimeOut, "no answer within {} (--timeout)",
                 FormatDurationMillis(timeout_.millis()));
  }

  std::unique_ptr<client::Connection> connection_;
  MonoDuration timeout_;
};

}  // namespace strom::cli
