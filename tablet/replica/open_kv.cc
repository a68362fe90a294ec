#include "tablet/replica/open_kv.h"

#include <utility>

#include "common/base/check.h"

namespace strom::tablet {

OpenKv::Use::~Use() {
  tablet.reset();
  if (closed) closed();
}

std::shared_ptr<KvTablet> OpenKv::Get() const {
  absl::MutexLock lock(&mutex_);
  if (!use_) return nullptr;
  return {use_, use_->tablet.get()};
}

void OpenKv::Set(std::shared_ptr<KvTablet> tablet) {
  auto use = std::make_shared<Use>();
  use->tablet = std::move(tablet);
  absl::MutexLock lock(&mutex_);
  STROM_CHECK(!use_) << "opened twice";
  use_ = std::move(use);
}

void OpenKv::Close(absl::AnyInvocable<void()> closed) {
  std::shared_ptr<Use> use;
  {
    absl::MutexLock lock(&mutex_);
    use = std::exchange(use_, nullptr);
  }
  if (!use) return closed();
  use->closed = std::move(closed);
}

}  // namespace strom::tablet
