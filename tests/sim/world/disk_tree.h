#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "tests/sim/world/disk_file.h"

namespace strom::sim {

// A file or a directory of a simulated disk, whatever its name.
struct DiskNode {
  using Names = std::map<std::string, std::shared_ptr<DiskNode>, std::less<>>;

  explicit DiskNode(bool directory) : is_directory(directory) {}

  const bool is_directory;
  bool locked = false;  // By the running process.
  DiskFile file;        // Empty if this is a directory.
  Names names;          // As processes see them ...
  Names durable_names;  // ... and as they were last known to be on the disk.
};

using DiskNodeRef = std::shared_ptr<DiskNode>;

// The names of a simulated disk. Relative paths start at the root, too.
//
// When the power fails, each change of names (create, remove, rename) since its directory was last
// synced is kept or lost by itself; a rename as a whole. One into a directory that is lost is lost.
//
// Errors: kStorage, as the kernel words them; `what` begins the message.
class DiskTree {
 public:
  // A place in a directory, where there may be something or not.
  struct Place {
    DiskNodeRef directory;
    std::string name;  // Empty: the root, which is in no directory.
    DiskNodeRef node;  // Null: nothing there.
  };

  DiskTree() : root_(std::make_shared<DiskNode>(true)) {}

  // Errors: if a directory on the way is missing or is a file.
  Result<Place> Find(std::string_view path, std::string_view what) const;
  // What is at `path`. Errors: also if nothing is there.
  Result<DiskNodeRef> Get(std::string_view path, std::string_view what) const;

  // What is at `path` by synced names alone; null if nothing is.
  DiskNodeRef FindSynced(std::string_view path) const;

  // `place` has a name and is free.
  DiskNodeRef Add(const Place& place, bool directory);
  // Something is at `place`.
  void Remove(const Place& place);
  // Something is at `from`, and whatever is at `to` may go.
  void Move(const Place& from, const Place& to);
  // Whether `node` is `ancestor` or below it.
  static bool Holds(const DiskNodeRef& ancestor, const DiskNodeRef& node);

  // Makes the names in `directory` durable, with the earlier changes they stand on.
  void Sync(const DiskNodeRef& directory);
  // Names and bytes meet their fates.
  void PowerFail(runtime::Random& random);
  // Nobody holds a lock any more.
  void Unlock();

  // Sum of the sizes of all files.
  uint64_t UsedBytes() const;

 private:
  // One entry goes, one comes, or both (a rename).
  struct Change {
    DiskNodeRef node;
    DiskNodeRef from;  // The directory it goes from, or null.
    std::string from_name;
    DiskNodeRef to;  // The directory it comes into, or null.
    std::string to_name;
  };

  void Record(Change change);
  static void Apply(const Change& change, DiskNode::Names DiskNode::*names);

  const DiskNodeRef root_;
  std::vector<Change> unsynced_;  // In the order they were made.
};

}  // namespace strom::sim
