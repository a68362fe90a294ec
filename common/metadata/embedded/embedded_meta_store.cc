#include "common/metadata/embedded/embedded_meta_store.h"

#include <atomic>
#include <map>

#include <absl/synchronization/mutex.h>

#include "common/base/byte_reader.h"
#include "common/base/endian.h"
#include "common/base/logging.h"
#include "common/metadata/znode_tree.h"

namespace strom::metadata {
namespace {

// Value of one node: i8 layout version, i32 data version, i64 created, i64 modified zxid, i32 next
// sequence, data. All little-endian. The key is the path; ephemeral nodes are not stored.
constexpr int8_t kLayoutVersion = 1;

Bytes EncodeNode(const ZnodeTree::StoredNode& node) {
  Bytes value;
  AppendLittle<int8_t>(value, kLayoutVersion);
  AppendLittle<int32_t>(value, node.stat.version);
  AppendLittle<int64_t>(value, node.stat.created_zxid);
  AppendLittle<int64_t>(value, node.stat.modified_zxid);
  AppendLittle<int32_t>(value, node.next_sequence);
  value += node.data;
  return value;
}

Result<ZnodeTree::StoredNode> DecodeNode(BytesView path, BytesView value) {
  ByteReader reader(value, "stored metadata node");
  STROM_ASSIGN_OR_RETURN(const auto layout, reader.ReadLittle<int8_t>());
  if (layout != kLayoutVersion || !IsValidPath(path)) {
    return Error(ErrorCode::kCorruptRecord,
                 "stored metadata node '{}': layout version {}, this is {}", path, layout,
                 kLayoutVersion);
  }
  ZnodeTree::StoredNode node;
  STROM_ASSIGN_OR_RETURN(node.stat.version, reader.ReadLittle<int32_t>());
  STROM_ASSIGN_OR_RETURN(node.stat.created_zxid, reader.ReadLittle<int64_t>());
  STROM_ASSIGN_OR_RETURN(node.stat.modified_zxid, reader.ReadLittle<int64_t>());
  STROM_ASSIGN_OR_RETURN(node.next_sequence, reader.ReadLittle<int32_t>());
  STROM_ASSIGN_OR_RETURN(const BytesView data, reader.ReadBytes(reader.remaining()));
  node.data = data;
  return node;
}

// The tree and its store, shared by all sessions of the process.
class Service {
 public:
  explicit Service(std::unique_ptr<kv::KvStore> store) : store_(std::move(store)) {}

  Status Load() {
    Status bad;
    const Status scanned = store_->Scan("", "", [&](BytesView path, BytesView value) {
      Result<ZnodeTree::StoredNode> node = DecodeNode(path, value);
      if (!node.ok()) {
        bad = node.status();
        return false;
      }
      // Paths sort so that a parent comes before its children.
      if (path != "/" && !tree_.Find(ParentPath(std::string(path)))) {
        bad = Error(ErrorCode::kCorruptRecord, "stored metadata node '{}' has no parent", path);
        return false;
      }
      tree_.Restore(std::string(path), std::move(*node));
      return true;
    });
    STROM_RETURN_IF_ERROR(scanned);
    return bad;
  }

  ZnodeTree::SessionId OpenSession(runtime::Strand& strand,
                                   std::shared_ptr<std::atomic<bool>> alive) {
    absl::MutexLock lock(&mutex_);
    const ZnodeTree::SessionId id = tree_.OpenSession();
    sessions_[id] = {&strand, std::move(alive)};
    return id;
  }

  void CloseSession(ZnodeTree::SessionId session) {
    absl::MutexLock lock(&mutex_);
    *sessions_[session].alive = false;
    sessions_.erase(session);
    Deliver(tree_.CloseSession(session));
  }

  // `done` also gets the stat of the first node changed, as this change left it.
  void Change(ZnodeTree::SessionId session, std::vector<Op> ops,
              absl::AnyInvocable<void(MultiResult, Stat)> done) {
    absl::MutexLock lock(&mutex_);
    MultiResult result{.code = MetaCode::kStorage};
    Stat stat;
    if (!failed_) {
      ZnodeTree::Commit commit = tree_.Multi(session, ops);
      if (const Status stored = Store(commit); !stored.ok()) {
        // Memory is ahead of the disk now; nothing of it may be seen, so the service stops here.
        STROM_LOG(kError, "embedded metadata stops: {}", stored.ToString());
        failed_ = true;
      } else {
        result = commit.result;
        if (!commit.changed.empty()) {
          if (const auto* node = tree_.Find(commit.changed[0])) stat = node->stat;
        }
        Deliver(std::move(commit));
      }
    }
    PostTo(session, [done = std::move(done), result = std::move(result), stat]() mutable {
      done(std::move(result), stat);
    });
  }

