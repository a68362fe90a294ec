#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/metadata/meta_store.h"

namespace strom::testing {

// The sessions of one process with a metadata service, cut off at a chosen change: from then on
// nothing goes to the service and nothing comes from it, as if the process had died right there.
// For tests that run in one thread, which destroy the process once `cut` is true.
class CutSessions final : public metadata::MetaStoreFactory {
 public:
  enum class Moment { kBefore, kAfter };  // The change is not made; it is made, but not answered.

  explicit CutSessions(metadata::MetaStoreFactory& real) : real_(real) {}

  // The number `change` from now on, beginning with 1, is the last one.
  void CutAt(int change, Moment moment) {
    state_->left = change;
    state_->moment = moment;
  }
  bool cut() const { return state_->cut; }
  // Sessions of the next process are not cut.
  void Heal() { state_ = std::make_shared<State>(); }

  Result<std::unique_ptr<metadata::MetaStore>> Connect(
      runtime::Strand& strand, absl::AnyInvocable<void(metadata::SessionState)> on_state) override {
    STROM_ASSIGN_OR_RETURN(auto session, real_.Connect(strand, std::move(on_state)));
    return std::unique_ptr<metadata::MetaStore>(new Store(std::move(session), state_));
  }

 private:
  struct State {
    int left = 0;  // 0: none is the last.
    Moment moment = Moment::kBefore;
    bool cut = false;
  };

  class Store final : public metadata::MetaStore {
   public:
    Store(std::unique_ptr<metadata::MetaStore> real, std::shared_ptr<State> state)
        : real_(std::move(real)), state_(std::move(state)) {}

    int64_t session_id() const override { return real_->session_id(); }
    MonoDuration session_timeout() const override { return real_->session_timeout(); }
    void Create(std::string path, std::string data, metadata::CreateMode mode,
                metadata::Done<std::string> done) override {
      if (Change()) real_->Create(std::move(path), std::move(data), mode, Unless(std::move(done)));
    }
    void Get(std::string path, metadata::Watch watch,
             metadata::Done<metadata::Node> done) override {
      if (!state_->cut) real_->Get(std::move(path), std::move(watch), Unless(std::move(done)));
    }
    void Children(std::string path, metadata::Watch watch,
                  metadata::Done<std::vector<std::string>> done) override {
      if (!state_->cut) real_->Children(std::move(path), std::move(watch), Unless(std::move(done)));
    }
    void Exists(std::string path, metadata::Watch watch,
                metadata::Done<metadata::Stat> done) override {
      if (!state_->cut) real_->Exists(std::move(path), std::move(watch), Unless(std::move(done)));
    }
    void Set(std::string path, std::string data, int32_t version,
             metadata::Done<metadata::Stat> done) override {
      if (Change()) real_->Set(std::move(path), std::move(data), version, Unless(std::move(done)));
    }
    void Delete(std::string path, int32_t version, metadata::Done<std::monostate> done) override {
      if (Change()) real_->Delete(std::move(path), version, Unless(std::move(done)));
    }
    void Multi(std::vector<metadata::Op> ops,
               absl::AnyInvocable<void(metadata::MultiResult)> done) override {
      if (Change()) real_->Multi(std::move(ops), Unless(std::move(done)));
    }

   private:
    // Whether the change goes to the service.
    bool Change() {
      if (state_->cut) return false;
      if (state_->left == 0 || --state_->left > 0) return true;
      state_->cut = true;
      return state_->moment == Moment::kAfter;
    }
    template <class Answer>
    absl::AnyInvocable<void(Answer)> Unless(absl::AnyInvocable<void(Answer)> done) {
      return [state = state_, done = std::move(done)](Answer answer) mutable {
        if (!state->cut) done(std::move(answer));
      };
    }

    const std::unique_ptr<metadata::MetaStore> real_;
    const std::shared_ptr<State> state_;
  };

  metadata::MetaStoreFactory& real_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace strom::testing
