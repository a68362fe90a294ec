#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/runtime/time.h"

namespace strom::rpc {

// Who a caller is, after authentication. On a plaintext listener everybody is User ANONYMOUS, as in
// Fluss.
struct Principal {
  std::string name = "ANONYMOUS";
  std::string type = "User";

  friend bool operator==(const Principal&, const Principal&) = default;
};

// Whom a listener is for; decides which methods and fields it serves.
enum class Audience : uint8_t {
  kFlussClients,  // Official clients: public methods of Fluss's API, no field of ours.
  kStromClients,  // Our workers, client and CLI: public methods, our extensions too.
  kServers,       // Our own servers: everything.
};

// One entry of bind.listeners. Metadata answers name each server's endpoint of the same listener.
struct ListenerInfo {
  std::string name = "FLUSS";
  Audience audience = Audience::kFlussClients;
};

// What carried a request.
enum class Carrier : uint8_t { kFramed, kGrpc, kGrpcSession };

// The peer of one connection (or of one unary gRPC call). Immutable: authentication makes a new
// one.
struct Caller {
  Principal principal;
  ListenerInfo listener;
  std::string address;  // "127.0.0.1:40312", for logs and for ACL entries with a host.
  Carrier carrier = Carrier::kFramed;
};

// What a handler may know of a request besides its message. Cheap to copy; valid without the
// connection.
struct RequestContext {
  int16_t api_key = 0;
  int16_t api_version = 0;            // Within the method's range once a handler sees it.
  std::optional<int32_t> request_id;  // None for unary gRPC.
  MonoTime received_at;
  MonoTime deadline = MonoTime::Infinite();  // Nobody waits for the answer after this.
  size_t request_size = 0;                   // Bytes of the whole request, its envelope included.
  std::shared_ptr<const Caller> caller;      // Never null.

  const Principal& principal() const { return caller->principal; }
  const ListenerInfo& listener() const { return caller->listener; }
};

}  // namespace strom::rpc
