#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/remote/directory_object_store.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::sim {

// The object store of a simulated cluster, shared by its servers and outliving each: a directory on
// a disk of its own that never loses power, with faults. Slow is the executor that calls it
// (SimExecutor::SetDelay). One thread.
//
// Errors that the world would not have without a fault end in "[injected]".
class SimObjectStore final : public remote::ObjectStore {
 public:
  enum class Operation { kPut, kRead, kSize, kList, kDelete };
  // What is true although the caller was told an error.
  enum class Outcome {
    kNotDone,
    kHalfDone,  // A Put: something unfinished is left. Others: as kNotDone.
    kDone,      // The answer was lost.
  };

  explicit SimObjectStore(uint64_t seed);

  Status Put(const std::string& key, remote::ByteSource source) override;
  Result<std::optional<uint64_t>> Size(const std::string& key) const override;
  Status Read(const std::string& key, remote::ByteSink sink) const override;
  Result<std::vector<remote::ListedObject>> List(const std::string& folder) const override;
  Status Delete(const std::string& key) override;
  const std::string& root() const override { return objects_.root(); }

  // While it is away every call fails.
  void SetAway(bool away) { away_ = away; }
  // From now on this share of the calls fails, with any outcome; 0 ends it.
  void SetErrorRate(double probability) { error_rate_ = probability; }
  // From now on this share of the objects is damaged as it is put, and the caller told that all is
  // well; 0 ends it.
  void SetDamageRate(double probability) { damage_rate_ = probability; }
  // What is there, as no fault can hide it.
  const remote::ObjectStore& stored() const { return objects_; }
  // The next such call for a key that contains `key_part` fails, once `skip` others like it have
  // passed. Several may wait.
  void FailNext(Operation operation, std::string key_part, Outcome outcome, int skip = 0);
  // Those that still wait do not come.
  void ForgetFailures() { planned_.clear(); }
  void SetCapacity(uint64_t capacity_bytes) { disk_.SetCapacity(capacity_bytes); }

  // Damage to an object that is there and not empty, told to nobody.
  void FlipBit(const std::string& key);
  void CutShort(const std::string& key);
  void Lose(const std::string& key);

 private:
  struct Planned {
    Operation operation;
    std::string key_part;
    Outcome outcome;
    int skip;
  };

  // How a call has to fail, if it has to.
  std::optional<Outcome> Draw(Operation operation, std::string_view key) const;
  std::string PathOf(const std::string& key) const { return objects_.LocationOf(key); }

  mutable SimRandom random_;
  SimDisk disk_;
  remote::DirectoryObjectStore objects_;
  bool away_ = false;
  double error_rate_ = 0;
  double damage_rate_ = 0;
  mutable std::vector<Planned> planned_;
};

}  // namespace strom::sim
