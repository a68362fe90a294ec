#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/metadata/meta_store.h"
#include "common/runtime/strand.h"

namespace strom::testing {

// The sessions of a metadata service of one process, made to expire when the test says so: what
// only a service of its own would do to them. For tests that run in one thread.
class ExpiringSessions final : public metadata::MetaStoreFactory {
 public:
  explicit ExpiringSessions(std::unique_ptr<metadata::MetaStoreFactory> real)
      : real_(std::move(real)) {}

  Result<std::unique_ptr<metadata::MetaStore>> Connect(
      runtime::Strand& strand, absl::AnyInvocable<void(metadata::SessionState)> on_state) override {
    ++attempts_;
    if (refuse_) return Error(ErrorCode::kNetwork, "no metadata service [injected]");
    auto session = std::make_shared<Session>(strand, std::move(on_state));
    STROM_ASSIGN_OR_RETURN(session->real,
                           real_->Connect(strand, [session = session.get()](auto state) {
                             if (session->on_state) session->on_state(state);
                           }));
    session->id = session->real->session_id();
    newest_ = session;
    return std::unique_ptr<metadata::MetaStore>(new Store(std::move(session), lost_));
  }

  // The session opened last loses its ephemeral nodes and watches and is told, on its strand,
  // behind what was answered before.
  void ExpireNewest() {
    const auto session = newest_.lock();
    STROM_CHECK(session != nullptr);
    session->strand.Post([session] {
      session->real.reset();
      if (session->on_state) session->on_state(metadata::SessionState::kExpired);
    });
  }

  // The next Create of this path that is applied is answered kConnectionLoss.
  void LoseReplyOf(std::string path) { *lost_ = std::move(path); }

  // Whether Connect fails from now on.
  void Refuse(bool refuse) { refuse_ = refuse; }
  int attempts() const { return attempts_; }

 private:
  struct Session {
    Session(runtime::Strand& s, absl::AnyInvocable<void(metadata::SessionState)> state)
        : strand(s), on_state(std::move(state)) {}

    runtime::Strand& strand;
    absl::AnyInvocable<void(metadata::SessionState)> on_state;  // Null once the store is gone.
    std::unique_ptr<metadata::MetaStore> real;                  // Null once expired.
    int64_t id = 0;
  };

  class Store final : public metadata::MetaStore {
   public:
    Store(std::shared_ptr<Session> session, std::shared_ptr<std::string> lost)
        : session_(std::move(session)), lost_(std::move(lost)) {}
    ~Store() override {
      session_->real.reset();
      session_->on_state = nullptr;
    }

    int64_t session_id() const override { return session_->id; }
    MonoDuration session_timeout() const override {
      return session_->real ? session_->real->session_timeout() : MonoDuration();
    }
    void Create(std::string path, std::string data, metadata::CreateMode mode,
                metadata::Done<std::string> done) override {
      if (!session_->real) return Expired<metadata::MetaResult<std::string>>(std::move(done));
      session_->real->Create(path, std::move(data), mode,
                             [path, lost = lost_, done = std::move(done)](auto created) mutable {
                               if (created.ok() && path == *lost) {
                                 lost->clear();
                                 created = {.code = metadata::MetaCode::kConnectionLoss};
                               }
                               done(std::move(created));
                             });
    }
    void Get(std::string path, metadata::Watch watch,
             metadata::Done<metadata::Node> done) override {
      if (!session_->real) return Expired<metadata::MetaResult<metadata::Node>>(std::move(done));
      session_->real->Get(std::move(path), std::move(watch), std::move(done));
    }
    void Children(std::string path, metadata::Watch watch,
                  metadata::Done<std::vector<std::string>> done) override {
      if (!session_->real) {
        return Expired<metadata::MetaResult<std::vector<std::string>>>(std::move(done));
      }
      session_->real->Children(std::move(path), std::move(watch), std::move(done));
    }
    void Exists(std::string path, metadata::Watch watch,
                metadata::Done<metadata::Stat> done) override {
      if (!session_->real) return Expired<metadata::MetaResult<metadata::Stat>>(std::move(done));
      session_->real->Exists(std::move(path), std::move(watch), std::move(done));
    }
    void Set(std::string path, std::string data, int32_t version,
             metadata::Done<metadata::Stat> done) override {
      if (!session_->real) return Expired<metadata::MetaResult<metadata::Stat>>(std::move(done));
      session_->real->Set(std::move(path), std::move(data), version, std::move(done));
    }
    void Delete(std::string path, int32_t version, metadata::Done<std::monostate> done) override {
      if (!session_->real) return Expired<metadata::MetaResult<std::monostate>>(std::move(done));
      session_->real->Delete(std::move(path), version, std::move(done));
    }
    void Multi(std::vector<metadata::Op> ops,
               absl::AnyInvocable<void(metadata::MultiResult)> done) override {
      if (!session_->real) return Expired<metadata::MultiResult>(std::move(done));
      session_->real->Multi(std::move(ops), std::move(done));
    }

   private:
    template <class Answer>
    void Expired(absl::AnyInvocable<void(Answer)> done) {
      session_->strand.Post([session = session_, done = std::move(done)]() mutable {
        Answer answer;
        answer.code = metadata::MetaCode::kSessionExpired;
        done(std::move(answer));
      });
    }

    const std::shared_ptr<Session> session_;
    const std::shared_ptr<std::string> lost_;
  };

  const std::unique_ptr<metadata::MetaStoreFactory> real_;
  std::weak_ptr<Session> newest_;
  const std::shared_ptr<std::string> lost_ = std::make_shared<std::string>();  // LoseReplyOf.
  bool refuse_ = false;
  int attempts_ = 0;
};

}  // namespace strom::testing
