#pragma once

#include <memory>

#include "common/metadata/meta_store.h"
#include "common/runtime/clock.h"

namespace strom::metadata {

// A MetaStore that outlives its sessions: when one expires, the next one is opened after a while.
// For a server that keeps serving what it has without the metadata service.
//
// Between the two sessions everything is answered kSessionExpired, as is what was under way.
// Ephemeral nodes and watches end with their session: `on_renewed` is the moment to make them
// again. All calls on the strand; destroyed there, or when nothing runs on it any more.
class RenewingStore final : public MetaStore {
 public:
  static constexpr MonoDuration kPauseMin = Seconds(1);   // Before the next session; doubles ...
  static constexpr MonoDuration kPauseMax = Seconds(30);  // ... up to here, until one is connected.

  // Opens the first session. `sessions`, `strand` and `clock` outlive it. `on_renewed` runs on the
  // strand after every session but the first was opened. Errors: those of `sessions`.
  static Result<std::unique_ptr<RenewingStore>> Connect(MetaStoreFactory& sessions,
                                                        runtime::Strand& strand,
                                                        const runtime::Clock& clock,
                                                        absl::AnyInvocable<void()> on_renewed);

  // Of the newest session.
  int64_t session_id() const override { return current_->session_id(); }
  MonoDuration session_timeout() const override { return current_->session_timeout(); }

  void Create(std::string path, std::string data, CreateMode mode, Done<std::string> done) override;
  void Get(std::string path, Watch watch, Done<Node> done) override;
  void Children(std::string path, Watch watch, Done<std::vector<std::string>> done) override;
  void Exists(std::string path, Watch watch, Done<Stat> done) override;
  void Set(std::string path, std::string data, int32_t version, Done<Stat> done) override;
  void Delete(std::string path, int32_t version, Done<std::monostate> done) override;
  void Multi(std::vector<Op> ops, absl::AnyInvocable<void(MultiResult)> done) override;

 private:
  RenewingStore(MetaStoreFactory& sessions, runtime::Strand& strand, const runtime::Clock& clock,
                absl::AnyInvocable<void()> on_renewed);
  Result<std::unique_ptr<MetaStore>> Open();
  void OnState(SessionState state);
  void RenewLater();
  void Renew();

  MetaStoreFactory& sessions_;
  runtime::Strand& strand_;
  const runtime::Clock& clock_;
  absl::AnyInvocable<void()> on_renewed_;
  MonoDuration pause_ = kPauseMin;
  std::unique_ptr<MetaStore> current_;
  std::unique_ptr<MetaStore> expired_;  // The one before: kept so that all in it is answered.
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // For timers.
};

}  // namespace strom::metadata
