// What ZooKeeper has and a store of one process cannot: connections that are lost, sessions that
// expire, a server that is not there.
#include <cstring>
#include <deque>

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <zookeeper/zookeeper.h>

#include "common/metadata/zk/zk_log.h"
#include "tests/contract/meta_service_world.h"

namespace strom::metadata {
namespace {

// The states of a session, as they come.
class States {
 public:
  absl::AnyInvocable<void(SessionState)> Watcher() {
    return [this](SessionState state) {
      absl::MutexLock lock(&mutex_);
      states_.push_back(state);
    };
  }
  // The next one; fails the test after half a minute.
  SessionState Next() {
    absl::MutexLock lock(&mutex_);
    const auto come = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !states_.empty(); };
    REQUIRE(mutex_.AwaitWithTimeout(absl::Condition(&come), absl::Seconds(30)));
    const SessionState state = states_.front();
    states_.pop_front();
    return state;
  }
  bool empty() {
    absl::MutexLock lock(&mutex_);
    return states_.empty();
  }

 private:
  absl::Mutex mutex_;
  std::deque<SessionState> states_ ABSL_GUARDED_BY(mutex_);
};

std::unique_ptr<ZooKeeperService> MakeService(ZooKeeperOptions options) {
  if (!testing::ZooKeeperServer::Installed()) SKIP(testing::ZooKeeperServer::kMissing);
  return std::make_unique<ZooKeeperService>(std::move(options));
}

ZooKeeperOptions Timeouts(MonoDuration session, MonoDuration connect = Seconds(30)) {
  return {.connect = {}, .session_timeout = session, .connect_timeout = connect};
}

// The password that the server gives out with a session: bytes of a java.util.Random whose seed is
// the id and a constant. Same as ZooKeeper: SessionTrackerImpl / ZooKeeperServer.generatePasswd.
clientid_t Credentials(int64_t session) {
  constexpr uint64_t kFactor = 0x5DEECE66D;
  constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;
  clientid_t credentials{.client_id = session, .passwd = {}};
  uint64_t seed = ((static_cast<uint64_t>(session) ^ 0xB3415C00) ^ kFactor) & kMask;
  for (size_t i = 0; i < sizeof(credentials.passwd); i += 4) {
    seed = (seed * kFactor + 0xB) & kMask;
    const auto word = static_cast<uint32_t>(seed >> 16);
    std::memcpy(credentials.passwd + i, &word, 4);  // Least significant byte first.
  }
  return credentials;
}

// Ends a session behind its owner's back: joins it from another handle and closes that.
void Expire(const std::string& address, int64_t session) {
  const clientid_t credentials = Credentials(session);
  runtime::Notification joined;
  const watcher_fn watcher = [](zhandle_t* handle, int, int state, const char*, void*) {
    if (state != ZOO_CONNECTED_STATE && state != ZOO_EXPIRED_SESSION_STATE) return;
    static_cast<runtime::Notification*>(const_cast<void*>(zoo_get_context(handle)))->Notify();
  };
  zhandle_t* const handle =
      zookeeper_init2(address.c_str(), watcher, 4000, &credentials, &joined, 0, LogZooKeeperLine);
  REQUIRE(handle != nullptr);
  const bool in_time = joined.WaitFor(Seconds(30));
  zookeeper_close(handle);
  REQUIRE(in_time);
}

}  // namespace

