#include "common/metadata/renewing_store.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"

namespace strom::metadata {

RenewingStore::RenewingStore(MetaStoreFactory& sessions, runtime::Strand& strand,
                             const runtime::Clock& clock, absl::AnyInvocable<void()> on_renewed)
    : sessions_(sessions), strand_(strand), clock_(clock), on_renewed_(std::move(on_renewed)) {}

Result<std::unique_ptr<RenewingStore>> RenewingStore::Connect(
    MetaStoreFactory& sessions, runtime::Strand& strand, const runtime::Clock& clock,
    absl::AnyInvocable<void()> on_renewed) {
  std::unique_ptr<RenewingStore> store(
      new RenewingStore(sessions, strand, clock, std::move(on_renewed)));
  STROM_ASSIGN_OR_RETURN(store->current_, store->Open());
  return store;
}

// A session's callbacks end with it, and the sessions with this.
Result<std::unique_ptr<MetaStore>> RenewingStore::Open() {
  return sessions_.Connect(strand_, [this](SessionState state) { OnState(state); });
}

void RenewingStore::OnState(SessionState state) {
  if (state == SessionState::kConnected) pause_ = kPauseMin;
  if (state != SessionState::kExpired) return;
  STROM_LOG(kWarn, "the metadata session {:#x} expired", session_id());
  RenewLater();
}

void RenewingStore::RenewLater() {
  strand_.PostAt(clock_.Now() + pause_, [this, alive = std::weak_ptr<const bool>(alive_)] {
    if (!alive.expired()) Renew();
  });
  pause_ = std::min(pause_ * 2, kPauseMax);
}

void RenewingStore::Renew() {
  Result<std::unique_ptr<MetaStore>> store = Open();
  if (!store.ok()) {
    STROM_LOG(kWarn, "no new metadata session: {}", store.status().ToString());
    return RenewLater();
  }
  expired_ = std::exchange(current_, *std::move(store));
  on_renewed_();
}

void RenewingStore::Create(std::string path, std::string data, CreateMode mode,
                           Done<std::string> done) {
  current_->Create(std::move(path), std::move(data), mode, std::move(done));
}

void RenewingStore::Get(std::string path, Watch watch, Done<Node> done) {
  current_->Get(std::move(path), std::move(watch), std::move(done));
}

void RenewingStore::Children(std::string path, Watch watch, Done<std::vector<std::string>> done) {
  current_->Children(std::move(path), std::move(watch), std::move(done));
}

void RenewingStore::Exists(std::string path, Watch watch, Done<Stat> done) {
  current_->Exists(std::move(path), std::move(watch), std::move(done));
}

void RenewingStore::Set(std::string path, std::string data, int32_t version, Done<Stat> done) {
  current_->Set(std::move(path), std::move(data), version, std::move(done));
}

void RenewingStore::Delete(std::string path, int32_t version, Done<std::monostate> done) {
  current_->Delete(std::move(path), version, std::move(done));
}

void RenewingStore::Multi(std::vector<Op> ops, absl::AnyInvocable<void(MultiResult)> done) {
  current_->Multi(std::move(ops), std::move(done));
}

}  // namespace strom::metadata
