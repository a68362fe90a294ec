#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/metadata/meta_store.h"

// Small recipes over a MetaStore. All run on the session's strand.
namespace strom::metadata {

// Called exactly once, unless the session ends first; possibly before the call returns.
template <class T>
using Callback = absl::AnyInvocable<void(Result<T>)>;

// Takes the next `count` (> 0) ids of a counter node (ZkPaths::WriterIds): the first of them. Any
// server. A missing node counts as 0; its parent must be there. Retries when another one took some
// at the same time. After an unknown outcome ids may be lost, none is ever given twice.
// Errors: those of MetaError.
void TakeIds(MetaStore& store, std::string path, int64_t count, Callback<int64_t> done);

// Makes these persistent nodes, without content, as far as they are missing; parents first.
// Errors: those of MetaError.
void EnsureNodes(MetaStore& store, std::vector<std::string> paths, Callback<std::monostate> done);

// The paths of a node and of all below it, as they are at this moment: parents after their
// children, as they can be deleted. Empty if there is no such node.
// Errors: those of MetaError.
void ListTree(MetaStore& store, std::string path, Callback<std::vector<std::string>> done);

// The data of the nodes below `path`, by name; none if there is no such node. One that goes
// meanwhile is left out. Errors: those of MetaError.
void ReadChildren(MetaStore& store, std::string path,
                  Callback<std::map<std::string, std::string>> done);

inline constexpr size_t kCallsInFlightMax = 100;  // Of one Gather: as many as Fluss allows.

// Calls start(0, …) to start(count - 1, …), some of them at the same time, and hands the results
// over in order once all are there. Every start answers exactly once.
template <class T>
void Gather(size_t count, absl::AnyInvocable<void(size_t, absl::AnyInvocable<void(T)>)> start,
            absl::AnyInvocable<void(std::vector<T>)> done) {
  struct State : std::enable_shared_from_this<State> {
    absl::AnyInvocable<void(size_t, absl::AnyInvocable<void(T)>)> start;
    absl::AnyInvocable<void(std::vector<T>)> done;
    std::vector<std::optional<T>> results;
    size_t next = 0;
    size_t in_flight = 0;
    bool starting = false;  // Answers that come before a start returns start nothing themselves.

    void StartMore() {
      if (starting) return;
      starting = true;
      while (next < results.size() && in_flight < kCallsInFlightMax) {
        ++in_flight;
        const size_t i = next++;
        start(i, [self = this->shared_from_this(), i](T result) {
          self->results[i] = std::move(result);
          --self->in_flight;
          self->StartMore();
        });
      }
      starting = false;
      if (in_flight == 0 && done) Finish();
    }

    void Finish() {
      std::vector<T> all;
      all.reserve(results.size());
      for (std::optional<T>& result : results) all.push_back(*std::move(result));
      std::exchange(done, nullptr)(std::move(all));
    }
  };
  auto state = std::make_shared<State>();
  state->start = std::move(start);
  state->done = std::move(done);
  state->results.resize(count);
  state->StartMore();
}

// All values, or the first error among them.
template <class T>
Result<std::vector<T>> AllOf(std::vector<Result<T>> results) {
  std::vector<T> values;
  values.reserve(results.size());
  for (Result<T>& result : results) {
    if (!result.ok()) return result.status();
    values.push_back(*std::move(result));
  }
  return values;
}

}  // namespace strom::metadata
