#include "coordinator/state/election.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/mutation.h"

namespace strom::coordinator {
namespace {

bool Contains(const std::vector<ServerId>& servers, ServerId server) {
  return std::find(servers.begin(), servers.end(), server) != servers.end();
}

// The first replica that is able and in the ISR, or kNoServer.
ServerId FirstEligible(const std::vector<ServerId>& replicas, const Leadership& current,
                       const std::set<ServerId>& able) {
  if (!current.awaited_directory.empty()) return kNoServer;
  const auto it = std::find_if(replicas.begin(), replicas.end(), [&](ServerId replica) {
    return able.contains(replica) && Contains(current.isr, replica);
  });
  return it == replicas.end() ? kNoServer : *it;
}

}  // namespace

std::optional<Leadership> ElectFirst(const std::vector<ServerId>& replicas,
                                     const std::set<ServerId>& able) {
  Leadership elected;
  for (const ServerId replica : replicas) {
    if (able.contains(replica)) elected.isr.push_back(replica);
  }
  if (elected.isr.empty()) return std::nullopt;
  elected.leader = elected.isr.front();
  return elected;
}

std::optional<Leadership> ElectAfterLoss(const std::vector<ServerId>& replicas,
                                         const Leadership& current, ServerId lost,
                                         const std::set<ServerId>& able) {
  STROM_CHECK(!able.contains(lost)) << "server " << lost << " is lost and able";
  Leadership next = current;
  if (next.isr.size() > 1) std::erase(next.isr, lost);
  if (current.leader == lost && Mutated(Mutant::kElectOutsideIsr)) next.isr = replicas;
  if (current.leader == lost) {
    next.leader = FirstEligible(replicas, next, able);
    const bool raises = next.leader != kNoServer && !Mutated(Mutant::kLeaderEpochNotRaised);
    if (raises) next.leader_epoch = current.leader_epoch.Next();
  }
  const bool voids_proposals = current.leader != kNoServer && !Contains(current.isr, lost);
  if (next == current && !voids_proposals) return std::nullopt;
  next.bucket_epoch = current.bucket_epoch.Next();
  return next;
}

std::optional<Leadership> ElectAfterReturn(const std::vector<ServerId>& replicas,
                                           const Leadership& current,
                                           const std::set<ServerId>& able) {
  if (current.leader != kNoServer) return std::nullopt;
  Leadership next = current;
  next.leader = FirstEligible(replicas, current, able);
  if (next.leader == kNoServer) return std::nullopt;
  next.leader_epoch = current.leader_epoch.Next();
  next.bucket_epoch = current.bucket_epoch.Next();
  return next;
}

std::optional<Leadership> ElectWithout(const std::vector<ServerId>& replicas,
                                       const Leadership& current, ServerId leaving,
                                       const std::set<ServerId>& able) {
  STROM_CHECK(!able.contains(leaving)) << "server " << leaving << " is leaving and able";
  // Without a leader, whoever is in the ISR may be needed.
  if (current.leader == kNoServer || !Contains(current.isr, leaving)) return std::nullopt;
  Leadership next = current;
  std::erase(next.isr, leaving);
  if (current.leader == leaving) {
    next.leader = FirstEligible(replicas, next, able);
    if (next.leader == kNoServer) return std::nullopt;
    next.leader_epoch = current.leader_epoch.Next();
  }
  next.bucket_epoch = current.bucket_epoch.Next();
  return next;
}

Leadership ElectAnew(const Leadership& current) {
  STROM_CHECK(current.leader != kNoServer) << "nobody leads";
  Leadership next = current;
  next.leader_epoch = current.leader_epoch.Next();
  next.bucket_epoch = current.bucket_epoch.Next();
  return next;
}

Leadership AfterDirectoryLoss(const Leadership& current, ServerId server, const std::string& lost) {
  STROM_CHECK(!lost.empty()) << "server " << server << " lost a directory without an id";
  Leadership next = current;
  if (next.leader == server) next.leader = kNoServer;
  if (next.isr == std::vector<ServerId>{server}) {
    // An older one that is awaited already is the one that holds the records.
    if (next.awaited_directory.empty()) next.awaited_directory = lost;
  } else {
    std::erase(next.isr, server);
  }
  next.bucket_epoch = current.bucket_epoch.Next();
  return next;
}

std::optional<Leadership> AfterDirectoryReturn(const Leadership& current, ServerId server,
                                               const std::string& directory) {
  if (current.awaited_directory != directory || !Contains(current.isr, server)) return std::nullopt;
  Leadership next = current;
  next.awaited_directory.clear();
  next.bucket_epoch = current.bucket_epoch.Next();
  return next;
}

}  // namespace strom::coordinator
