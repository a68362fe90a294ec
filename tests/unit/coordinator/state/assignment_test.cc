#include "coordinator/state/assignment.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

namespace strom::coordinator {
namespace {

std::vector<ServerLoad> Idle(int servers) {
  std::vector<ServerLoad> loads;
  for (int i = 1; i <= servers; ++i) loads.push_back({ServerId(i)});
  return loads;
}

struct Counts {
  std::map<ServerId, int> leaders;
  std::map<ServerId, int> replicas;
};

Counts Count(const ReplicaLists& lists) {
  Counts counts;
  for (const auto& [bucket, replicas] : lists) {
    ++counts.leaders[replicas.front()];
    for (const ServerId server : replicas) ++counts.replicas[server];
  }
  return counts;
}

int Spread(const std::map<ServerId, int>& counts, int servers) {
  int low = static_cast<int>(counts.size()) < servers ? 0 : INT32_MAX;
  int high = 0;
  for (const auto& [server, count] : counts) {
    low = std::min(low, count);
    high = std::max(high, count);
  }
  return high - low;
}

}  // namespace

TEST_CASE("every bucket gets as many different servers as asked for", "[coordinator_state]") {
  for (int servers = 1; servers <= 6; ++servers) {
    for (int factor = 1; factor <= servers; ++factor) {
      const ReplicaLists lists = AssignReplicas(13, factor, Idle(servers), 5).value();
      REQUIRE(lists.size() == 13);
      int32_t next = 0;
      for (const auto& [bucket, replicas] : lists) {
        CHECK(bucket == BucketId(next++));
        CHECK(replicas.size() == static_cast<size_t>(factor));
        CHECK(std::set<ServerId>(replicas.begin(), replicas.end()).size() == replicas.size());
      }
    }
  }
}

TEST_CASE("leaders and replicas of one table differ by one at most between idle servers",
          "[coordinator_state]") {
  const int servers = GENERATE(range(1, 8));
  const int factor = GENERATE(range(1, 4));
  if (factor > servers) return;
  for (uint64_t start = 0; start < 10; ++start) {
    const Counts counts = Count(AssignReplicas(25, factor, Idle(servers), start).value());
    CHECK(Spread(counts.leaders, servers) <= 1);
    CHECK(Spread(counts.replicas, servers) <= 1);
  }
}

TEST_CASE("many one-bucket tables spread evenly, whatever their random starts",
          "[coordinator_state]") {
  std::vector<ServerLoad> loads = Idle(4);
  for (uint64_t table = 0; table < 40; ++table) {
    const ReplicaLists lists = AssignReplicas(1, 2, loads, table * table * 7919).value();
    for (const auto& [bucket, replicas] : lists) {
      for (const ServerId server : replicas) {
        ServerLoad& load = loads[static_cast<size_t>(server.value() - 1)];
        ++load.replicas;
        if (server == replicas.front()) ++load.leaders;
      }
    }
  }
  for (const ServerLoad& load : loads) {
    CHECK(load.leaders == 10);
    CHECK(std::abs(load.replicas - 20) <= 1);  // Leaders come first, so not always exactly.
  }
}

TEST_CASE("a server that joined empty gets the new buckets first", "[coordinator_state]") {
  const std::vector<ServerLoad> loads = {
      {ServerId(1), 6, 6}, {ServerId(2), 6, 6}, {ServerId(3), 0, 0}};
  const Counts counts = Count(AssignReplicas(6, 1, loads, 0).value());
  CHECK(counts.leaders == std::map<ServerId, int>{{ServerId(3), 6}});
}

TEST_CASE("a server with few leaders but many replicas leads, others follow",
          "[coordinator_state]") {
  const std::vector<ServerLoad> loads = {
      {ServerId(1), 9, 1}, {ServerId(2), 2, 2}, {ServerId(3), 3, 2}};
  const ReplicaLists lists = AssignReplicas(1, 2, loads, 1).value();
  CHECK(lists.at(BucketId(0)) == std::vector<ServerId>{ServerId(1), ServerId(2)});
}

TEST_CASE("a leader's followers vary from round to round", "[coordinator_state]") {
  std::set<ServerId> followers_of_first;
  for (const auto& [bucket, replicas] : AssignReplicas(12, 2, Idle(4), 0).value()) {
    if (replicas[0] == ServerId(1)) followers_of_first.insert(replicas[1]);
  }
  CHECK(followers_of_first.size() > 1);
}

TEST_CASE("the same arguments give the same assignment, in whatever order servers are named",
          "[coordinator_state]") {
  std::vector<ServerLoad> loads = Idle(5);
  const ReplicaLists expected = AssignReplicas(8, 3, loads, 42).value();
  std::reverse(loads.begin(), loads.end());
  CHECK(AssignReplicas(8, 3, loads, 42).value() == expected);
  CHECK(AssignReplicas(8, 3, loads, 43).value() != expected);
}

TEST_CASE("more replicas than live servers are refused with both numbers", "[coordinator_state]") {
  const Status three = AssignReplicas(1, 3, Idle(2), 0).status();
  CHECK(three.code() == ErrorCode::kInvalidReplicationFactor);
  CHECK(three.message().find("3") != std::string_view::npos);
  CHECK(three.message().find("2") != std::string_view::npos);
  CHECK(AssignReplicas(1, 1, {}, 0).status().code() == ErrorCode::kInvalidReplicationFactor);
}

}  // namespace strom::coordinator
