#pragma once

#include <memory>
#include <thread>

#include "common/runtime/clock.h"
#include "common/runtime/executor.h"

namespace asio {
class io_context;
}  // namespace asio

namespace strom::rpc::framed {

// A thread that waits for sockets, and the executor of the strands that live on it: their tasks run
// on this thread only, so a connection's strand may touch its socket.
//
// Here threads are started outside common/runtime: an event loop is a wait for sockets, not for
// tasks, and only this folder knows Asio.
class EventLoop final : public runtime::Executor {
 public:
  explicit EventLoop(const runtime::Clock& clock);
  ~EventLoop() override;  // Stops.

  void Post(runtime::Task task) override;
  runtime::TimerId PostAt(MonoTime when, runtime::Task task) override;
  bool Cancel(runtime::TimerId timer) override;
  // True on the loop's own thread: others must not run what touches a socket.
  bool AllowInline() override { return IsCurrent(); }

  bool IsCurrent() const;
  asio::io_context& io();

  // Lets the running task return and joins the thread; tasks still queued are dropped unrun. Not on
  // the loop's thread. A second call does nothing.
  void Stop();

 private:
  struct State;
  const std::unique_ptr<State> state_;
  std::thread thread_;
};

}  // namespace strom::rpc::framed
