#include "common/runtime/thread_waits.h"

#include "common/runtime/system_clock.h"

namespace strom::runtime {
namespace {

constinit thread_local ThreadWaits* current = nullptr;

}  // namespace

ThreadWaits* ThreadWaits::Current() { return current; }

void ThreadWaits::SetCurrent(ThreadWaits* waits) { current = waits; }

MonoTime WaitNow() { return current ? current->Now() : SystemNow(); }

}  // namespace strom::runtime
