#include "coordinator/state/election.h"

#include <algorithm>

#include "common/base/check.h"

namespace strom::coordinator {
namespace {

bool Contains(const std::vector<ServerId>& servers, ServerId server) {
  return std::find(servers.begin(), servers.end(), server) != servers.end();
}

// The first replica that is live and in the ISR, or kNoServer.
ServerId FirstEligible(const std::vector<ServerId>& replicas, const std::vector<ServerId>& isr,
                       const std::set<ServerId>& live) {
  const auto it = std::find_if(replicas.begin(), replicas.end(), [&](ServerId replica) {
    return live.contains(replica) && Contains(isr, replica);
  });
  return it == replicas.end() ? kNoServer : *it;
}

}  // namespace

std::optional<Leadership> ElectFirst(const std::vector<ServerId>& replicas,
                                     const std::set<ServerId>& live) {
  Leadership elected;
  for (const ServerId replica : replicas) {
    if (live.contains(replica)) elected.isr.push_back(replica);
  }
  if (elected.isr.empty()) return std::nullopt;
  elected.leader = elected.isr.front();
  return elected;
}

std::optional<Leadership> ElectAfterLoss(const std::vector<ServerId>& replicas,
                                         const Leadership& current, ServerId lost,
                                         const std::set<ServerId>& live) {
  STROM_CHECK(!live.contains(lost)) << "server " << lost << " is lost and live";
  Leadership next = current;
  if (next.isr.size() > 1) std::erase(next.isr, lost);
  if (current.leader == lost) {
    next.leader = FirstEligible(replicas, next.isr, live);
    if (next.leader != kNoServer) next.leader_epoch = current.leader_epoch.Next();
  }
  if (next == current) return std::nullopt;
  next.bucket_epoch = current.bucket_epoch.Next();
  return next;
}

std::optional<Leadership> ElectAfterReturn(const std::vector<ServerId>& replicas,
                                           const Leadership& current,
                                           const std::set<ServerId>& live) {
  if (current.leader != kNoServer) return std::nullopt;
  Leadership next = current;
  next.leader = FirstEligible(replicas, current.isr, live);
  if (next.leader == kNoServer) return std::nullopt;
  next.leader_epoch = current.leader_epoch.Next();
  next.bucket_epoch = current.bucket_epoch.Next();
  return next;
}

}  // namespace strom::coordinator
