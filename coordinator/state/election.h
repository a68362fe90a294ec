#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/types/ids.h"

namespace strom::coordinator {

// Who leads a bucket, and who could. What is stored of it besides is the coordinator epoch, which
// is that of whoever writes.
//
// Always true: the ISR is not empty, without duplicates, and part of the replicas; the leader is in
// it, or is kNoServer. While a directory is awaited it is kNoServer, and the ISR has one member.
struct Leadership {
  ServerId leader = kNoServer;
  LeaderEpoch leader_epoch;  // Of the leader, or of the last one: +1 per leader.
  BucketEpoch bucket_epoch;  // +1 per change of anything here.
  std::vector<ServerId> isr;
  // Not empty: the ISR's only member has come without the data directory of this id, which holds
  // the only complete replica. Nobody may lead until it comes with it again.
  std::string awaited_directory = {};

  friend bool operator==(const Leadership&, const Leadership&) = default;
};

// The rules of election: who leads a bucket after an event. `replicas` are in the order of the
// assignment, the preferred leader first; `able` are the servers that can serve. Each returns the
// new leadership, or nothing if there is none or nothing changes.
//
// There is no unclean election: only a member of the ISR can follow a leader.
// Rules as in Fluss: fluss-server-semantics.md, section 2.6, but for these: a bucket that loses its
// leader to nobody keeps its leader epoch (Fluss raises it there and again at the election), and
// directories (Fluss elects whoever comes back, with whatever disk).

// Of a bucket that never had a leader: the first able replica; the ISR is all able replicas.
std::optional<Leadership> ElectFirst(const std::vector<ServerId>& replicas,
                                     const std::set<ServerId>& able);

// After `lost`, a replica no longer in `able`, went away or failed. It leaves the ISR, unless it is
// the last in there, which is then waited for. If it was the leader, the first able replica of the
// ISR follows, or nobody. If it was not in the ISR, the bucket epoch alone rises, under a leader:
// so a proposal that is under way and counts on what `lost` had in its life is void.
std::optional<Leadership> ElectAfterLoss(const std::vector<ServerId>& replicas,
                                         const Leadership& current, ServerId lost,
                                         const std::set<ServerId>& able);

// Of a bucket without a leader, once a server can serve again: the first able replica of the ISR.
std::optional<Leadership> ElectAfterReturn(const std::vector<ServerId>& replicas,
                                           const Leadership& current,
                                           const std::set<ServerId>& able);

// To do without `leaving`, which still runs, but is not in `able`: another one follows it as
// leader, if anybody can, and it leaves the ISR. Where nobody can take its place it stays what it
// is.
std::optional<Leadership> ElectWithout(const std::vector<ServerId>& replicas,
                                       const Leadership& current, ServerId leaving,
                                       const std::set<ServerId>& able);

// The leader, started anew, must not go on under its epoch: it leads under the next one.
Leadership ElectAnew(const Leadership& current);

// `server`, a replica, comes back without the directory `lost`, which held what it had. It leads
// nothing and leaves the ISR; the last one in there stays, and `lost` is awaited. The bucket epoch
// rises in any case: what was proposed in view of its lost records is void.
Leadership AfterDirectoryLoss(const Leadership& current, ServerId server, const std::string& lost);

// `server` comes with `directory`: the leadership that no longer awaits it, if it did.
std::optional<Leadership> AfterDirectoryReturn(const Leadership& current, ServerId server,
                                               const std::string& directory);

}  // namespace strom::coordinator
