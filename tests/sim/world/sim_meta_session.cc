#include "tests/sim/world/sim_meta_session.h"

namespace strom::sim {

using metadata::MetaCode;
using metadata::MetaResult;
using metadata::ZnodeTree;

void SimMetaSession::Post(const std::shared_ptr<SimMetaSession>& self, runtime::Task task) {
  if (self->strand == nullptr) return;
  self->strand->Post([self, task = std::move(task)]() mutable {
    if (!self->gone) task();
  });
}

void SimMetaSession::PostState(const std::shared_ptr<SimMetaSession>& self,
                               metadata::SessionState state) {
  Post(self, [on_state = self->on_state, state] {
    if (*on_state) (*on_state)(state);
  });
}

void SimMetaSession::PostFailure(const std::shared_ptr<SimMetaSession>& self,
                                 std::unique_ptr<MetaCall> call, MetaCode code) {
  metadata::Watch unset;  // Destroyed on the strand.
  if (const auto watch = self->watches.find(call->watch); watch != self->watches.end()) {
    unset = std::move(watch->second);
    self->watches.erase(watch);
  }
  Post(self, [call = std::move(call), unset = std::move(unset), code] { call->Fail(code); });
}

SimMetaSession::Callers SimMetaSession::TakeCallers() {
  Callers callers;
  for (auto* queue : {&held, &out}) {
    for (auto& call : *queue) callers.calls.push_back(std::move(call));
    queue->clear();
  }
  for (auto& delivery : in) callers.calls.push_back(std::move(delivery.call));
  in.clear();
  callers.watches.swap(watches);
  callers.on_state.swap(on_state);
  strand = nullptr;
  return callers;
}

void SimMetaSession::FailAll(const std::shared_ptr<SimMetaSession>& self, MetaCode code) {
  // Answers come in the order of the calls: first what was on its way back.
  std::deque<Delivery> kept;
  for (Delivery& delivery : std::exchange(self->in, {})) {
    if (delivery.call) {
      PostFailure(self, std::move(delivery.call), code);
    } else {
      kept.push_back(std::move(delivery));
    }
  }
  self->in = std::move(kept);
  for (auto& call : std::exchange(self->out, {})) PostFailure(self, std::move(call), code);
  for (auto& call : std::exchange(self->held, {})) PostFailure(self, std::move(call), code);
}

struct SimMetaStore::Changed {
  MetaCode code = MetaCode::kOk;
  metadata::MultiResult result;
  metadata::Stat stat;  // Of the first node changed, as this change left it.
};

SimMetaStore::~SimMetaStore() { service_.End(session_); }

MonoDuration SimMetaStore::session_timeout() const { return service_.session_timeout(); }

template <class T, class Read>
void SimMetaStore::ReadAs(metadata::Watch watch, metadata::Done<T> done, Read read) {
  const uint64_t number = watch ? service_.Keep(session_, std::move(watch)) : 0;
  auto apply = [service = &service_, session = std::weak_ptr(session_), number, read](
                   ZnodeTree& tree, int64_t id, ZnodeTree::Commit&) {
    metadata::Watch tree_watch;
    if (const auto self = session.lock(); self && number != 0) {
      tree_watch = service->WatchOf(self, number);
    }
    return read(tree, id, std::move(tree_watch));
  };
  service_.Submit(session_, std::make_unique<MetaCallOf<MetaResult<T>>>(
                                /*changes=*/false, number, std::move(apply), std::move(done)));
}

void SimMetaStore::Change(std::vector<metadata::Op> ops, absl::AnyInvocable<void(Changed)> done) {
  auto apply = [ops = std::move(ops)](ZnodeTree& tree, int64_t id, ZnodeTree::Commit& commit) {
    commit = tree.Multi(id, ops);
    Changed changed{.code = commit.result.code, .result = commit.result, .stat = {}};
    if (!commit.changed.empty()) {
      if (const auto* node = tree.Find(commit.changed[0])) changed.stat = node->stat;
    }
    return changed;
  };
  service_.Submit(session_, std::make_unique<MetaCallOf<Changed>>(
                                /*changes=*/true, 0, std::move(apply), std::move(done)));
}

void SimMetaStore::Create(std::string path, std::string data, metadata::CreateMode mode,
                          metadata::Done<std::string> done) {
  Change({metadata::CreateOp{std::move(path), std::move(data), mode}},
         [done = std::move(done)](Changed c) mutable {
           done({.code = c.code, .value = c.result.paths.empty() ? "" : c.result.paths[0]});
         });
}

void SimMetaStore::Get(std::string path, metadata::Watch watch,
                       metadata::Done<metadata::Node> done) {
  ReadAs<metadata::Node>(std::move(watch), std::move(done),
                         [path](ZnodeTree& tree, int64_t id, metadata::Watch w) {
                           return tree.Get(id, path, std::move(w));
                         });
}

void SimMetaStore::Children(std::string path, metadata::Watch watch,
                            metadata::Done<std::vector<std::string>> done) {
  ReadAs<std::vector<std::string>>(std::move(watch), std::move(done),
                                   [path](ZnodeTree& tree, int64_t id, metadata::Watch w) {
                                     return tree.Children(id, path, std::move(w));
                                   });
}

void SimMetaStore::Exists(std::string path, metadata::Watch watch,
                          metadata::Done<metadata::Stat> done) {
  ReadAs<metadata::Stat>(std::move(watch), std::move(done),
                         [path](ZnodeTree& tree, int64_t id, metadata::Watch w) {
                           return tree.Exists(id, path, std::move(w));
                         });
}

void SimMetaStore::Set(std::string path, std::string data, int32_t version,
                       metadata::Done<metadata::Stat> done) {
  Change({metadata::SetOp{std::move(path), std::move(data), version}},
         [done = std::move(done)](Changed c) mutable { done({.code = c.code, .value = c.stat}); });
}

void SimMetaStore::Delete(std::string path, int32_t version, metadata::Done<std::monostate> done) {
  Change({metadata::DeleteOp{std::move(path), version}},
         [done = std::move(done)](Changed c) mutable { done({.code = c.code}); });
}

void SimMetaStore::Multi(std::vector<metadata::Op> ops,
                         absl::AnyInvocable<void(metadata::MultiResult)> done) {
  Change(std::move(ops), [done = std::move(done)](Changed c) mutable {
    c.result.code = c.code;
    done(std::move(c.result));
  });
}

}  // namespace strom::sim
