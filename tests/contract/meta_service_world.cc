#include "tests/contract/meta_service_world.h"

#include "common/kv/rocks_store.h"
#include "common/metadata/embedded/embedded_meta_store.h"

namespace strom::metadata {

void EmbeddedService::Start() {
  stores_ = kv::MakeRocksStoreFactory({});
  sessions_ = OpenEmbeddedMetaStore(*stores_, dir_.path() + "/meta").value();
}

void EmbeddedService::Stop() {
  sessions_.reset();
  stores_.reset();
}

ZooKeeperService::ZooKeeperService(ZooKeeperOptions options) {
  options.connect = server_.address() + options.connect;
  sessions_ = MakeZooKeeperFactory(std::move(options)).value();
}

// A server that is starting takes connections and leaves them alone; sessions with short timeouts
// try again soon.
void ZooKeeperService::StartAndWait() {
  Start();
  const auto impatient =
      MakeZooKeeperFactory({.connect = server_.address(), .session_timeout = Millis(300)}).value();
  runtime::ThreadPool pool({.name = "probe", .threads = 1});
  runtime::Strand strand(pool);
  runtime::Notification answers;
  const auto store = impatient->Connect(strand, nullptr).value();
  store->Get("/", nullptr, [&](MetaResult<Node>) { answers.Notify(); });
  REQUIRE(answers.WaitFor(Seconds(30)));
}

std::unique_ptr<MetaService> MakeMetaService(Kind kind) {
  if (kind == Kind::kEmbedded) return std::make_unique<EmbeddedService>();
  if (kind == Kind::kSimulated) return std::make_unique<SimulatedService>();
  if (!testing::ZooKeeperServer::Installed()) SKIP(testing::ZooKeeperServer::kMissing);
  return std::make_unique<ZooKeeperService>();
}

MetaServiceWorld::MetaServiceWorld(std::unique_ptr<MetaService> service)
    : service_(std::move(service)) {
  service_->StartAndWait();
}

MetaResult<std::string> MetaServiceWorld::CreateAt(MetaStore& store, const std::string& path,
                                                   const std::string& data, CreateMode mode) {
  return Await<MetaResult<std::string>>(
      [&](auto done) { store.Create(path, data, mode, std::move(done)); });
}

MetaResult<Node> MetaServiceWorld::Get(MetaStore& store, const std::string& path, Watch watch) {
  return Await<MetaResult<Node>>(
      [&](auto done) { store.Get(path, std::move(watch), std::move(done)); });
}

MetaResult<Stat> MetaServiceWorld::Exists(MetaStore& store, const std::string& path, Watch watch) {
  return Await<MetaResult<Stat>>(
      [&](auto done) { store.Exists(path, std::move(watch), std::move(done)); });
}

MetaResult<Stat> MetaServiceWorld::Set(MetaStore& store, const std::string& path,
                                       const std::string& data, int32_t version) {
  return Await<MetaResult<Stat>>(
      [&](auto done) { store.Set(path, data, version, std::move(done)); });
}

MetaCode MetaServiceWorld::Delete(MetaStore& store, const std::string& path, int32_t version) {
  return Await<MetaResult<std::monostate>>(
             [&](auto done) { store.Delete(path, version, std::move(done)); })
      .code;
}

MetaResult<std::vector<std::string>> MetaServiceWorld::Children(MetaStore& store,
                                                                const std::string& path,
                                                                Watch watch) {
  return Await<MetaResult<std::vector<std::string>>>(
      [&](auto done) { store.Children(path, std::move(watch), std::move(done)); });
}

MultiResult MetaServiceWorld::Multi(MetaStore& store, std::vector<Op> ops) {
  return Await<MultiResult>([&](auto done) { store.Multi(std::move(ops), std::move(done)); });
}

void MetaServiceWorld::AwaitGone(MetaStore& store, const std::string& path) {
  while (true) {
    const auto changed = std::make_shared<Seen<WatchEvent>>();
    const MetaCode code =
        Exists(store, path, [changed](WatchEvent event) { changed->Put(event); }).code;
    if (code == MetaCode::kNoNode) return;
    REQUIRE(code == MetaCode::kOk);
    changed->Await();
  }
}

}  // namespace strom::metadata
