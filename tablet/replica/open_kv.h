#pragma once

#include <memory>

#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

#include "tablet/kv/kv_tablet.h"

namespace strom::tablet {

// The rows of a bucket while its replica leads it: handed out to reads on any thread, and closed
// once the last of those has ended. The replica opens and closes on its strand.
class OpenKv {
 public:
  // The tablet stays open while somebody keeps what this returns. nullptr if there is none.
  std::shared_ptr<KvTablet> Get() const;

  // There is none so far.
  void Set(std::shared_ptr<KvTablet> tablet);

  // From now on there is none. `closed` is called once its store is closed, on the thread of the
  // last read or here; also if there was none.
  void Close(absl::AnyInvocable<void()> closed);

 private:
  // Kept by everybody who uses the tablet; what ends with the last of them.
  struct Use {
    ~Use();
    std::shared_ptr<KvTablet> tablet;
    absl::AnyInvocable<void()> closed;  // Set before the owner lets go.
  };

  mutable absl::Mutex mutex_;
  std::shared_ptr<Use> use_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::tablet
