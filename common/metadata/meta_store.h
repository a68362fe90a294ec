#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "common/base/result.h"
#include "common/runtime/strand.h"

namespace strom::metadata {

// What became of one operation. The words are ZooKeeper's.
enum class MetaCode {
  kOk,
  kNoNode,
  kNodeExists,
  kBadVersion,
  kNotEmpty,
  kNoChildrenForEphemerals,
  kInvalidPath,
  kDataTooLarge,
  kConnectionLoss,  // The operation may or may not have been applied.
  kSessionExpired,  // And with the session its ephemeral nodes.
  kRolledBack,      // An operation of a multi that another one of the same multi made fail.
  kStorage,         // The store could not write; not applied.
};

std::string_view MetaCodeName(MetaCode code);

template <class T>
struct MetaResult {
  MetaCode code = MetaCode::kOk;
  T value{};
  bool ok() const { return code == MetaCode::kOk; }
};

// Status of a failed operation, for messages to clients: names the operation and the path.
// kNetwork if the store is away, upon which clients repeat questions, else kUnknownServerError.
Status MetaError(MetaCode code, std::string_view operation, std::string_view path);

struct Stat {
  int32_t version = 0;  // Of the data; +1 per Set.
  int64_t created_zxid = 0;
  int64_t modified_zxid = 0;
  int64_t ephemeral_owner = 0;  // Session id, 0 for a persistent node.
  int32_t num_children = 0;
};

struct Node {
  std::string data;
  Stat stat;
};

enum class CreateMode { kPersistent, kEphemeral, kPersistentSequential, kEphemeralSequential };

inline constexpr int32_t kAnyVersion = -1;

// The operations of a multi: all are applied, in order, or none is.
struct CheckOp {
  std::string path;
  int32_t version;
};
struct CreateOp {
  std::string path;
  std::string data;
  CreateMode mode = CreateMode::kPersistent;
};
struct SetOp {
  std::string path;
  std::string data;
  int32_t version = kAnyVersion;
};
struct DeleteOp {
  std::string path;
  int32_t version = kAnyVersion;
};
using Op = std::variant<CheckOp, CreateOp, SetOp, DeleteOp>;

struct MultiResult {
  MetaCode code = MetaCode::kOk;   // Of the first operation that failed.
  size_t failed_index = 0;         // Its place in the list.
  std::vector<std::string> paths;  // Of the nodes created, in order (sequential ones with number).
};

enum class WatchEvent { kCreated, kDeleted, kDataChanged, kChildrenChanged };

// Fires at most once: when what it was set on changes, before the session sees the newer value.
using Watch = absl::AnyInvocable<void(WatchEvent)>;

template <class T>
using Done = absl::AnyInvocable<void(MetaResult<T>)>;

enum class SessionState { kConnected, kSuspended, kExpired };

// One session with the metadata service: a tree of small nodes named by absolute paths, with
// ZooKeeper's semantics. Parents must exist (CreateRecursive below makes them).
//
// Any thread may call; every callback runs on the strand given to Connect, in the order the service
// answered. Destroying the store ends the session: its ephemeral nodes go, and callbacks that have
// not run yet never will.
class MetaStore {
 public:
  virtual ~MetaStore() = default;

  virtual int64_t session_id() const = 0;
  // As agreed with the service, which ends the session when it has heard nothing for so long; once
  // the session is there.
  virtual MonoDuration session_timeout() const = 0;

  // The path created; sequential modes append a 10-digit number.
  virtual void Create(std::string path, std::string data, CreateMode mode,
                      Done<std::string> done) = 0;
  // A null watch sets none.
  virtual void Get(std::string path, Watch watch, Done<Node> done) = 0;
  // Names (not paths), sorted.
  virtual void Children(std::string path, Watch watch, Done<std::vector<std::string>> done) = 0;
  // kOk with the stat, or kNoNode; the watch fires on creation, deletion and change either way.
  virtual void Exists(std::string path, Watch watch, Done<Stat> done) = 0;
  virtual void Set(std::string path, std::string data, int32_t version, Done<Stat> done) = 0;
  virtual void Delete(std::string path, int32_t version, Done<std::monostate> done) = 0;
  virtual void Multi(std::vector<Op> ops, absl::AnyInvocable<void(MultiResult)> done) = 0;
};

// Opens sessions. `on_state` runs on the strand at every change of the connection's state.
class MetaStoreFactory {
 public:
  virtual ~MetaStoreFactory() = default;
  virtual Result<std::unique_ptr<MetaStore>> Connect(
      runtime::Strand& strand, absl::AnyInvocable<void(SessionState)> on_state) = 0;
};

}  // namespace strom::metadata
