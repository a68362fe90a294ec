#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/include/strom/future.h"
#include "common/runtime/time.h"
#include "common/types/schema.h"
#include "common/types/value.h"

namespace strom::client {

struct LookupOptions {
  // Names of the columns wanted, in the order wanted; empty: all.
  std::vector<std::string> columns;
  size_t request_keys_max = 128;      // Of one bucket.
  int in_flight_max = 4;              // Requests of one bucket.
  size_t pending_keys_max = 100'000;  // Without an answer: beyond it, lookups are refused.
  // From the call to the answer, repeats included; none: the connection's request_timeout.
  std::optional<MonoDuration> timeout;
};

class LookupCore;

// Finds rows of a primary-key table by key, at the leaders of their buckets. Thread-safe; nothing
// here waits.
//
// There is no linger time: a key is asked for at once while its bucket has fewer than in_flight_max
// requests under way; others wait and then go together. Questions are asked again after errors that
// may pass, until the timeout. What a writer was acknowledged (with acks of all replicas) is found.
class Lookup {
 public:
  // Use Connection::NewLookup.
  explicit Lookup(std::shared_ptr<LookupCore> core);
  // Keys that wait fail with kNetwork.
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // The columns of the rows.
  const std::vector<Column>& columns() const;

  // The row whose primary key has these values, in the order of the key; none if there is no such
  // row. Errors: kCorruptRecord if the values do not fit the key, kStorageBackpressure if
  // pending_keys_max wait already, kTableNotExist, kUnknownTableOrBucket, kAuthorization,
  // kRequestTimeOut, kNetwork, kCorruptMessage for an answer that makes no sense.
  Future<std::optional<Row>> Get(const Row& key);

  // All rows whose bucket key has these values, in the order the server gives them. Possible if the
  // bucket key is a leading part of the primary key. Errors: as Get; kInvalidTable if it is not.
  Future<std::vector<Row>> GetByPrefix(const Row& bucket_key);

 private:
  const std::shared_ptr<LookupCore> core_;
};

}  // namespace strom::client
