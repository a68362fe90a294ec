#include "common/metadata/zk/zk_call.h"

#include <algorithm>

#include <zookeeper/zookeeper.h>

#include "common/metadata/zk/zk_error.h"
#include "common/metadata/zk/zk_session.h"

namespace strom::metadata {
namespace {

template <class T>
class CallFor : public ZkCall {
 public:
  explicit CallFor(Done<T> done) : done_(std::move(done)) {}

  runtime::Task Failed(MetaCode code) override { return Told({.code = code}); }
  void Drop() override { done_ = nullptr; }

  // The task that tells the caller.
  runtime::Task Told(MetaResult<T> result) {
    return [done = std::move(done_), result = std::move(result)]() mutable {
      done(std::move(result));
    };
  }

 protected:
  const void* self() const { return static_cast<const ZkCall*>(this); }
  watcher_fn watcher() const { return watch == 0 ? nullptr : OnZooKeeperWatch; }
  void* watcher_context() const { return reinterpret_cast<void*>(static_cast<uintptr_t>(watch)); }

 private:
  Done<T> done_;
};

// A completion's call, unless its caller has gone.
template <class Call>
std::unique_ptr<Call> Taken(const void* data) {
  const auto* call = static_cast<const ZkCall*>(data);
  return std::unique_ptr<Call>(static_cast<Call*>(call->session->Take(call).release()));
}

template <class T>
void Finish(const void* data, int rc, T value, bool watch_set) {
  const auto call = Taken<CallFor<T>>(data);
  if (!call) return;
  call->session->Answer(call->watch, watch_set,
                        call->Told({.code = CodeOfZooKeeper(rc), .value = std::move(value)}));
}

strom::metadata::Stat StatOf(const ::Stat* stat) {
  if (!stat) return {};
  return {.version = stat->version,
          .created_zxid = stat->czxid,
          .modified_zxid = stat->mzxid,
          .ephemeral_owner = stat->ephemeralOwner,
          .num_children = stat->numChildren};
}

int ModeOf(CreateMode mode) {
  switch (mode) {
    case CreateMode::kPersistent:
      return ZOO_PERSISTENT;
    case CreateMode::kEphemeral:
      return ZOO_EPHEMERAL;
    case CreateMode::kPersistentSequential:
      return ZOO_PERSISTENT_SEQUENTIAL;
    case CreateMode::kEphemeralSequential:
      return ZOO_EPHEMERAL_SEQUENTIAL;
  }
  return ZOO_PERSISTENT;
}

int SizeOf(const std::string& data) { return static_cast<int>(data.size()); }

void OnCreated(int rc, const char* path, const void* data) {
  Finish<std::string>(data, rc, rc == ZOK && path ? path : "", false);
}
// Exists sets its watch on a node that is not there, too.
void OnExists(int rc, const ::Stat* stat, const void* data) {
  Finish(data, rc, StatOf(stat), rc == ZOK || rc == ZNONODE);
}
void OnSet(int rc, const ::Stat* stat, const void* data) { Finish(data, rc, StatOf(stat), false); }
void OnDeleted(int rc, const void* data) { Finish(data, rc, std::monostate(), false); }

void OnGot(int rc, const char* value, int size, const ::Stat* stat, const void* data) {
  Node node{.data = {}, .stat = StatOf(stat)};
  if (value && size > 0) node.data.assign(value, static_cast<size_t>(size));
  Finish(data, rc, std::move(node), rc == ZOK);
}

void OnChildren(int rc, const String_vector* strings, const void* data) {
  std::vector<std::string> names;
  if (rc == ZOK && strings) names.assign(strings->data, strings->data + strings->count);
  std::sort(names.begin(), names.end());
  Finish(data, rc, std::move(names), rc == ZOK);
}

class CreateCall final : public CallFor<std::string> {
 public:
  CreateCall(std::string path, std::string data, CreateMode mode, Done<std::string> done)
      : CallFor(std::move(done)), path_(std::move(path)), data_(std::move(data)), mode_(mode) {}
  int Send(_zhandle* handle) override {
    return zoo_acreate(handle, path_.c_str(), data_.data(), SizeOf(data_), &ZOO_OPEN_ACL_UNSAFE,
                       ModeOf(mode_), OnCreated, self());
  }

 private:
  const std::string path_;
  const std::string data_;
  const CreateMode mode_;
};

class GetCall final : public CallFor<Node> {
 public:
  GetCall(std::string path, Done<Node> done) : CallFor(std::move(done)), path_(std::move(path)) {}
  int Send(_zhandle* handle) override {
    return zoo_awget(handle, path_.c_str(), watcher(), watcher_context(), OnGot, self());
  }

 private:
  const std::string path_;
};

class ChildrenCall final : public CallFor<std::vector<std::string>> {
 public:
  ChildrenCall(std::string path, Done<std::vector<std::string>> done)
      : CallFor(std::move(done)), path_(std::move(path)) {}
  int Send(_zhandle* handle) override {
    return zoo_awget_children(handle, path_.c_str(), watcher(), watcher_context(), OnChildren,
                              self());
  }

 private:
  const std::string path_;
};

class ExistsCall final : public CallFor<strom::metadata::Stat> {
 public:
  ExistsCall(std::string path, Done<strom::metadata::Stat> done)
      : CallFor(std::move(done)), path_(std::move(path)) {}
  int Send(_zhandle* handle) override {
    return zoo_awexists(handle, path_.c_str(), watcher(), watcher_context(), OnExists, self());
  }

