#include "tests/sim/world/sim_stack.h"

#include <cstdint>
#include <utility>
#include <vector>

#include <sys/mman.h>

#include "common/base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace strom::sim {
namespace {

// Below it lies a page that nobody may touch. Untouched pages take no memory.
constexpr size_t kStackSize = size_t{512} << 10;
constexpr size_t kGuardSize = 4096;

SimStack* current = nullptr;

// Those of ended stacks, to be used again.
std::vector<void*>& Spare() {
  static std::vector<void*> spare;
  return spare;
}

}  // namespace

struct SimStack::Memory {
  Memory() {
    if (!Spare().empty()) {
      base = Spare().back();
      Spare().pop_back();
      return;
    }
    base = mmap(nullptr, kStackSize + kGuardSize, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    STROM_CHECK(base != MAP_FAILED) << "no memory for a stack";
    STROM_CHECK(mprotect(base, kGuardSize, PROT_NONE) == 0);
  }
  ~Memory() { Spare().push_back(base); }

  void* bottom() const { return static_cast<char*>(base) + kGuardSize; }

  void* base = nullptr;
};

SimStack::SimStack(runtime::Task body)
    : body_(std::move(body)), memory_(std::make_unique<Memory>()) {
  STROM_CHECK(getcontext(&inside_) == 0);
  inside_.uc_stack.ss_sp = memory_->bottom();
  inside_.uc_stack.ss_size = kStackSize;
  inside_.uc_link = nullptr;
  const auto self = reinterpret_cast<uintptr_t>(this);
  // makecontext hands on ints.
  makecontext(&inside_, reinterpret_cast<void (*)()>(&SimStack::Enter), 2,
              static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
}

SimStack::~SimStack() { STROM_CHECK(ended_) << "a thread is destroyed that has not ended"; }

SimStack* SimStack::Current() { return current; }

void SimStack::Enter(unsigned high, unsigned low) {
  auto* const self = reinterpret_cast<SimStack*>((uintptr_t{high} << 32) | low);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &self->outside_bottom_, &self->outside_size_);
#endif
  self->body_();
  self->body_ = nullptr;
  self->ended_ = true;
  self->SwitchTo(/*in=*/false);
  STROM_UNREACHABLE();
}

void SimStack::SwitchTo(bool in) {
#if defined(__SANITIZE_ADDRESS__)
  void* left = nullptr;
  if (in) {
    __sanitizer_start_switch_fiber(&left, memory_->bottom(), kStackSize);
  } else {
    // What has ended needs its fake stack no more.
    __sanitizer_start_switch_fiber(ended_ ? nullptr : &fake_stack_, outside_bottom_, outside_size_);
  }
#endif
  STROM_CHECK(in ? swapcontext(&outside_, &inside_) == 0 : swapcontext(&inside_, &outside_) == 0);
#if defined(__SANITIZE_ADDRESS__)
  if (in) {
    __sanitizer_finish_switch_fiber(left, nullptr, nullptr);
  } else {
    __sanitizer_finish_switch_fiber(fake_stack_, &outside_bottom_, &outside_size_);
  }
#endif
}

void SimStack::Resume() {
  STROM_CHECK(current == nullptr) << "a thread is resumed by another one";
  STROM_CHECK(!ended_);
  current = this;
  SwitchTo(/*in=*/true);
  current = nullptr;
}

void SimStack::Pause() {
  STROM_CHECK(current == this);
  SwitchTo(/*in=*/false);
}

}  // namespace strom::sim
