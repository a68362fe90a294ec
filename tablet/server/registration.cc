#include "tablet/server/registration.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/metadata/zk_json.h"

namespace strom::tablet {

using metadata::MetaCode;

Registration::Registration(metadata::MetaStore& store, std::string path, runtime::Strand& strand,
                           const runtime::Clock& clock, Options options)
    : store_(store),
      path_(std::move(path)),
      strand_(strand),
      clock_(clock),
      options_(std::move(options)),
      start_epoch_(clock.WallNow()) {}

void Registration::Start(absl::AnyInvocable<void(Status)> started) {
  STROM_ASSERT_ON(strand_);
  started_ = std::move(started);
  give_up_at_ = clock_.Now() + options_.timeout;
  Attempt();
}

// An attempt that is under way fails with the old session, and is followed by another one.
void Registration::Renew() {
  if (std::exchange(registered_, false)) Attempt();
}

std::string Registration::Content() const {
  return ToJson(metadata::TabletServerRegistration{.listeners = options_.listeners,
                                                   .registered_ms = clock_.WallNow(),
                                                   .rack = options_.rack,
                                                   .cpu_cores = {},
                                                   .memory_bytes = {},
                                                   .start_epoch = start_epoch_,
                                                   .directory_id = options_.directory_id});
}

void Registration::Attempt() {
  store_.Create(path_, Content(), metadata::CreateMode::kEphemeral,
                [this](metadata::MetaResult<std::string> created) {
                  if (created.code == MetaCode::kNodeExists) return LookAtHolder();
                  if (!created.ok()) return OnFailed(created.code);
                  OnMade();
                });
}

void Registration::LookAtHolder() {
  store_.Get(path_, nullptr, [this](metadata::MetaResult<metadata::Node> node) {
    if (node.code == MetaCode::kNoNode) return Attempt();
    if (!node.ok()) return OnFailed(node.code);
    // Made by an attempt whose answer got lost.
    if (node.value.stat.ephemeral_owner == store_.session_id()) return OnMade();
    const auto holder = metadata::TabletServerRegistrationFromJson(node.value.data);
    if (holder.ok() && holder->listeners == options_.listeners) {
      return TakeOver(node.value.stat.version, holder->start_epoch.value_or(0));
    }
    OnFailed(MetaCode::kNodeExists);
  });
}

// In one step, and as a new node: that is how the coordinator learns of it.
void Registration::TakeOver(int32_t version, int64_t holders_epoch) {
  STROM_LOG(kInfo, "tablet server {} takes over the registration of its former process",
            options_.id);
  start_epoch_ = std::max(start_epoch_, holders_epoch + 1);
  store_.Multi({metadata::DeleteOp{path_, version},
                metadata::CreateOp{path_, Content(), metadata::CreateMode::kEphemeral}},
               [this](metadata::MultiResult result) {
                 if (result.code != MetaCode::kOk) return OnFailed(result.code);
                 OnMade();
               });
}

// The node was written through the same session, so what is read now is no older than it: it names
// every coordinator this server's former process can have obeyed.
void Registration::OnMade() {
  if (stopped_) return;
  store_.Get(options_.epoch_path, nullptr, [this](metadata::MetaResult<metadata::Node> node) {
    if (node.code == MetaCode::kNoNode) return OnRegistered(std::nullopt);
    if (!node.ok()) return OnFailed(node.code);
    const Result<CoordinatorEpoch> newest = metadata::EpochFromText(node.value.data);
    if (newest.ok()) return OnRegistered(*newest);
    STROM_LOG(kError, "{}: {}", options_.epoch_path, newest.status().ToString());
    OnFailed(MetaCode::kBadVersion);
  });
}

void Registration::OnRegistered(std::optional<CoordinatorEpoch> newest) {
  if (stopped_) return;
  registered_ = true;
  STROM_LOG(kInfo, "tablet server {} serves {}", options_.id, ListenersToText(options_.listeners));
  if (options_.on_registered) options_.on_registered(start_epoch_, newest);
  if (started_) std::exchange(started_, nullptr)(Status::Ok());
}

void Registration::OnFailed(MetaCode code) {
  if (stopped_) return;
  // kStorage and the like: the store is broken.
  const bool passing = code == MetaCode::kNodeExists || code == MetaCode::kNoNode ||
                       code == MetaCode::kBadVersion || code == MetaCode::kConnectionLoss ||
                       code == MetaCode::kSessionExpired;
  if (started_ && (!passing || clock_.Now() >= give_up_at_)) {
    return std::exchange(started_, nullptr)(metadata::MetaError(code, "create", path_));
  }
  STROM_LOG(kWarn, "tablet server {} cannot register, trying again: {}", options_.id,
            MetaCodeName(code));
  strand_.PostAt(clock_.Now() + options_.pause, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->stopped_) self->Attempt();
  });
}

void Registration::Stop(runtime::Task stopped) {
  stopped_ = true;
  if (!std::exchange(registered_, false)) return stopped();
  store_.Delete(path_, metadata::kAnyVersion,
                [stopped = std::move(stopped)](auto) mutable { stopped(); });
}

}  // namespace strom::tablet
