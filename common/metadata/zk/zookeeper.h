#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/metadata/meta_store.h"
#include "common/runtime/time.h"

namespace strom::metadata {

struct ZooKeeperOptions {
  // zookeeper.address: "host:port,host:port", then perhaps the node that is to be the root of all
  // paths ("/strom"); it must exist.
  std::string connect;
  // zookeeper.client.session-timeout. The server has bounds of its own for it: 2 and 20 ticks.
  MonoDuration session_timeout = Seconds(60);
  // zookeeper.client.connection-timeout. For how long the operations of a new session wait for its
  // first connection, before they are answered kConnectionLoss; the session itself goes on trying.
  MonoDuration connect_timeout = Seconds(15);
  // A request that is larger is answered kDataTooLarge and not sent: the server would drop the
  // connection. The server's jute.maxbuffer, whose default this is.
  size_t request_size_max = 0xfffff;
};

// Sessions with a ZooKeeper ensemble.
//
// Connect never blocks and needs no server: the session is made in the background, kConnected says
// when. session_id() is 0 until then. Afterwards:
// - kSuspended: the connection is lost. What was under way is answered kConnectionLoss, as are
//   operations asked for until the next attempt to connect has failed too.
// - kConnected: it is back, the session is the same, and so are ephemeral nodes and watches; what
//   changed meanwhile fires them.
// - kExpired: the service has ended the session (or refused it). Everything is answered
//   kSessionExpired from now on; watches never fire.
// Codes that have no word of their own: kStorage if the service refused the operation (no
// permission, read-only, throttled), kConnectionLoss if it is unknown what became of it.
//
// A store may be destroyed anywhere, also in a callback: the factory's own thread closes its
// handle. The service learns of that soon after; ephemeral nodes go then. The factory outlives its
// stores, and its destruction waits until all of them are closed: not in a task of a strand.
//
// Errors: kInvalidConfig for options that cannot be, with the part that is wrong.
Result<std::unique_ptr<MetaStoreFactory>> MakeZooKeeperFactory(ZooKeeperOptions options);

}  // namespace strom::metadata
