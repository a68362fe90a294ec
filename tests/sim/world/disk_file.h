#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/bytes.h"
#include "common/runtime/random.h"

namespace strom::sim {

// The bytes of one file on a simulated disk: as processes see them (the page cache), and as they
// were last known to be on the disk, with the changes in between.
//
// When the power fails, each change since the last sync meets one of three fates by itself: kept,
// lost, or (a write) torn, which keeps any of its 512-byte sectors and leaves zeros where the file
// grew without its bytes.
class DiskFile {
 public:
  const Bytes& cached() const { return cached_; }
  // What is left if every change since the last sync is lost.
  const Bytes& synced() const { return durable_; }
  // How often bytes of either may have become others: not where one grows at its end. For readers
  // that remember what they have read.
  uint64_t rewrites() const { return rewrites_; }

  void Write(uint64_t position, BytesView bytes);
  void Truncate(uint64_t size);
  // Everything reaches the disk.
  void Sync();
  // The kernel tried and failed: each change meets its fate now, unnoticed, since processes still
  // see the cache and a later sync finds nothing left to write.
  void FailSync(runtime::Random& random);
  // Meets the fates; processes started later see what the disk has.
  void PowerFail(runtime::Random& random);

 private:
  struct Change {
    bool truncate;
    uint64_t position;  // Of the bytes; the new size for a truncate.
    Bytes bytes;
  };

  void Apply(const Change& change, Bytes& to);
  void Tear(const Change& change, runtime::Random& random);
  void MeetFates(runtime::Random& random);

  Bytes cached_;
  Bytes durable_;
  uint64_t rewrites_ = 0;
  std::vector<Change> unsynced_;  // In the order they were made.
};

}  // namespace strom::sim
