#include "tests/sim/world/disk_file.h"

#include <algorithm>
#include <utility>

namespace strom::sim {
namespace {

constexpr uint64_t kSectorBytes = 512;

void Put(uint64_t position, BytesView bytes, Bytes& to) {
  if (to.size() < position + bytes.size()) to.resize(position + bytes.size());
  to.replace(position, bytes.size(), bytes);
}

}  // namespace

void DiskFile::Write(uint64_t position, BytesView bytes) {
  if (bytes.empty()) return;
  unsynced_.push_back({.truncate = false, .position = position, .bytes = Bytes(bytes)});
  Apply(unsynced_.back(), cached_);
}

void DiskFile::Truncate(uint64_t size) {
  unsynced_.push_back({.truncate = true, .position = size});
  Apply(unsynced_.back(), cached_);
}

void DiskFile::Sync() {
  for (const Change& change : std::exchange(unsynced_, {})) Apply(change, durable_);
}

void DiskFile::FailSync(runtime::Random& random) { MeetFates(random); }

void DiskFile::PowerFail(runtime::Random& random) {
  MeetFates(random);
  if (cached_ != durable_) ++rewrites_;
  cached_ = durable_;
}

void DiskFile::MeetFates(runtime::Random& random) {
  for (const Change& change : std::exchange(unsynced_, {})) {
    const uint64_t fate = random.Uniform(3);
    if (fate == 0) Apply(change, durable_);
    if (fate == 1 && !change.truncate) Tear(change, random);
  }
}

void DiskFile::Apply(const Change& change, Bytes& to) {
  if (change.truncate || change.position < to.size()) ++rewrites_;
  if (change.truncate) {
    to.resize(change.position);
  } else {
    Put(change.position, change.bytes, to);
  }
}

void DiskFile::Tear(const Change& change, runtime::Random& random) {
  const uint64_t end = change.position + change.bytes.size();
  for (uint64_t from = change.position; from < end;) {
    const uint64_t to = std::min(end, (from / kSectorBytes + 1) * kSectorBytes);
    if (random.Chance(0.5)) {
      if (from < durable_.size()) ++rewrites_;
      Put(from, BytesView(change.bytes).substr(from - change.position, to - from), durable_);
    }
    from = to;
  }
  // The size is written apart from the bytes.
  if (durable_.size() < end && random.Chance(0.5)) durable_.resize(end);
}

}  // namespace strom::sim
