#include "tablet/server/cluster_id.h"

namespace strom::tablet {
namespace {

using metadata::MetaCode;

void Read(metadata::MetaStore& store, std::string path, metadata::Callback<std::string> done) {
  store.Get(path, nullptr,
            [path, done = std::move(done)](metadata::MetaResult<metadata::Node> node) mutable {
              if (!node.ok()) return done(metadata::MetaError(node.code, "read", path));
              done(std::move(node.value.data));
            });
}

}  // namespace

void EnsureClusterId(metadata::MetaStore& store, const metadata::ZkPaths& paths,
                     std::string candidate, metadata::Callback<std::string> done) {
  std::vector<std::string> parents = paths.FixedNodes();
  parents.push_back(paths.root() + "/strom");
  std::string path = paths.root() + "/strom/cluster_id";
  metadata::EnsureNodes(
      store, std::move(parents),
      [&store, path, candidate = std::move(candidate),
       done = std::move(done)](Result<std::monostate> made) mutable {
        if (!made.ok()) return done(made.status());
        store.Create(path, std::move(candidate), metadata::CreateMode::kPersistent,
                     [&store, path,
                      done = std::move(done)](metadata::MetaResult<std::string> created) mutable {
                       if (!created.ok() && created.code != MetaCode::kNodeExists) {
                         return done(metadata::MetaError(created.code, "create", path));
                       }
                       Read(store, std::move(path), std::move(done));
                     });
      });
}

}  // namespace strom::tablet
