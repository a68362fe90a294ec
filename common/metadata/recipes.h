#pragma once

#include <memory>
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
// Errors: kUnknownServerError.
void TakeIds(MetaStore& store, std::string path, int64_t count, Callback<int64_t> done);

// Makes these persistent nodes, without content, as far as they are missing; parents first.
// Errors: kUnknownServerError.
void EnsureNodes(MetaStore& store, std::vector<std::string> paths, Callback<std::monostate> done);

// The paths of a node and of all below it, as they are at this moment: parents after their
// children, as they can be deleted. Empty if there is no such node.
// Errors: kUnknownServerError.
void ListTree(MetaStore& store, std::string path, Callback<std::vector<std::string>> done);

inline constexpr size_t kCallsInFlightMax = 100;  // Of one Gather: as many as Fluss allows.

// Calls start(0, …) to start(count - 1, …), some of them at the same time, and hands the results
// over in order once all are there. Every start answers exactly once.
template <class T>
void Gather(size_t count,
            absl::AnyInvocable<void(size_t, absl::AnyInvocable<void(T)>)> start,
            absl::AnyInvocable<void(std::vector<T>)> done) {
  if (count == 0) return done({});
  struct State : std::enable_shared_from_this<State> {
    absl::AnyInvocable<void(size_t, absl::AnyInvocable<void(T)>)> start;
    absl::AnyInvocable<void(std::vector<T>)> done;
    std::vector<T> results;
    size_t next = 0;
    size_t left = 0;

    void StartNext() {
      const size_t i = next++;
      start(i, [self = this->shared_from_this(), i](T result) {
        self->results[i] = std::move(result);
        if (--self->left == 0) return std::exchange(self->done, nullptr)(std::move(self->results));
        if (self->next < self->results.size()) self->StartNext();
      });
    }
  };
  auto state = std::make_shared<State>();
  state->start = std::move(start);
  state->done = std::move(done);
  state->results.resize(count);
  state->left = count;
  while (state->next < count && state->next < kCallsInFlightMax) state->StartNext();
}

}  // namespace strom::metadata
