#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/metadata/meta_store.h"
#include "common/runtime/executor.h"

struct _zhandle;  // The C library's zhandle_t.

namespace strom::metadata {

class ZkSession;

// One operation: made by a MetaStore, kept by its session until the service has answered, or until
// the handle is closed. The C library hands its address back with the answer.
class ZkCall {
 public:
  virtual ~ZkCall() = default;

  // Gives the request to the library. A return code of the library; if it is not ZOK, no answer
  // follows.
  virtual int Send(_zhandle* handle) = 0;

  // The task that tells the caller that it failed. Once, and then nothing else.
  virtual runtime::Task Failed(MetaCode code) = 0;

  // Forgets the caller: nothing of it is touched any more.
  virtual void Drop() = 0;

  ZkSession* session = nullptr;  // Set by it.
  uint64_t watch = 0;            // That goes with it; 0: none. Known to the session.
};

// The operations of MetaStore. Paths are valid. A Watch is the session's (ZkCall::watch).
std::unique_ptr<ZkCall> MakeCreate(std::string path, std::string data, CreateMode mode,
                                   Done<std::string> done);
std::unique_ptr<ZkCall> MakeGet(std::string path, Done<Node> done);
std::unique_ptr<ZkCall> MakeChildren(std::string path, Done<std::vector<std::string>> done);
std::unique_ptr<ZkCall> MakeExists(std::string path, Done<Stat> done);
std::unique_ptr<ZkCall> MakeSet(std::string path, std::string data, int32_t version,
                                Done<Stat> done);
std::unique_ptr<ZkCall> MakeDelete(std::string path, int32_t version, Done<std::monostate> done);
std::unique_ptr<ZkCall> MakeMulti(std::vector<Op> ops, absl::AnyInvocable<void(MultiResult)> done);

}  // namespace strom::metadata