TEST_CASE("a session that expires loses its ephemeral nodes and is told", "[zookeeper]") {
  auto service = MakeService(Timeouts(Seconds(1)));
  const std::string address = service->address();
  MetaServiceWorld world(std::move(service));
  States states;
  const auto store = world.Connect(states.Watcher());
  REQUIRE(world.Create(*store, "/e", "", CreateMode::kEphemeral) == MetaCode::kOk);
  REQUIRE(world.Create(*store, "/p") == MetaCode::kOk);
  CHECK(store->session_id() != 0);
  bool fired = false;  // On the strand.
  REQUIRE(world.Get(*store, "/p", [&](WatchEvent) { fired = true; }).ok());
  CHECK(states.Next() == SessionState::kConnected);

  Expire(address, store->session_id());
  // The owner may have come back before the other handle was closed, and thrown that one out.
  for (SessionState state = states.Next(); state != SessionState::kExpired; state = states.Next()) {
    if (state == SessionState::kConnected) Expire(address, store->session_id());
  }
  CHECK(world.Create(*store, "/q") == MetaCode::kSessionExpired);
  CHECK(world.Get(*store, "/p").code == MetaCode::kSessionExpired);
  const MultiResult multi = world.Multi(*store, {SetOp{"/p", "x"}});
  CHECK(multi.code == MetaCode::kSessionExpired);

  const auto other = world.Connect();  // A new session is a new beginning.
  world.AwaitGone(*other, "/e");
  REQUIRE(world.Set(*other, "/p", "new").ok());
  CHECK(other->session_id() != store->session_id());
  CHECK_FALSE(fired);
  CHECK(states.empty());
}

TEST_CASE("a session outlives a restart of the server, with its nodes and watches", "[zookeeper]") {
  MetaServiceWorld world(MakeService(Timeouts(Seconds(4))));
  States states;
  const auto store = world.Connect(states.Watcher());
  const auto other = world.Connect();
  REQUIRE(world.Create(*store, "/e", "", CreateMode::kEphemeral) == MetaCode::kOk);
  REQUIRE(world.Create(*store, "/p") == MetaCode::kOk);
  const int64_t id = store->session_id();
  Seen<WatchEvent> created;
  Seen<WatchEvent> changed;
  Seen<WatchEvent> children;
  REQUIRE(world.Exists(*store, "/c", [&](WatchEvent e) { created.Put(e); }).code ==
          MetaCode::kNoNode);
  REQUIRE(world.Get(*store, "/p", [&](WatchEvent e) { changed.Put(e); }).ok());
  REQUIRE(world.Children(*store, "/p", [&](WatchEvent e) { children.Put(e); }).ok());
  CHECK(states.Next() == SessionState::kConnected);

  world.service().Stop();
  CHECK(states.Next() == SessionState::kSuspended);
  // Nobody is there to answer: the outcome is unknown.
  CHECK(world.Set(*store, "/p", "lost").code == MetaCode::kConnectionLoss);
  const MultiResult multi = world.Multi(*store, {CheckOp{"/p", 0}, SetOp{"/p", "lost"}});
  CHECK(multi.code == MetaCode::kConnectionLoss);
  CHECK(multi.failed_index == 0);
  Seen<WatchEvent> unset;
  CHECK(world.Get(*store, "/p", [&](WatchEvent e) { unset.Put(e); }).code ==
        MetaCode::kConnectionLoss);

  world.service().Start();
  CHECK(states.Next() == SessionState::kConnected);
  CHECK(store->session_id() == id);
  CHECK(world.Exists(*store, "/e").value.ephemeral_owner == id);
  // `other` may still be on its way back.
  while (world.Create(*other, "/c") == MetaCode::kConnectionLoss) {
  }
  REQUIRE(world.Set(*other, "/p", "new").ok());
  REQUIRE(world.Create(*other, "/p/x") == MetaCode::kOk);
  CHECK(created.Await() == WatchEvent::kCreated);
  CHECK(changed.Await() == WatchEvent::kDataChanged);
  CHECK(children.Await() == WatchEvent::kChildrenChanged);
  CHECK(states.empty());
}

