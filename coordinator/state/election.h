#pragma once

#include <optional>
#include <set>
#include <vector>

#include "common/types/ids.h"

namespace strom::coordinator {

// Who leads a bucket, and who could. What is stored of it besides is the coordinator epoch, which
// is that of whoever writes.
//
// Always true: the ISR is not empty, without duplicates, and part of the replicas; the leader is in
// it, or is kNoServer.
struct Leadership {
  ServerId leader = kNoServer;
  LeaderEpoch leader_epoch;  // Of the leader, or of the last one: +1 per leader.
  BucketEpoch bucket_epoch;  // +1 per change of anything here.
  std::vector<ServerId> isr;

  friend bool operator==(const Leadership&, const Leadership&) = default;
};

// The rules of election: who leads a bucket after an event. `replicas` are in the order of the
// assignment, the preferred leader first; `live` are the servers that can serve. Each returns the
// new leadership, or nothing if there is none or nothing changes.
//
// There is no unclean election: only a member of the ISR can follow a leader.
// Rules as in Fluss: fluss-server-semantics.md, section 2.6, but for one thing: a bucket that loses
// its leader to nobody keeps its leader epoch (Fluss raises it there and again at the election).

// Of a bucket that never had a leader: the first live replica; the ISR is all live replicas.
std::optional<Leadership> ElectFirst(const std::vector<ServerId>& replicas,
                                     const std::set<ServerId>& live);

// After `lost`, no longer in `live`, went away. It leaves the ISR, unless it is the last in there,
// which is then waited for. If it was the leader, the first live replica of the ISR follows, or
// nobody.
std::optional<Leadership> ElectAfterLoss(const std::vector<ServerId>& replicas,
                                         const Leadership& current, ServerId lost,
                                         const std::set<ServerId>& live);

// Of a bucket without a leader, once a server has come back: the first live replica of the ISR.
std::optional<Leadership> ElectAfterReturn(const std::vector<ServerId>& replicas,
                                           const Leadership& current,
                                           const std::set<ServerId>& live);

}  // namespace strom::coordinator
