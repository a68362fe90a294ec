#include "common/metadata/zk/zookeeper.h"

#include <charconv>
#include <utility>

#include "common/metadata/zk/zk_call.h"
#include "common/metadata/zk/zk_session.h"
#include "common/metadata/znode_tree.h"
#include "common/runtime/notification.h"

namespace strom::metadata {
namespace {

// What a request holds beside paths and data: headers, lengths, an ACL, a version. At most.
constexpr size_t kOverhead = 64;

size_t SizeOf(const Op& op) {
  return kOverhead + std::visit(
                         [](const auto& o) {
                           if constexpr (requires { o.data; }) return o.path.size() + o.data.size();
                           return o.path.size();
                         },
                         op);
}

// The path to check; the name of a sequential node may be its number alone: "/a/" is one then.
std::string CheckedPath(const std::string& path, CreateMode mode) {
  const bool sequential =
      mode == CreateMode::kPersistentSequential || mode == CreateMode::kEphemeralSequential;
  return sequential ? path + "0" : path;
}
std::string CheckedPath(const Op& op) {
  if (const auto* create = std::get_if<CreateOp>(&op)) {
    return CheckedPath(create->path, create->mode);
  }
  return std::visit([](const auto& other) { return other.path; }, op);
}

class ZooKeeperMetaStore final : public MetaStore {
 public:
  ZooKeeperMetaStore(std::shared_ptr<ZkSession> session, size_t request_size_max)
      : session_(std::move(session)), request_size_max_(request_size_max) {}
  ~ZooKeeperMetaStore() override { session_->End(); }

  int64_t session_id() const override { return session_->id(); }
  MonoDuration session_timeout() const override { return session_->timeout(); }

  void Create(std::string path, std::string data, CreateMode mode,
              Done<std::string> done) override {
    const MetaCode code = Check(CheckedPath(path, mode), data.size());
    Run(code, MakeCreate(std::move(path), std::move(data), mode, std::move(done)));
  }
  void Get(std::string path, Watch watch, Done<Node> done) override {
    const MetaCode code = Check(path, 0);
    Run(code, MakeGet(std::move(path), std::move(done)), std::move(watch));
  }
  void Children(std::string path, Watch watch, Done<std::vector<std::string>> done) override {
    const MetaCode code = Check(path, 0);
    Run(code, MakeChildren(std::move(path), std::move(done)), std::move(watch));
  }
  void Exists(std::string path, Watch watch, Done<Stat> done) override {
    const MetaCode code = Check(path, 0);
    Run(code, MakeExists(std::move(path), std::move(done)), std::move(watch));
  }
  void Set(std::string path, std::string data, int32_t version, Done<Stat> done) override {
    const MetaCode code = Check(path, data.size());
    Run(code, MakeSet(std::move(path), std::move(data), version, std::move(done)));
  }
  void Delete(std::string path, int32_t version, Done<std::monostate> done) override {
    const MetaCode code = Check(path, 0);
    Run(code, MakeDelete(std::move(path), version, std::move(done)));
  }
  void Multi(std::vector<Op> ops, absl::AnyInvocable<void(MultiResult)> done) override {
    size_t size = kOverhead;
    MultiResult refused;
    for (size_t i = 0; i < ops.size() && refused.code == MetaCode::kOk; ++i) {
      size += SizeOf(ops[i]);
      if (!IsValidPath(CheckedPath(ops[i])))
        refused = {.code = MetaCode::kInvalidPath, .failed_index = i};
      if (size > request_size_max_) refused = {.code = MetaCode::kDataTooLarge, .failed_index = i};
    }
    if (refused.code == MetaCode::kOk) {
      return session_->Start(MakeMulti(std::move(ops), std::move(done)), nullptr);
    }
    session_->Answer(0, false, [done = std::move(done), refused = std::move(refused)]() mutable {
      done(std::move(refused));
    });
  }

 private:
  MetaCode Check(const std::string& path, size_t data_size) const {
    if (!IsValidPath(path)) return MetaCode::kInvalidPath;
    if (kOverhead + path.size() + data_size > request_size_max_) return MetaCode::kDataTooLarge;
    return MetaCode::kOk;
  }
  void Run(MetaCode code, std::unique_ptr<ZkCall> call, Watch watch = nullptr) {
    if (code == MetaCode::kOk) return session_->Start(std::move(call), std::move(watch));
    session_->Refuse(std::move(call), code);
  }

  const std::shared_ptr<ZkSession> session_;
  const size_t request_size_max_;
};

class ZooKeeperFactory final : public MetaStoreFactory {
 public:
  explicit ZooKeeperFactory(ZooKeeperOptions options) : options_(std::move(options)) {}
  // What was to be closed is closed first.
  ~ZooKeeperFactory() override {
    runtime::Notification closed;
    opener_.Post([&] { closed.Notify(); });
    closed.Wait();
  }

  Result<std::unique_ptr<MetaStore>> Connect(
      runtime::Strand& strand, absl::AnyInvocable<void(SessionState)> on_state) override {
    auto session = std::make_shared<ZkSession>(options_, strand, std::move(on_state), opener_);
    session->Open();
    return std::unique_ptr<MetaStore>(
        new ZooKeeperMetaStore(std::move(session), options_.request_size_max));
  }

 private:
  const ZooKeeperOptions options_;
  runtime::ThreadPool opener_{{.name = "strom-zk", .threads = 1}};
};

Status CheckServer(std::string_view server) {
  const size_t colon = server.rfind(':');
  uint16_t port = 0;
  if (colon != std::string_view::npos && colon > 0) {
    const char* const end = server.data() + server.size();
    const auto [stopped, error] = std::from_chars(server.data() + colon + 1, end, port);
    if (error != std::errc() || stopped != end) port = 0;
  }
  if (port != 0) return Status::Ok();
  return Error(ErrorCode::kInvalidConfig, "zookeeper.address: '{:.200}' is no host:port", server);
}

Status CheckAddress(std::string_view address) {
  const size_t slash = std::min(address.find('/'), address.size());
  const std::string_view root = address.substr(slash);
  if (!root.empty() && !IsValidPath(root)) {
    return Error(ErrorCode::kInvalidConfig, "zookeeper.address: '{:.200}' is no path", root);
  }
  std::string_view servers = address.substr(0, slash);
  while (true) {
    const size_t comma = std::min(servers.find(','), servers.size());
    STROM_RETURN_IF_ERROR(CheckServer(servers.substr(0, comma)));
    if (comma == servers.size()) return Status::Ok();
    servers.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<std::unique_ptr<MetaStoreFactory>> MakeZooKeeperFactory(ZooKeeperOptions options) {
  STROM_RETURN_IF_ERROR(CheckAddress(options.connect));
  const int64_t timeout_ms = options.session_timeout.millis();
  if (timeout_ms < 1 || timeout_ms > INT32_MAX) {
    return Error(ErrorCode::kInvalidConfig,
                 "zookeeper.client.session-timeout: {} ms is not from 1 to {} ms", timeout_ms,
                 INT32_MAX);
  }
  if (options.connect_timeout < MonoDuration()) {
    return Error(ErrorCode::kInvalidConfig, "zookeeper.client.connection-timeout: {} ms",
                 options.connect_timeout.millis());
  }
  return std::unique_ptr<MetaStoreFactory>(new ZooKeeperFactory(std::move(options)));
}

}  // namespace strom::metadata
