#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "common/rpc/channel.h"
#include "common/runtime/clock.h"
#include "common/runtime/strand.h"
#include "common/runtime/timer_queue.h"
#include "common/runtime/wait.h"

namespace strom::rpc {

// A request on its way to the carrier.
struct OutgoingRequest {
  int16_t api_key = 0;
  int16_t api_version = 0;
  int32_t request_id = 0;
  Bytes body;
};

// What a client does on one connection, whatever its encoding: asks for the server's versions (as
// request 0), then sends calls in the order they were made, matches answers by request id and
// watches deadlines.
//
// Framed connections, gRPC session streams and the simulated network run it. No sockets, no
// threads: what is not part of Channel runs on the connection's strand.
class ClientSession final : public Channel, public std::enable_shared_from_this<ClientSession> {
 public:
  struct Options {
    const runtime::Clock* clock = nullptr;
    std::string peer;                              // "10.0.0.1:9123", for messages.
    MonoDuration connect_timeout = Seconds(120);   // Until the versions are known.
    size_t request_bytes_max = size_t{100} << 20;  // The whole frame, as in Fluss.
    // Of calls that wait for their answers; beyond them a call fails at once.
    int in_flight_count_max = 65536;
    size_t in_flight_bytes_max = size_t{1} << 30;
  };

  // The connection below, called on the strand.
  class Connection {
   public:
    virtual ~Connection() = default;
    virtual void SendRequest(OutgoingRequest request) = 0;
    virtual void Disconnect() = 0;
  };

  ClientSession(Options options, std::shared_ptr<runtime::Strand> strand);

  // What users hold: letting the last reference to it go closes the session.
  static std::shared_ptr<Channel> Handle(std::shared_ptr<ClientSession> session);

  // Bytes that framing adds to a body, counted into request_bytes_max.
  static constexpr size_t kHeaderBytes = 12;

  // Channel; any thread.
  void Call(const MethodInfo& method, Bytes body, MonoTime deadline, Done done) override;
  std::optional<int16_t> VersionOf(const MethodInfo& method) const override;
  bool broken() const override { return broken_ || closed_; }
  void WhenBroken(absl::AnyInvocable<void(Break)> then) override;
  void Close() override;

  // Arms the connect timeout; the first thing to be called. `abandon` is called on the strand if
  // the session breaks before OnConnected: the attempt to connect is of no use any more.
  void Start(runtime::Task abandon);
  // The connection is up; it is used until OnClosed or Disconnect.
  void OnConnected(Connection* connection);
  // Answers to calls that are no longer waited for are ignored.
  void OnAnswer(int32_t request_id, Result<Bytes> result);
  // The connection could not be made, or is gone, for whatever reason.
  void OnClosed(const Status& why);
  // It could not be made, because nobody listens there.
  void OnRefused(const Status& why);

 private:
  struct PendingCall {
    MethodInfo method;
    Bytes body;  // Until it is sent.
    size_t size = 0;
    runtime::TimerId deadline = runtime::kNoTimer;
    bool sent = false;
    Done done;
  };
  struct VersionRange {
    int16_t min;
    int16_t max;
  };
  using Calls = std::map<int32_t, PendingCall>;

  void Add(const MethodInfo& method, Bytes body, MonoTime deadline, Done done);
  void SendNow(Calls::iterator call);
  void OnVersions(const Result<Bytes>& result);
  Result<int16_t> CommonVersion(const MethodInfo& method) const;
  void Finish(Calls::iterator call, Result<Bytes> result);
  void ArmTimer();
  void OnTimer();
  void BreakWith(const Status& why, Break cause = Break::kOther);

  const Options options_;
  const std::shared_ptr<runtime::Strand> strand_;
  std::atomic<bool> broken_ = false;  // Written on the strand.
  std::atomic<bool> closed_ = false;  // Close was called; the strand will break the session.

  // On the strand:
  Connection* connection_ = nullptr;
  runtime::Task abandon_;  // Null once connected.
  bool ready_ = false;     // Versions are known.
  std::optional<Break> break_;  // Once broken.
  std::vector<absl::AnyInvocable<void(Break)>> when_broken_;
  int32_t next_id_ = 1;
  Calls calls_;  // Ascending ids are the order of the calls (until ids wrap after 2^31).
  size_t in_flight_bytes_ = 0;
  runtime::TimerQueue<int32_t> deadlines_;
  MonoTime timer_at_ = MonoTime::Infinite();  // The one timer that is armed, for the earliest.
  runtime::TimerId timer_ = runtime::kNoTimer;

  mutable runtime::WaitMutex versions_mutex_;  // Written once, on the strand.
  std::map<int16_t, VersionRange> versions_ ABSL_GUARDED_BY(versions_mutex_);
};

}  // namespace strom::rpc
