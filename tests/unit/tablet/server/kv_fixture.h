#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/kv.pb.h"
#include "tests/unit/tablet/server/server_fixture.h"

namespace strom::tablet {

// A tablet server that leads the two buckets of the primary-key table db.t (see kv_testing.h), and
// what its clients ask.
class KvServerFixture : public ServerFixture {
 public:
  static constexpr auto kClients = rpc::Audience::kFlussClients;

  explicit KvServerFixture(uint64_t seed = 1, PropertyMap properties = {},
                           bool name_nullable = true);

  template <class Entry>
  static ErrorCode CodeOf(const Entry& entry) {
    return entry.has_error_code() ? static_cast<ErrorCode>(entry.error_code()) : ErrorCode::kOk;
  }

  static pb::PutKvRequest PutRequest(TableId table, std::vector<std::pair<int, Bytes>> buckets,
                                     int acks = -1);
  pb::PbPutKvRespForBucket Put(Bytes batch, int bucket = 0);
  pb::PbPutKvRespForBucket PutAtVersion(int16_t version, Bytes batch);

  static pb::LookupRequest LookupRequest(TableId table, std::vector<std::pair<int, int>> keys);
  // The texts of the rows with these ids in bucket 0; "" where there is none.
  std::vector<std::string> Lookup(const std::vector<int>& ids);
  std::vector<std::string> AllRows();
  // Of the changelog of bucket 0.
  std::vector<std::string> AllChanges();

  // After a crash or a restart: tells the server again what it leads.
  void LeadAgain(int coordinator_epoch = 1);
  const TableInfo& info() const { return *info_; }

  TableId table;

 private:
  std::optional<TableInfo> info_;
};

}  // namespace strom::tablet