  template <class T, class Read>
  void ReadAs(ZnodeTree::SessionId session, Done<T> done, Read read) {
    absl::MutexLock lock(&mutex_);
    MetaResult<T> result{.code = MetaCode::kStorage};
    if (!failed_) result = read(tree_);
    PostTo(session, [done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }

 private:
  struct Session {
    runtime::Strand* strand = nullptr;
    std::shared_ptr<std::atomic<bool>> alive;
  };

  Status Store(const ZnodeTree::Commit& commit) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    kv::WriteBatch batch;
    const auto put = [&](const std::string& path) {
      const ZnodeTree::StoredNode* node = tree_.Find(path);
      if (!node) {
        batch.Delete(path);
      } else if (node->stat.ephemeral_owner == 0) {
        batch.Put(path, EncodeNode(*node));
      }
    };
    for (const std::string& path : commit.changed) {
      put(path);
      put(ParentPath(path));  // Its counter of sequential names moved.
    }
    if (batch.empty()) return Status::Ok();
    return store_->Write(batch, kv::Durability::kSynced);
  }

  void Deliver(ZnodeTree::Commit commit) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (ZnodeTree::Fired& fired : commit.fired) {
      PostTo(fired.session,
             [watch = std::move(fired.watch), event = fired.event]() mutable { watch(event); });
    }
  }

  void PostTo(ZnodeTree::SessionId id, runtime::Task task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto it = sessions_.find(id);
    if (it == sessions_.end()) return;
    it->second.strand->Post([alive = it->second.alive, task = std::move(task)]() mutable {
      if (*alive) task();
    });
  }

  absl::Mutex mutex_;
  const std::unique_ptr<kv::KvStore> store_;
  ZnodeTree tree_ ABSL_GUARDED_BY(mutex_);
  std::map<ZnodeTree::SessionId, Session> sessions_ ABSL_GUARDED_BY(mutex_);
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
};

class EmbeddedMetaStore final : public MetaStore {
 public:
  EmbeddedMetaStore(Service& service, runtime::Strand& strand)
      : service_(service),
        id_(service.OpenSession(strand, std::make_shared<std::atomic<bool>>(true))) {}
  ~EmbeddedMetaStore() override { service_.CloseSession(id_); }

  int64_t session_id() const override { return id_; }
  // It ends with the process.
  MonoDuration session_timeout() const override { return Seconds(3600); }

  void Create(std::string path, std::string data, CreateMode mode,
              Done<std::string> done) override {
    service_.Change(id_, {CreateOp{std::move(path), std::move(data), mode}},
                    [done = std::move(done)](MultiResult r, Stat) mutable {
                      done({.code = r.code, .value = r.paths.empty() ? "" : r.paths[0]});
                    });
  }

  void Get(std::string path, Watch watch, Done<Node> done) override {
    service_.ReadAs<Node>(id_, std::move(done),
                          [&](ZnodeTree& tree) { return tree.Get(id_, path, std::move(watch)); });
  }

  void Children(std::string path, Watch watch, Done<std::vector<std::string>> done) override {
    service_.ReadAs<std::vector<std::string>>(id_, std::move(done), [&](ZnodeTree& tree) {
      return tree.Children(id_, path, std::move(watch));
    });
  }

  void Exists(std::string path, Watch watch, Done<Stat> done) override {
    service_.ReadAs<Stat>(id_, std::move(done), [&](ZnodeTree& tree) {
      return tree.Exists(id_, path, std::move(watch));
    });
  }

  void Set(std::string path, std::string data, int32_t version, Done<Stat> done) override {
    service_.Change(id_, {SetOp{std::move(path), std::move(data), version}},
                    [done = std::move(done)](MultiResult r, Stat stat) mutable {
                      done({.code = r.code, .value = stat});
                    });
  }

  void Delete(std::string path, int32_t version, Done<std::monostate> done) override {
    service_.Change(
        id_, {DeleteOp{std::move(path), version}},
        [done = std::move(done)](MultiResult r, Stat) mutable { done({.code = r.code}); });
  }

  void Multi(std::vector<Op> ops, absl::AnyInvocable<void(MultiResult)> done) override {
    service_.Change(id_, std::move(ops),
                    [done = std::move(done)](MultiResult r, Stat) mutable { done(std::move(r)); });
  }

 private:
  Service& service_;
  const ZnodeTree::SessionId id_;
};

class EmbeddedMetaStoreFactory final : public MetaStoreFactory {
 public:
  explicit EmbeddedMetaStoreFactory(std::unique_ptr<kv::KvStore> store)
      : service_(std::move(store)) {}

  Status Load() { return service_.Load(); }

  Result<std::unique_ptr<MetaStore>> Connect(
      runtime::Strand& strand, absl::AnyInvocable<void(SessionState)> on_state) override {
    auto session = std::make_unique<EmbeddedMetaStore>(service_, strand);
    strand.Post([on_state = std::move(on_state)]() mutable {
      if (on_state) on_state(SessionState::kConnected);
    });
    return std::unique_ptr<MetaStore>(std::move(session));
  }

 private:
  Service service_;
};

}  // namespace

Result<std::unique_ptr<MetaStoreFactory>> OpenEmbeddedMetaStore(kv::KvStoreFactory& stores,
                                                                const std::string& path) {
  STROM_ASSIGN_OR_RETURN(auto store, stores.Open(path, {.write_ahead_log = true}));
  auto factory = std::make_unique<EmbeddedMetaStoreFactory>(std::move(store));
  STROM_RETURN_IF_ERROR(factory->Load());
  return std::unique_ptr<MetaStoreFactory>(std::move(factory));
}

}  // namespace strom::metadata
