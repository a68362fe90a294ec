#pragma once

#include <map>
#include <memory>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "client/cluster.h"
#include "common/base/bytes.h"
#include "common/record/value_batch.h"
#include "common/types/ids.h"

namespace strom::client {

enum class LookupKind : uint8_t { kKey, kPrefix };
inline constexpr size_t kLookupKinds = 2;

// What a bucket found: for each key, in order, the values. They point into `owner`.
struct LookupAnswer {
  std::vector<std::vector<record::ValueRecord>> found;
  std::shared_ptr<const void> owner;
};
using LookupAnswers = std::map<BucketId, Result<LookupAnswer>>;

struct LookupKeys {
  BucketId bucket;
  std::vector<BytesView> keys;
};

// One Lookup or PrefixLookup. `done` as that of Cluster::Call; buckets that the server left out are
// missing. Errors of a bucket: those of the server; kCorruptMessage for another number of results
// than of keys, and for values that do not read.
void SendLookup(Cluster& cluster, const ServerNode& server, LookupKind kind, TableId table,
                const std::vector<LookupKeys>& asked, MonoTime deadline,
                absl::AnyInvocable<void(Result<LookupAnswers>)> done);

}  // namespace strom::client
