#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/world/sim_meta_service.h"

namespace strom::sim {

// One operation on its way to the service and back.
class MetaCall {
 public:
  MetaCall(bool changes, uint64_t watch) : changes(changes), watch(watch) {}
  virtual ~MetaCall() = default;

  // At the service; keeps the result. `code` is what became of it.
  virtual metadata::MetaCode Apply(metadata::ZnodeTree& tree, int64_t session,
                                   metadata::ZnodeTree::Commit& commit) = 0;
  // At the caller, once: with the result, or with what went wrong on the way.
  virtual void Answer() = 0;
  virtual void Fail(metadata::MetaCode code) = 0;
  // The same operation, with nobody to answer. Of a change.
  virtual std::unique_ptr<MetaCall> Orphan() const = 0;

  const bool changes;
  const uint64_t watch;  // 0: none.
};

template <class R>
class MetaCallOf final : public MetaCall {
 public:
  using Applies =
      std::function<R(metadata::ZnodeTree&, int64_t session, metadata::ZnodeTree::Commit&)>;

  MetaCallOf(bool changes, uint64_t watch, Applies apply, absl::AnyInvocable<void(R)> done)
      : MetaCall(changes, watch), apply_(std::move(apply)), done_(std::move(done)) {}

  metadata::MetaCode Apply(metadata::ZnodeTree& tree, int64_t session,
                           metadata::ZnodeTree::Commit& commit) override {
    result_ = apply_(tree, session, commit);
    return result_.code;
  }
  void Answer() override { done_(std::move(result_)); }
  void Fail(metadata::MetaCode code) override {
    R failed;
    failed.code = code;
    done_(std::move(failed));
  }
  std::unique_ptr<MetaCall> Orphan() const override {
    return std::make_unique<MetaCallOf>(changes, /*watch=*/0, apply_, nullptr);
  }

 private:
  Applies apply_;
  absl::AnyInvocable<void(R)> done_;
  R result_{};
};

// One session, as its client and the service see it. Everything is under the service's lock; what
// is the caller's runs on the strand, and is destroyed without the lock.
class SimMetaSession {
 public:
  enum class State { kOpening, kConnected, kSuspended, kExpired };

  // On its way to the caller: an answer, or (without call) a watch that fired.
  struct Delivery {
    std::unique_ptr<MetaCall> call;
    uint64_t watch = 0;
    metadata::WatchEvent event{};
  };

  SimMetaSession(std::string h, uint64_t n, runtime::Strand& s,
                 absl::AnyInvocable<void(metadata::SessionState)> state_changed)
      : host(std::move(h)),
        number(n),
        strand(&s),
        on_state(std::make_shared<absl::AnyInvocable<void(metadata::SessionState)>>(
            std::move(state_changed))) {}

  // Runs `task` on the strand, unless the caller has gone by then. `self` is this session.
  static void Post(const std::shared_ptr<SimMetaSession>& self, runtime::Task task);
  static void PostState(const std::shared_ptr<SimMetaSession>& self, metadata::SessionState state);
  static void PostFailure(const std::shared_ptr<SimMetaSession>& self,
                          std::unique_ptr<MetaCall> call, metadata::MetaCode code);
  // What is the caller's, to be destroyed without the lock; nothing is told any more.
  struct Callers {
    std::vector<std::unique_ptr<MetaCall>> calls;
    std::map<uint64_t, metadata::Watch> watches;
    std::shared_ptr<absl::AnyInvocable<void(metadata::SessionState)>> on_state;
  };
  Callers TakeCallers();

  // Everything under way is answered `code`; watches that fired stay in `in`.
  static void FailAll(const std::shared_ptr<SimMetaSession>& self, metadata::MetaCode code);

  const std::string host;
  const uint64_t number;
  runtime::Strand* strand;  // Null once the caller has gone.
  std::shared_ptr<absl::AnyInvocable<void(metadata::SessionState)>> on_state;
  std::atomic<bool> gone{false};  // The caller.
  std::atomic<int64_t> id{0};     // In the tree; 0 until the service has made it.
  bool crashed = false;           // The caller's process died.
  bool closed = false;            // The service has ended it.
  State state = State::kOpening;
  uint64_t connection = 0;  // +1 whenever a connection ends.
  uint64_t silence = 0;     // +1 whenever heartbeats begin or end.

  std::deque<std::unique_ptr<MetaCall>> held;  // While opening.
  std::deque<std::unique_ptr<MetaCall>> out;   // To the service, oldest first.
  std::deque<Delivery> in;                     // To the caller.
  MonoTime last_out;
  MonoTime last_in;
  std::map<uint64_t, metadata::Watch> watches;  // That have not fired.
  uint64_t next_watch = 1;
};

// The caller's side.
class SimMetaStore final : public metadata::MetaStore {
 public:
  SimMetaStore(SimMetaService& service, std::shared_ptr<SimMetaSession> session)
      : service_(service), session_(std::move(session)) {}
  ~SimMetaStore() override;

  int64_t session_id() const override { return session_->id; }
  MonoDuration session_timeout() const override;
  void Create(std::string path, std::string data, metadata::CreateMode mode,
              metadata::Done<std::string> done) override;
  void Get(std::string path, metadata::Watch watch, metadata::Done<metadata::Node> done) override;
  void Children(std::string path, metadata::Watch watch,
                metadata::Done<std::vector<std::string>> done) override;
  void Exists(std::string path, metadata::Watch watch,
              metadata::Done<metadata::Stat> done) override;
  void Set(std::string path, std::string data, int32_t version,
           metadata::Done<metadata::Stat> done) override;
  void Delete(std::string path, int32_t version, metadata::Done<std::monostate> done) override;
  void Multi(std::vector<metadata::Op> ops,
             absl::AnyInvocable<void(metadata::MultiResult)> done) override;

 private:
  friend class SimMetaService;

  template <class T, class Read>
  void ReadAs(metadata::Watch watch, metadata::Done<T> done, Read read);
  struct Changed;
  void Change(std::vector<metadata::Op> ops, absl::AnyInvocable<void(Changed)> done);

  SimMetaService& service_;
  const std::shared_ptr<SimMetaSession> session_;
};

}  // namespace strom::sim
