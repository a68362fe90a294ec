#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/kv/kv_store.h"
#include "common/metadata/meta_store.h"
#include "common/metadata/zk/zookeeper.h"
#include "common/runtime/notification.h"
#include "common/runtime/strand.h"
#include "common/runtime/system_clock.h"
#include "common/runtime/thread_pool.h"
#include "tests/sim/world/sim_meta_service.h"
#include "tests/testing/temp_dir.h"
#include "tests/testing/zookeeper_server.h"

namespace strom::metadata {

// A metadata service that keeps its nodes on real files: runs from its making, and again after
// Restart.
class MetaService {
 public:
  virtual ~MetaService() = default;
  virtual void Start() = 0;
  virtual void StartAndWait() { Start(); }  // Until it answers.
  virtual void Stop() = 0;                  // Sessions are gone before.
  virtual MetaStoreFactory& sessions() = 0;
};

enum class Kind { kEmbedded, kZooKeeper, kSimulated };

class EmbeddedService final : public MetaService {
 public:
  void Start() override;
  void Stop() override;
  MetaStoreFactory& sessions() override { return *sessions_; }

 private:
  testing::TempDir dir_;
  std::unique_ptr<kv::KvStoreFactory> stores_;
  std::unique_ptr<MetaStoreFactory> sessions_;
};

// Its server can be stopped under living sessions, too.
class ZooKeeperService final : public MetaService {
 public:
  explicit ZooKeeperService(ZooKeeperOptions options = {.connect = {},
                                                        .session_timeout = Seconds(4)});
  void Start() override { server_.Start(); }
  void StartAndWait() override;
  void Stop() override { server_.Stop(); }
  MetaStoreFactory& sessions() override { return *sessions_; }
  std::string address() const { return server_.address(); }

 private:
  testing::ZooKeeperServer server_;
  std::unique_ptr<MetaStoreFactory> sessions_;
};

// The simulation's, here with threads and real time. Stopped, it keeps its nodes and is away.
class SimulatedService final : public MetaService {
 public:
  SimulatedService() : service_(pool_, clock_, {}), sessions_(service_.AddHost("test")) {}
  ~SimulatedService() override { pool_.Shutdown(); }
  void Start() override { service_.SetAvailable(true); }
  void Stop() override { service_.SetAvailable(false); }
  MetaStoreFactory& sessions() override { return *sessions_; }
  sim::SimMetaService& service() { return service_; }

 private:
  runtime::RealClock clock_;
  runtime::ThreadPool pool_{{.name = "service", .threads = 1}};
  sim::SimMetaService service_;
  const std::unique_ptr<MetaStoreFactory> sessions_;
};

// Skips the test if this machine has no such service.
std::unique_ptr<MetaService> MakeMetaService(Kind kind);

// A service, a strand to call it from, and blocking calls for the test.
class MetaServiceWorld {
 public:
  explicit MetaServiceWorld(std::unique_ptr<MetaService> service);
  explicit MetaServiceWorld(Kind kind) : MetaServiceWorld(MakeMetaService(kind)) {}

  MetaService& service() { return *service_; }
  runtime::Strand& strand() { return strand_; }

  std::unique_ptr<MetaStore> Connect(absl::AnyInvocable<void(SessionState)> on_state = nullptr) {
    return service_->sessions().Connect(strand_, std::move(on_state)).value();
  }

  // Runs `start` with a callback and returns what the callback was given.
  template <class T, class Start>
  T Await(Start start) {
    runtime::Notification done;
    T result{};
    start([&](T value) {
      CHECK(strand_.IsCurrent());
      result = std::move(value);
      done.Notify();
    });
    REQUIRE(done.WaitFor(Seconds(30)));
    return result;
  }

  MetaResult<std::string> CreateAt(MetaStore& store, const std::string& path,
                                   const std::string& data = "",
                                   CreateMode mode = CreateMode::kPersistent);
  MetaCode Create(MetaStore& store, const std::string& path, const std::string& data = "",
                  CreateMode mode = CreateMode::kPersistent) {
    return CreateAt(store, path, data, mode).code;
  }
  MetaResult<Node> Get(MetaStore& store, const std::string& path, Watch watch = nullptr);
  MetaResult<Stat> Exists(MetaStore& store, const std::string& path, Watch watch = nullptr);
  MetaResult<Stat> Set(MetaStore& store, const std::string& path, const std::string& data,
                       int32_t version = kAnyVersion);
  MetaCode Delete(MetaStore& store, const std::string& path, int32_t version = kAnyVersion);
  MetaResult<std::vector<std::string>> Children(MetaStore& store, const std::string& path,
                                                Watch watch = nullptr);
  MultiResult Multi(MetaStore& store, std::vector<Op> ops);
  // Until the node is not there.
  void AwaitGone(MetaStore& store, const std::string& path);

 private:
  runtime::ThreadPool pool_{{.name = "meta", .threads = 2}};
  runtime::Strand strand_{pool_};
  std::unique_ptr<MetaService> service_;
};

// Something seen on a strand that the test waits for.
template <class T>
class Seen {
 public:
  void Put(T value) {
    value_ = std::move(value);
    seen_.Notify();
  }
  // Fails the test after half a minute.
  const T& Await() {
    REQUIRE(seen_.WaitFor(Seconds(30)));
    return value_;
  }

 private:
  runtime::Notification seen_;
  T value_{};
};

}  // namespace strom::metadata
