#pragma once

#include <cstdint>
#include <memory>

#include <absl/functional/any_invocable.h>

#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/strand.h"

namespace strom::coordinator {

// The connection to one tablet server, watched: says when connections to it are refused, and when
// it answers after that.
//
// There is always a connection, or a timer for the next attempt. Each is asked something that every
// server answers (ApiVersions). A connection that breaks is made anew, at once if it was fine, else
// with back-off. A process that dies breaks its connections, and its address refuses new ones: so
// some refusals in a row say that it is gone, long before its session ends. Every other failure (no
// way there, no answer) proves nothing and is only repeated.
//
// On one strand; what timers and connections bring finds out itself that the line is gone.
class ServerLine : public std::enable_shared_from_this<ServerLine> {
 public:
  struct Timing {
    int refusals = 3;  // In a row.
    MonoDuration pause_min = Millis(50);
    MonoDuration pause_max = Seconds(1);
    MonoDuration answer_timeout = Seconds(10);
  };

  struct World {
    std::shared_ptr<runtime::Strand> strand;
    const runtime::Clock& clock;
    rpc::Network& network;
  };

  enum class News { kRefused, kReached };

  // `on_news` is called in turns, kRefused first. It may let the line go.
  ServerLine(World world, rpc::Endpoint endpoint, Timing timing,
             absl::AnyInvocable<void(News)> on_news);
  ~ServerLine();

  // Connects. Once, before the others.
  void Start() { Connect(); }

  // Connects if nothing is there. The number of the connection, from 1: behind each there may be
  // another process of the server.
  uint64_t Ready();
  // Of that connection; may break meanwhile. Not to be kept.
  rpc::Channel& channel() { return *channel_; }

  // Gives up a connection that seems to be silent.
  void Renew() { Connect(); }

 private:
  void Connect();
  void OnAnswer(uint64_t connection, const Status& status);
  void OnBroken(uint64_t connection, rpc::Break cause);
  void ConnectLater(MonoDuration pause);
  void StopWaiting();

  const World world_;
  const rpc::Endpoint endpoint_;
  const Timing timing_;
  absl::AnyInvocable<void(News)> on_news_;

  std::shared_ptr<rpc::Channel> channel_;
  uint64_t connection_ = 0;  // Number of channel_; what is heard of older ones is old.
  bool answered_ = false;    // On this connection.
  int refusals_ = 0;         // In a row.
  bool refused_ = false;     // The last news.
  MonoDuration pause_;
  runtime::TimerId timer_ = runtime::kNoTimer;
};

}  // namespace strom::coordinator
