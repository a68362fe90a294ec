#pragma once

#include "common/io/file_system.h"
#include "tests/sim/world/sim_disk.h"

namespace strom::sim {

// An open file of a SimDisk, which outlives it.
class SimFile final : public io::File {
 public:
  SimFile(SimDisk& disk, std::string path, DiskNodeRef node)
      : disk_(disk), path_(std::move(path)), node_(std::move(node)), process_(disk.process_) {}

  Result<size_t> ReadAt(uint64_t position, std::span<char> out) const override;
  Result<uint64_t> Size() const override;
  Status WriteAt(uint64_t position, BytesView bytes) override;
  Status Append(BytesView bytes) override;
  Status Truncate(uint64_t size) override;
  Status Sync() override;
  const std::string& path() const override { return path_; }

 private:
  // As SimDisk::Begin; an error also if the process that opened this is dead.
  Status Begin(DiskOperation operation, std::string_view what) const;
  Status CheckTrusted(std::string_view what) const;
  // How many of `size` bytes at `position` the disk has room for.
  uint64_t Room(uint64_t position, uint64_t size) const;

  SimDisk& disk_;
  const std::string path_;
  const DiskNodeRef node_;
  const uint64_t process_;
  bool sync_failed_ = false;
};

}  // namespace strom::sim
