#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/metadata/meta_store.h"
#include "common/runtime/clock.h"
#include "common/types/server_info.h"

namespace strom::tablet {

// Keeps a tablet server known to the cluster: its ephemeral node in the metadata store, made at the
// start and made again in every new session.
//
// The node carries a start epoch, which grows from one process of the server to the next, so that
// the coordinator tells a process that restarted from one that merely got a new session.
//
// If another session holds the node already, it may be one of this server's former process that has
// not expired yet. That is certain if the node names the very addresses at which this process is
// reached: then the node is taken over at once. Any other holder is waited for.
//
// On the strand of `store`'s sessions, which ends with `store`.
class Registration : public std::enable_shared_from_this<Registration> {
 public:
  struct Options {
    ServerId id;
    Listeners listeners;  // Where others reach it.
    std::optional<std::string> rack;
    std::optional<std::string> directory_id = {};  // Of its data directory (DataDirectory::id).
    MonoDuration pause;                            // Before another attempt.
    MonoDuration timeout;    // Of the first registration; later ones are tried until Stop.
    std::string epoch_path;  // ZkPaths::CoordinatorEpochNode
    // Called whenever the node is made, on the strand, with the start epoch and the epoch of the
    // newest coordinator there was by then; none if there never was one. May be empty.
    std::function<void(int64_t, std::optional<CoordinatorEpoch>)> on_registered = {};
  };

  // `path` is the node's (ZkPaths::TabletServer). All that is passed by reference outlives it.
  Registration(metadata::MetaStore& store, std::string path, runtime::Strand& strand,
               const runtime::Clock& clock, Options options);

  // Makes the node. `started` is called once, unless Stop comes first. Errors: kUnknownServerError
  // if another server holds the node or the store fails, both for the whole timeout.
  void Start(absl::AnyInvocable<void(Status)> started);
  // `store` has a new session: the node of the old one is gone.
  void Renew();
  // Removes the node, if it is there. If that fails, it ends with the session. Last call.
  void Stop(runtime::Task stopped);

  bool registered() const { return registered_; }
  // As in the node; what a ControlledShutdown of this process says.
  int64_t start_epoch() const { return start_epoch_; }

 private:
  void Attempt();
  // Somebody has the node.
  void LookAtHolder();
  void TakeOver(int32_t version, int64_t holders_epoch);
  void OnMade();
  void OnRegistered(std::optional<CoordinatorEpoch> newest);
  void OnFailed(metadata::MetaCode code);
  std::string Content() const;

  metadata::MetaStore& store_;
  const std::string path_;
  runtime::Strand& strand_;
  const runtime::Clock& clock_;
  const Options options_;
  int64_t start_epoch_;
  MonoTime give_up_at_;
  absl::AnyInvocable<void(Status)> started_;  // While the first registration is under way.
  bool registered_ = false;
  bool stopped_ = false;
};

}  // namespace strom::tablet
