#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "common/metadata/embedded/embedded_meta_store.h"
#include "common/metadata/recipes.h"
#include "tests/sim/world/memory_store.h"
#include "tests/sim/world/sim_scheduler.h"

namespace strom::metadata {

// The metadata service of a process in memory, and the strand of its sessions, in virtual time.
class MetaWorld {
 public:
  explicit MetaWorld(uint64_t seed = 1) : scheduler(seed) { Open(); }

  std::unique_ptr<MetaStore> Connect() { return factory->Connect(strand, nullptr).value(); }

  // What `call` answers; it is made on the strand.
  template <class T, class Call>
  Result<T> Await(Call call) {
    std::optional<Result<T>> answer;
    strand.Post([&] {
      call(Callback<T>([&answer](Result<T> result) {
        REQUIRE_FALSE(answer);
        answer.emplace(std::move(result));
      }));
    });
    scheduler.RunReady();
    REQUIRE(answer);
    return *std::move(answer);
  }

  // The process dies and starts again. All sessions are closed before.
  void Restart() {
    scheduler.RunReady();
    factory.reset();
    stores.Forget();
    Open();
  }

  // Straight to the nodes.
  MetaCode Put(MetaStore& store, std::string path, std::string data) {
    return Change(store, CreateOp{std::move(path), std::move(data)});
  }
  MetaCode Change(MetaStore& store, Op op) {
    MetaCode code = MetaCode::kStorage;
    strand.Post(
        [&] { store.Multi({std::move(op)}, [&code](MultiResult result) { code = result.code; }); });
    scheduler.RunReady();
    return code;
  }
  MetaResult<Node> Get(MetaStore& store, std::string path) {
    MetaResult<Node> node{.code = MetaCode::kStorage};
    strand.Post([&] {
      store.Get(std::move(path), nullptr, [&node](MetaResult<Node> found) { node = found; });
    });
    scheduler.RunReady();
    return node;
  }
  // Every path of the tree with its data.
  std::vector<std::pair<std::string, std::string>> Dump(MetaStore& store, std::string root) {
    std::vector<std::pair<std::string, std::string>> nodes;
    const auto paths =
        Await<std::vector<std::string>>([&](auto done) { ListTree(store, root, std::move(done)); });
    for (const std::string& path : paths.value()) {
      nodes.emplace_back(path, Get(store, path).value.data);
    }
    return nodes;
  }

  sim::SimScheduler scheduler;
  sim::MemoryStoreFactory stores;
  runtime::Strand strand{scheduler};
  std::unique_ptr<MetaStoreFactory> factory;

 private:
  void Open() { factory = OpenEmbeddedMetaStore(stores, "meta").value(); }
};

}  // namespace strom::metadata
