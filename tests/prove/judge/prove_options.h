#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/types/ids.h"

namespace strom::prove {

// What strom-prove was asked for.
struct ProveOptions {
  std::vector<std::string> servers;      // --servers HOST:PORT,…
  std::string zookeeper;                 // --zookeeper HOST:PORT
  std::map<ServerId, std::string> data;  // --data ID=DIR,…: of the tablet servers
  int buckets = 6;                       // --buckets N: of the log table, and of the other one
  double rate = 25;                      // --rate R: of writes and of lookups of a bucket, 1/s
  std::string durability = "durable";    // --durability durable|replicated
  size_t operations_max = 3'000'000;     // --operations N: of a round; no more are remembered
};

inline constexpr const char* kProveUsage =
    "strom-prove --servers HOST:PORT,… --zookeeper HOST:PORT --data ID=DIR,…\n"
    "            [--buckets N] [--rate R] [--durability durable|replicated] [--operations N]\n"
    "Commands on standard input, a line each, are answered with a line of JSON each:\n"
    "  begin             a round: new tables, writers, readers\n"
    "  leaders           who leads how many buckets\n"
    "  watch             looks for windows without service from now on\n"
    "  unwatch NAME ID   ends that; ID: the server that something was done to, or -\n"
    "  served SECONDS W  waits until every bucket has served what was asked from now on; W: all,\n"
    "                    or writes\n"
    "  full SECONDS      waits until all replicas are in sync\n"
    "  process ID        the process of this server ends, or another one begins\n"
    "  judge             ends the round and judges it\n"
    "  summary           all windows so far\n";

// Errors: kInvalidConfig naming the argument.
Result<ProveOptions> ParseProveOptions(const std::vector<std::string>& arguments);

}  // namespace strom::prove
