#include "common/metadata/recipes.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "common/base/check.h"
#include "common/metadata/zk_json.h"

namespace strom::metadata {
namespace {

constexpr int kTakeAttemptsMax = 100;

// What a server takes from a counter that others take from too.
struct Taking {
  MetaStore& store;
  std::string path;
  int64_t count;
  Callback<int64_t> done;
  int attempts_left = kTakeAttemptsMax;
};

void Take(std::shared_ptr<Taking> taking);

// `code` is what writing the counter gave.
void AfterWrite(std::shared_ptr<Taking> taking, MetaCode code, int64_t first) {
  if (code == MetaCode::kOk) return taking->done(first);
  const bool taken = code == MetaCode::kBadVersion || code == MetaCode::kNodeExists;
  if (taken && --taking->attempts_left > 0) return Take(std::move(taking));
  taking->done(MetaError(code, "take ids from", taking->path));
}

void Take(std::shared_ptr<Taking> taking) {
  taking->store.Get(taking->path, nullptr, [taking](MetaResult<Node> node) {
    if (node.code == MetaCode::kNoNode) {
      taking->store.Create(
          taking->path, CounterToBytes(taking->count), CreateMode::kPersistent,
          [taking](MetaResult<std::string> created) { AfterWrite(taking, created.code, 0); });
      return;
    }
    if (!node.ok()) return taking->done(MetaError(node.code, "read counter", taking->path));
    const Result<int64_t> value = CounterFromBytes(node.value.data);
    if (!value.ok()) return taking->done(value.status().WithContext(taking->path));
    if (*value > std::numeric_limits<int64_t>::max() - taking->count) {
      return taking->done(
          Error(ErrorCode::kUnknownServerError, "{}: no ids left after {}", taking->path, *value));
    }
    taking->store.Set(
        taking->path, CounterToBytes(*value + taking->count), node.value.stat.version,
        [taking, first = *value](MetaResult<Stat> set) { AfterWrite(taking, set.code, first); });
  });
}

// Creates paths[i] and all after it.
void EnsureFrom(MetaStore& store, std::shared_ptr<const std::vector<std::string>> paths, size_t i,
                Callback<std::monostate> done) {
  if (i == paths->size()) return done(std::monostate());
  store.Create((*paths)[i], "", CreateMode::kPersistent,
               [&store, paths, i, done = std::move(done)](MetaResult<std::string> made) mutable {
                 if (!made.ok() && made.code != MetaCode::kNodeExists) {
                   return done(MetaError(made.code, "create", (*paths)[i]));
                 }
                 EnsureFrom(store, std::move(paths), i + 1, std::move(done));
               });
}

}  // namespace

void TakeIds(MetaStore& store, std::string path, int64_t count, Callback<int64_t> done) {
  STROM_CHECK(count > 0) << count << " ids of " << path;
  Take(std::make_shared<Taking>(Taking{store, std::move(path), count, std::move(done)}));
}

void EnsureNodes(MetaStore& store, std::vector<std::string> paths, Callback<std::monostate> done) {
  EnsureFrom(store, std::make_shared<const std::vector<std::string>>(std::move(paths)), 0,
             std::move(done));
}

void ListTree(MetaStore& store, std::string path, Callback<std::vector<std::string>> done) {
  using Paths = std::vector<std::string>;
  auto under = [&store, path, done = std::move(done)](MetaResult<Paths> names) mutable {
    if (names.code == MetaCode::kNoNode) return done(Paths());
    if (!names.ok()) return done(MetaError(names.code, "list", path));
    const size_t count = names.value.size();
    Gather<Result<Paths>>(
        count,
        [&store, path, names = std::move(names.value)](
            size_t i, absl::AnyInvocable<void(Result<Paths>)> listed) {
          ListTree(store, path + "/" + names[i], std::move(listed));
        },
        [path, done = std::move(done)](std::vector<Result<Paths>> below) mutable {
          Result<std::vector<Paths>> lists = AllOf(std::move(below));
          if (!lists.ok()) return done(lists.status());
          Paths all;
          for (Paths& list : *lists) {
            std::move(list.begin(), list.end(), std::back_inserter(all));
          }
          all.push_back(std::move(path));
          done(std::move(all));
        });
  };
  store.Children(path, nullptr, std::move(under));
}

void ReadChildren(MetaStore& store, std::string path,
                  Callback<std::map<std::string, std::string>> done) {
  using Names = std::vector<std::string>;
  auto read = [&store, path, done = std::move(done)](MetaResult<Names> names) mutable {
    if (names.code == MetaCode::kNoNode) return done(std::map<std::string, std::string>());
    if (!names.ok()) return done(MetaError(names.code, "list", path));
    const Names children = std::move(names.value);
    Gather<MetaResult<Node>>(
        children.size(),
        [&store, path, children](size_t i, absl::AnyInvocable<void(MetaResult<Node>)> answer) {
          store.Get(path + "/" + children[i], nullptr, std::move(answer));
        },
        [path, children, done = std::move(done)](std::vector<MetaResult<Node>> nodes) mutable {
          std::map<std::string, std::string> all;
          for (size_t i = 0; i < nodes.size(); ++i) {
            if (nodes[i].code == MetaCode::kNoNode) continue;
            if (!nodes[i].ok()) {
              return done(MetaError(nodes[i].code, "read", path + "/" + children[i]));
            }
            all.emplace(children[i], std::move(nodes[i].value.data));
          }
          done(std::move(all));
        });
  };
  store.Children(path, nullptr, std::move(read));
}

}  // namespace strom::metadata
