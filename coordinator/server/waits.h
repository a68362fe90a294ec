#pragma once

#include <list>

#include <absl/functional/any_invocable.h>

#include "common/runtime/strand.h"

namespace strom::coordinator {

// Things that wait until the cluster has followed: for a condition over the term's state, or a
// deadline. On one strand. Destroyed with waits left, it drops them.
class Waits {
 public:
  using Condition = absl::AnyInvocable<bool()>;
  // `in_time`: the condition held, rather than the deadline passed.
  using Outcome = absl::AnyInvocable<void(bool in_time)>;

  // `strand` outlives the object.
  explicit Waits(runtime::Strand& strand) : strand_(strand) {}
  ~Waits();

  // Calls `outcome` exactly once, at once if the condition holds already.
  void Add(Condition condition, MonoTime deadline, Outcome outcome);

  // Something changed that conditions may look at.
  void Check();

 private:
  struct Wait {
    Condition condition;
    Outcome outcome;
    runtime::TimerId timer = runtime::kNoTimer;
    bool done = false;
  };

  runtime::Strand& strand_;
  std::list<std::shared_ptr<Wait>> waits_;
};

}  // namespace strom::coordinator
