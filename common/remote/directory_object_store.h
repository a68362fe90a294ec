#pragma once

#include "common/remote/object_store.h"

namespace strom::remote {

// Objects as files of one directory, each at root + "/" + key: Fluss's layout, so that its clients
// find them. The directory is local, or mounted by all servers.
//
// A Put writes "<name>.unfinished", syncs it, renames it and syncs the directory. Folders are made
// when needed and vanish with their last object.
class DirectoryObjectStore final : public ObjectStore {
 public:
  // `files` outlives it; `root`, an absolute path, is made by the first Put.
  DirectoryObjectStore(io::FileSystem& files, std::string root);

  Status Put(const std::string& key, ByteSource source) override;
  Result<std::optional<uint64_t>> Size(const std::string& key) const override;
  Status Read(const std::string& key, ByteSink sink) const override;
  Result<std::vector<ListedObject>> List(const std::string& folder) const override;
  Status Delete(const std::string& key) override;
  const std::string& root() const override { return root_; }

 private:
  Status WriteNew(const std::string& path, ByteSource source);
  // Adds what is in the folder `path` to `found`, keys relative to the root.
  Status ListInto(const std::string& path, std::vector<ListedObject>& found) const;
  Status RemoveIfThere(const std::string& path);
  void RemoveEmptyFolders(std::string path);

  io::FileSystem& files_;
  const std::string root_;
};

// The directory that `remote.data.dir` means: "/a/b", "file:/a/b" or "file:///a/b" give "/a/b".
// Errors: kInvalidConfig for other schemes and for relative paths.
Result<std::string> DirectoryOfRemoteDataDir(std::string_view remote_data_dir);

}  // namespace strom::remote
