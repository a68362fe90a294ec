#pragma once

#include <type_traits>

#include "cli/session.h"

namespace strom::cli {

// The error of a call of the jobs API as users need it: jobs are no part of Fluss, listeners for
// its clients know nothing of them.
Status ExplainJobs(const Status& status);

// Session::Await for the jobs API.
template <class T>
client::Outcome<T> AwaitJobs(Session& session, client::Future<T> future) {
  client::Outcome<T> outcome = session.Await(std::move(future));
  if constexpr (std::is_void_v<T>) {
    return ExplainJobs(outcome);
  } else {
    if (!outcome.ok()) return ExplainJobs(outcome.status());
    return outcome;
  }
}

}  // namespace strom::cli