TEST_CASE("a new session waits for its server, for a bounded time", "[zookeeper]") {
  SECTION("and has it in the end") {
    auto service = MakeService(Timeouts(Seconds(1)));
    // No start yet: nobody listens there.
    runtime::ThreadPool pool({.name = "zk", .threads = 1});
    runtime::Strand strand(pool);
    const auto store = service->sessions().Connect(strand, nullptr).value();
    CHECK(store->session_id() == 0);
    Seen<MetaCode> created;
    Seen<std::string> read;
    store->Create("/a", "1", CreateMode::kPersistent, [&](auto r) { created.Put(r.code); });
    store->Get("/a", nullptr, [&](auto r) { read.Put(r.value.data); });
    service->Start();
    CHECK(created.Await() == MetaCode::kOk);
    CHECK(read.Await() == "1");
    CHECK(store->session_id() != 0);
  }
  SECTION("also if somebody takes its connection and says nothing") {
    auto service = MakeService(Timeouts(Seconds(60)));
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::string text = service->address();
    address.sin_port = htons(std::stoi(text.substr(text.find(':') + 1)));
    REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(listener, 10) == 0);
    runtime::ThreadPool pool({.name = "zk", .threads = 1});
    runtime::Strand strand(pool);
    const auto store = service->sessions().Connect(strand, nullptr).value();
    Seen<MetaCode> created;
    store->Create("/a", "1", CreateMode::kPersistent, [&](auto r) { created.Put(r.code); });
    const int silent = ::accept(listener, nullptr, nullptr);
    REQUIRE(silent >= 0);
    ::close(listener);
    service->Start();
    CHECK(created.Await() == MetaCode::kOk);  // The library would wait for 40 s.
    ::close(silent);
  }
  SECTION("or gives up") {
    const std::string nowhere = fmt::format("127.0.0.1:{}", testing::FreeLoopbackPort());
    runtime::ThreadPool pool({.name = "zk", .threads = 1});
    runtime::Strand strand(pool);
    const auto factory =
        MakeZooKeeperFactory(
            {.connect = nowhere, .session_timeout = Seconds(4), .connect_timeout = Millis(100)})
            .value();
    auto store = factory->Connect(strand, nullptr).value();
    Seen<MetaCode> first;
    store->Create("/a", "", CreateMode::kPersistent, [&](auto r) { first.Put(r.code); });
    CHECK(first.Await() == MetaCode::kConnectionLoss);
    Seen<MetaCode> second;
    store->Get(
        "/a", [](WatchEvent) {}, [&](auto r) { second.Put(r.code); });
    CHECK(second.Await() == MetaCode::kConnectionLoss);
    store->Get("/a", nullptr, [](auto) {});
    store.reset();  // With something under way.
  }
}

TEST_CASE("a request is refused before it is too large for the server", "[zookeeper]") {
  MetaServiceWorld world(MakeService(Timeouts(Seconds(4))));
  States states;
  const auto store = world.Connect(states.Watcher());
  const size_t fits = ZooKeeperOptions().request_size_max - 64 - std::strlen("/a");
  CHECK(world.Create(*store, "/a", std::string(size_t{1} << 20, 'x')) == MetaCode::kDataTooLarge);
  CHECK(world.Create(*store, "/a", std::string(fits + 1, 'x')) == MetaCode::kDataTooLarge);
  CHECK(world.Create(*store, "/a", std::string(fits, 'x')) == MetaCode::kOk);
  CHECK(world.Set(*store, "/a", std::string(fits + 1, 'x')).code == MetaCode::kDataTooLarge);
  CHECK(world.Set(*store, "/a", std::string(fits, 'y')).ok());
  CHECK(world.Get(*store, "/a").value.data == std::string(fits, 'y'));

  const std::string half(fits / 2 - 100, 'z');
  const MultiResult large =
      world.Multi(*store, {SetOp{"/a", half}, SetOp{"/a", half}, SetOp{"/a", half}});
  CHECK(large.code == MetaCode::kDataTooLarge);
  CHECK(large.failed_index == 2);
  CHECK(world.Multi(*store, {SetOp{"/a", half}, CreateOp{"/b", half}}).code == MetaCode::kOk);
  std::vector<Op> many;
  for (int i = 0; i < 1000; ++i) many.push_back(CreateOp{fmt::format("/b/{}", i), "content"});
  CHECK(world.Multi(*store, std::move(many)).paths.size() == 1000);
  CHECK(world.Children(*store, "/b").value.size() == 1000);
  CHECK(states.Next() == SessionState::kConnected);  // The connection was never lost.
  CHECK(states.empty());
}

