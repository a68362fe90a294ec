#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/metadata/meta_store.h"

namespace strom::metadata {

// The tree of nodes behind the embedded MetaStore and the simulated one: ZooKeeper's rules for
// paths, versions, ephemerals, sequential names, multis and one-shot watches, in memory.
//
// Pure: no I/O, locks or threads. The owner serialises calls and delivers what Commit returns.
// Always true: every node's parent is there; an ephemeral node has no children and its session is
// open.
class ZnodeTree {
 public:
  using SessionId = int64_t;
  static constexpr size_t kDataSizeMax = size_t{100} << 20;  // As jute.maxbuffer in Fluss.

  ZnodeTree();

  // Sessions own ephemeral nodes and watches.
  SessionId OpenSession();
  bool IsOpen(SessionId session) const { return sessions_.contains(session); }

  // A watch that fired: to be delivered to its session before it can see the new state.
  struct Fired {
    SessionId session;
    Watch watch;
    WatchEvent event;
  };

  // What one call changed.
  struct Commit {
    MultiResult result;
    std::vector<std::string> changed;  // Paths created, set or deleted; parents are not listed.
    std::vector<Fired> fired;          // In the order of the operations.
  };

  // All operations or none. Codes as in ZooKeeper; kSessionExpired if the session is not open.
  Commit Multi(SessionId session, const std::vector<Op>& ops);

  // Deletes the session's ephemeral nodes and forgets its watches.
  Commit CloseSession(SessionId session);

  MetaResult<Node> Get(SessionId session, const std::string& path, Watch watch);
  MetaResult<std::vector<std::string>> Children(SessionId session, const std::string& path,
                                                Watch watch);
  MetaResult<Stat> Exists(SessionId session, const std::string& path, Watch watch);

  // For durability: every persistent node, parents before children, and the way back. Restoring
  // also needs the counters of sequential names, which are part of StoredNode.
  struct StoredNode {
    std::string data;
    Stat stat;
    int32_t next_sequence = 0;
  };
  // nullptr if there is no such node. Ephemeral nodes are found too.
  const StoredNode* Find(const std::string& path) const;
  // Puts a node back as it was; parents first. The path must be valid and new.
  void Restore(const std::string& path, StoredNode node);

 private:
  using Watches = std::map<std::string, std::vector<std::pair<SessionId, Watch>>>;

  MetaCode Apply(SessionId session, const Op& op, Commit& commit,
                 std::vector<std::function<void()>>& undo);
  MetaCode Create(SessionId session, const CreateOp& op, Commit& commit,
                  std::vector<std::function<void()>>& undo);
  MetaCode Delete(const DeleteOp& op, Commit& commit, std::vector<std::function<void()>>& undo);
  void Fire(Watches& watches, const std::string& path, WatchEvent event, Commit& commit);
  void FireFor(const std::vector<std::pair<std::string, WatchEvent>>& events, Commit& commit);
  std::vector<std::string> ChildrenOf(const std::string& path) const;

  std::map<std::string, StoredNode> nodes_;
  std::map<SessionId, std::set<std::string>> sessions_;  // Ephemeral paths of each open session.
  Watches data_watches_;
  Watches child_watches_;
  std::vector<std::pair<std::string, WatchEvent>> events_;  // Of the multi being applied.
  int64_t zxid_ = 0;
  SessionId next_session_ = 1;
};

// "/a/b" -> "/a", "/a" -> "/". `path` is valid and not the root.
std::string ParentPath(const std::string& path);

// Absolute, no empty, "." or ".." part, no trailing slash, no control characters.
bool IsValidPath(std::string_view path);

}  // namespace strom::metadata
