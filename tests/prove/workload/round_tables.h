#pragma once

#include <string>
#include <vector>

#include "client/include/strom/connection.h"
#include "common/record/record_schema.h"
#include "tests/prove/judge/prove_options.h"

namespace strom::prove {

// A table of a round, and keys of rows by the bucket they go to.
struct RoundTable {
  TableInfo info;
  record::RecordSchema schema;
  std::vector<std::vector<int64_t>> keys;

  TableBucket bucket(int number) const {
    return {.table = info.id, .partition = {}, .bucket = BucketId(number)};
  }
};

// The two tables of a round, each of rows (k BIGINT, v BIGINT). In the log table k is a writer's
// number, by which the bucket is chosen, and v ascends with the writer's appends; in the
// primary-key table v is a value that is written once.
struct RoundTables {
  RoundTable log;
  RoundTable keyed;
};

// Makes them, with three replicas each. Waits. Errors: the cluster's.
Result<RoundTables> MakeRoundTables(client::Admin& admin, const ProveOptions& options, int round,
                                    int keys_of_bucket);
// Errors: the cluster's.
Status DropRoundTables(client::Admin& admin, const RoundTables& tables);

}  // namespace strom::prove
