#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "common/remote/object_store.h"

namespace strom::tablet {

// An object store whose transfers end, with an error, once Stop was called: a server that stops
// does not wait for a large one. What is deleted, is. Any thread.
class StoppableStore final : public remote::ObjectStore {
 public:
  // nullptr: nothing is called but Stop.
  explicit StoppableStore(remote::ObjectStore* objects) : objects_(objects) {}

  void Stop() { stopped_.store(true, std::memory_order_release); }

  Status Put(const std::string& key, remote::ByteSource source) override;
  Result<std::optional<uint64_t>> Size(const std::string& key) const override {
    return objects_->Size(key);
  }
  Status Read(const std::string& key, remote::ByteSink sink) const override;
  Result<std::vector<remote::ListedObject>> List(const std::string& folder) const override {
    return objects_->List(folder);
  }
  Status Delete(const std::string& key) override { return objects_->Delete(key); }
  const std::string& root() const override { return objects_->root(); }

 private:
  Status CheckNotStopped(const std::string& key) const;

  remote::ObjectStore* const objects_;
  std::atomic<bool> stopped_{false};
};

}  // namespace strom::tablet
