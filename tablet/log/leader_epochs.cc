#include "tablet/log/leader_epochs.h"

#include "common/io/atomic_file.h"

namespace strom::tablet {
namespace {

constexpr uint64_t kFileSizeMax = uint64_t{64} << 20;

}  // namespace

Status LeaderEpochs::Load() {
  STROM_ASSIGN_OR_RETURN(const bool exists, files_.Exists(path_));
  if (!exists) return Status::Ok();
  STROM_ASSIGN_OR_RETURN(const Bytes text, io::ReadWholeFile(files_, path_, kFileSizeMax));
  Result<EpochHistory> history = EpochHistory::FromText(text);
  if (!history.ok()) return history.status().WithContext("leader epochs " + path_);
  auto loaded = std::make_shared<const EpochHistory>(*std::move(history));
  absl::MutexLock lock(&mutex_);
  history_ = std::move(loaded);
  return Status::Ok();
}

Status LeaderEpochs::Set(EpochHistory history) {
  if (history == *get() && !file_unsure_) return Status::Ok();
  file_unsure_ = true;
  STROM_RETURN_IF_ERROR(io::WriteFileAtomically(files_, path_, history.ToText()));
  file_unsure_ = false;
  auto published = std::make_shared<const EpochHistory>(std::move(history));
  absl::MutexLock lock(&mutex_);
  history_.swap(published);
  return Status::Ok();
}

}  // namespace strom::tablet
