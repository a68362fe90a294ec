#pragma once

#include <cstddef>
#include <memory>

#include <ucontext.h>

#include "common/runtime/executor.h"

namespace strom::sim {

// Code that can be left in the middle and gone on with later: a thread of the simulated world, on a
// stack of its own. All of them, and who resumes them, are on the one real thread of the test.
class SimStack {
 public:
  explicit SimStack(runtime::Task body);
  // Its body has ended.
  ~SimStack();
  SimStack(const SimStack&) = delete;
  SimStack& operator=(const SimStack&) = delete;

  // Goes on with the body, until it pauses or ends. Not in a body.
  void Resume();
  // In the body: back to who resumed it.
  void Pause();
  bool ended() const { return ended_; }

  // That whose body runs now; null: none does.
  static SimStack* Current();

 private:
  struct Memory;

  static void Enter(unsigned high, unsigned low);
  void SwitchTo(bool in);

  runtime::Task body_;
  const std::unique_ptr<Memory> memory_;
  ucontext_t inside_ = {};
  ucontext_t outside_ = {};
  bool ended_ = false;
  // For the address sanitizer, which has to know which stack runs.
  void* fake_stack_ = nullptr;
  const void* outside_bottom_ = nullptr;
  size_t outside_size_ = 0;
};

}  // namespace strom::sim