TEST_CASE("all paths are below the root that the address names", "[zookeeper]") {
  auto service = MakeService(Timeouts(Seconds(4)));
  const std::string address = service->address();
  MetaServiceWorld world(std::move(service));
  const auto plain = world.Connect();
  REQUIRE(world.Create(*plain, "/app") == MetaCode::kOk);
  const auto factory =
      MakeZooKeeperFactory({.connect = address + "/app", .session_timeout = Seconds(4)}).value();
  const auto store = factory->Connect(world.strand(), nullptr).value();
  Seen<WatchEvent> seen;
  CHECK(world.Exists(*store, "/a", [&](WatchEvent e) { seen.Put(e); }).code == MetaCode::kNoNode);
  CHECK(world.CreateAt(*store, "/a", "1").value == "/a");
  CHECK(seen.Await() == WatchEvent::kCreated);
  CHECK(world.CreateAt(*store, "/a/s-", "", CreateMode::kEphemeralSequential).value ==
        "/a/s-0000000000");
  const MultiResult multi =
      world.Multi(*store, {CheckOp{"/a", 0}, CreateOp{"/b", "2"}, SetOp{"/a", "3"},
                           CreateOp{"/b/s-", "", CreateMode::kPersistentSequential}});
  CHECK(multi.paths == std::vector<std::string>{"/b", "/b/s-0000000000"});
  CHECK(world.Get(*plain, "/app/a").value.data == "3");
  CHECK(world.Children(*store, "/").value == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a store may be destroyed in one of its callbacks, and before it is connected",
          "[zookeeper]") {
  auto service = MakeService(Timeouts(Seconds(4)));
  const std::string address = service->address();
  MetaServiceWorld world(std::move(service));
  const auto other = world.Connect();
  auto store = world.Connect();
  REQUIRE(world.Create(*store, "/e", "", CreateMode::kEphemeral) == MetaCode::kOk);
  runtime::Notification destroyed;
  store->Get("/e", nullptr, [&](MetaResult<Node>) {
    store.reset();
    destroyed.Notify();
  });
  REQUIRE(destroyed.WaitFor(Seconds(30)));
  world.AwaitGone(*other, "/e");
  // Many that hardly begin; their factory waits for all of them.
  const auto factory =
      MakeZooKeeperFactory({.connect = address, .session_timeout = Seconds(4)}).value();
  for (int i = 0; i < 10; ++i) {
    const auto brief = factory->Connect(world.strand(), [](SessionState) {}).value();
    brief->Create("/never", "", CreateMode::kEphemeral, [](auto) {});
  }
}

TEST_CASE("options that cannot be are refused, with the part that is wrong", "[zookeeper]") {
  const auto status = [](ZooKeeperOptions options) {
    return MakeZooKeeperFactory(std::move(options)).status();
  };
  for (const std::string address : {"", "host", "host:", ":2181", "host:0", "host:65536",
                                    "host:21x", "a:1,", "a:1,,b:2", "a:1/x/", "a:1//x", "/x"}) {
    INFO(address);
    CHECK(status({.connect = address}).code() == ErrorCode::kInvalidConfig);
  }
  CHECK(status({.connect = "a:1,b"}).message().find("'b'") != std::string::npos);
  CHECK(status({.connect = "a:1", .session_timeout = MonoDuration()}).code() ==
        ErrorCode::kInvalidConfig);
  CHECK(status({.connect = "a:1", .connect_timeout = Seconds(-1)}).code() ==
        ErrorCode::kInvalidConfig);
  CHECK(MakeZooKeeperFactory({.connect = "a:1,10.0.0.1:2,[::1]:3/strom/x"}).ok());
}

}  // namespace strom::metadata