 private:
  const std::string path_;
};

class SetCall final : public CallFor<strom::metadata::Stat> {
 public:
  SetCall(std::string path, std::string data, int32_t version, Done<strom::metadata::Stat> done)
      : CallFor(std::move(done)),
        path_(std::move(path)),
        data_(std::move(data)),
        version_(version) {}
  int Send(_zhandle* handle) override {
    return zoo_aset(handle, path_.c_str(), data_.data(), SizeOf(data_), version_, OnSet, self());
  }

 private:
  const std::string path_;
  const std::string data_;
  const int32_t version_;
};

class DeleteCall final : public CallFor<std::monostate> {
 public:
  DeleteCall(std::string path, int32_t version, Done<std::monostate> done)
      : CallFor(std::move(done)), path_(std::move(path)), version_(version) {}
  int Send(_zhandle* handle) override {
    return zoo_adelete(handle, path_.c_str(), version_, OnDeleted, self());
  }

 private:
  const std::string path_;
  const int32_t version_;
};

class MultiCall final : public ZkCall {
 public:
  MultiCall(std::vector<Op> ops, absl::AnyInvocable<void(MultiResult)> done)
      : ops_(std::move(ops)),
        results_(ops_.size()),
        paths_(ops_.size()),
        stats_(ops_.size()),
        done_(std::move(done)) {}

  int Send(_zhandle* handle) override {
    std::vector<zoo_op_t> requests(ops_.size());
    for (size_t i = 0; i < ops_.size(); ++i) {
      std::visit([&](const auto& op) { Init(op, i, &requests[i]); }, ops_[i]);
    }
    return zoo_amulti(handle, static_cast<int>(requests.size()), requests.data(), results_.data(),
                      OnMulti, static_cast<const ZkCall*>(this));
  }
  runtime::Task Failed(MetaCode code) override { return Told({.code = code}); }
  void Drop() override { done_ = nullptr; }

 private:
  static constexpr size_t kSequenceDigits = 10;

  // The library writes the paths of created nodes and the stats into these places.
  void Init(const CreateOp& op, size_t i, zoo_op_t* out) {
    paths_[i].resize(op.path.size() + kSequenceDigits + 1);
    zoo_create_op_init(out, op.path.c_str(), op.data.data(), SizeOf(op.data), &ZOO_OPEN_ACL_UNSAFE,
                       ModeOf(op.mode), paths_[i].data(), SizeOf(paths_[i]));
  }
  void Init(const SetOp& op, size_t i, zoo_op_t* out) {
    zoo_set_op_init(out, op.path.c_str(), op.data.data(), SizeOf(op.data), op.version, &stats_[i]);
  }
  void Init(const CheckOp& op, size_t, zoo_op_t* out) {
    zoo_check_op_init(out, op.path.c_str(), op.version);
  }
  void Init(const DeleteOp& op, size_t, zoo_op_t* out) {
    zoo_delete_op_init(out, op.path.c_str(), op.version);
  }

  static void OnMulti(int rc, const void* data) {
    const auto call = Taken<MultiCall>(data);
    if (call) call->session->Answer(0, false, call->Told(call->ResultOf(rc)));
  }

  // After a connection loss no operation has a code of its own.
  MultiResult ResultOf(int rc) const {
    MultiResult result{.code = CodeOfZooKeeper(rc)};
    for (size_t i = 0; i < ops_.size(); ++i) {
      if (rc == ZOK) {
        if (std::holds_alternative<CreateOp>(ops_[i])) result.paths.push_back(paths_[i].c_str());
      } else if (results_[i].err != ZOK && results_[i].err != ZRUNTIMEINCONSISTENCY) {
        result.code = CodeOfZooKeeper(results_[i].err);
        result.failed_index = i;
        break;
      }
    }
    return result;
  }

  runtime::Task Told(MultiResult result) {
    return [done = std::move(done_), result = std::move(result)]() mutable {
      done(std::move(result));
    };
  }

  const std::vector<Op> ops_;
  std::vector<zoo_op_result_t> results_;
  std::vector<std::string> paths_;
  std::vector<::Stat> stats_;
  absl::AnyInvocable<void(MultiResult)> done_;
};

}  // namespace

std::unique_ptr<ZkCall> MakeCreate(std::string path, std::string data, CreateMode mode,
                                   Done<std::string> done) {
  return std::make_unique<CreateCall>(std::move(path), std::move(data), mode, std::move(done));
}
std::unique_ptr<ZkCall> MakeGet(std::string path, Done<Node> done) {
  return std::make_unique<GetCall>(std::move(path), std::move(done));
}
std::unique_ptr<ZkCall> MakeChildren(std::string path, Done<std::vector<std::string>> done) {
  return std::make_unique<ChildrenCall>(std::move(path), std::move(done));
}
std::unique_ptr<ZkCall> MakeExists(std::string path, Done<Stat> done) {
  return std::make_unique<ExistsCall>(std::move(path), std::move(done));
}
std::unique_ptr<ZkCall> MakeSet(std::string path, std::string data, int32_t version,
                                Done<Stat> done) {
  return std::make_unique<SetCall>(std::move(path), std::move(data), version, std::move(done));
}
std::unique_ptr<ZkCall> MakeDelete(std::string path, int32_t version, Done<std::monostate> done) {
  return std::make_unique<DeleteCall>(std::move(path), version, std::move(done));
}
std::unique_ptr<ZkCall> MakeMulti(std::vector<Op> ops, absl::AnyInvocable<void(MultiResult)> done) {
  return std::make_unique<MultiCall>(std::move(ops), std::move(done));
}

}  // namespace strom::metadata
