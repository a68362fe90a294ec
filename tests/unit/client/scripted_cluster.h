#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/rpc/network.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/types/table_descriptor.h"
#include "proto/admin.pb.h"
#include "proto/kv.pb.h"
#include "proto/log.pb.h"
#include "proto/metadata.pb.h"

namespace strom::client {

// The log of one bucket: real batches, offsets and the sequence check of a leader.
class ScriptedLog {
 public:
  // As a leader appends: the first offset, or error 31. A batch it knows is not appended again.
  Result<LogOffset> Append(Bytes batch);
  // Batches from the one with `from` on, up to `bytes_max`, at least one if there is one.
  // Errors: kLogOffsetOutOfRange.
  Result<std::vector<BytesView>> Read(LogOffset from, size_t bytes_max) const;

  LogOffset start;  // Older batches are gone.
  LogOffset end;
  std::vector<Bytes> batches;
  std::map<WriterId, std::deque<std::pair<BatchSequence, LogOffset>>> writers;
  int duplicates = 0;  // Batches refused because they were there.
};

struct ScriptedTable;

// The rows of one bucket of a primary-key table: real batches, merged as by the default engine.
class ScriptedKv {
 public:
  // As a leader puts: `log` gets the changelog, and checks the sequence. The end of the changelog.
  Result<LogOffset> Put(const ScriptedTable& table, BytesView batch,
                        const std::vector<int32_t>& target_columns, ScriptedLog& log);

  std::map<Bytes, Bytes> rows;  // Stored values by encoded key.
};

struct ScriptedTable {
  TableInfo info;
  std::map<SchemaId, Schema> schemas;
  std::map<BucketId, std::optional<int>> leaders;  // Number of the server.
  std::map<BucketId, ScriptedLog> logs;            // Shared by all servers: replicas never lag.
  std::map<BucketId, ScriptedKv> kvs;              // The same, of primary-key tables.
};

// What a server was asked to append.
struct SeenBatch {
  int server;
  BucketId bucket;
  WriterId writer;
  BatchSequence sequence;
  int32_t record_count;
};

// What a server was asked to look up.
struct SeenLookup {
  int server;
  BucketId bucket;
  int key_count;
};

// What a bucket answers to a write instead of the truth.
struct Refusal {
  ErrorCode code;
  bool append_first = false;  // The batch gets into the log all the same.
};

// Tablet servers, and a coordinator on the first of them, whose answers a test can script: enough
// of a cluster for a client, over any rpc::Network. Thread-safe; fields are touched by tests while
// no request is under way.
class ScriptedCluster {
 public:
  ScriptedCluster(runtime::Executor& executor, const runtime::Clock& clock)
      : executor_(executor), clock_(clock) {}

  // Fails the requests that are held; before their network goes.
  void FailHeld();

  // A server with the next number. Its dispatcher goes to Network::Listen, its address here.
  const rpc::Dispatcher& AddServer();
  void SetAddress(int server, const rpc::Endpoint& endpoint);

  ScriptedTable& AddTable(const TablePath& path, TableDescriptor descriptor);
  ScriptedTable& table(const TablePath& path) { return *tables_.at(path); }
  bool HasTable(const TablePath& path) const { return tables_.contains(path); }
  void MoveLeader(const TablePath& path, BucketId bucket, std::optional<int> server);
  // All rows of a bucket's log.
  size_t RecordCount(const TablePath& path, BucketId bucket);

  // -- Scripts

  std::map<BucketId, std::deque<Refusal>> produce_script;  // One entry for each batch that comes.
  std::map<BucketId, std::deque<ErrorCode>> fetch_script;
  std::deque<ErrorCode> init_writer_script;
  std::deque<ErrorCode> admin_script;  // Of CreateTable and GetTableInfo.
  bool hold_produce = false;           // Writes are not answered until Release.
  bool hold_lookups = false;           // Nor are these.
  std::set<int> gone;                  // Servers that have left the cluster, says everybody.
  std::map<BucketId, std::deque<ErrorCode>> lookup_script;  // Of both kinds.
  std::map<BucketId, std::deque<ErrorCode>> scan_script;    // Of ScanKv and LimitScan.
  float kv_pressure = 0;                                    // Of each answer to PutKv.
  bool serves_scan_kv = true;                               // Before the first connection.
  // Changes a lookup's answer on its way.
  absl::AnyInvocable<void(pb::LookupResponse&)> distort_lookup;
  size_t held() const { return held_.size(); }
  void Release(size_t count = SIZE_MAX);

  // -- What was asked

  std::vector<SeenBatch> seen;
  std::vector<SeenLookup> lookups;
  std::vector<int32_t> target_columns;  // Of the last PutKv.
  int scan_count = 0;                   // Requests of ScanKv, without those that close.
  size_t open_scans() const { return scans_.size(); }
  int metadata_count = 0;
  int init_writer_count = 0;
  int fetch_count = 0;
  int fetches_under_way = 0;
  int fetches_under_way_max = 0;
  int list_offsets_count = 0;
  std::optional<pb::FetchLogRequest> last_fetch;
  WriterId last_writer{0};

 private:
  struct Server {
    std::unique_ptr<rpc::Dispatcher> dispatcher;
    rpc::Endpoint endpoint;
  };
  struct Scan {
    ScriptedTable* table;
    BucketId bucket;
    std::deque<Bytes> values;
    int32_t next_call = 1;
  };
  // A fetch that waits for records.
  struct LongPoll {
    int server;
    rpc::Ref<pb::FetchLogRequest> request;
    rpc::Responder<pb::FetchLogResponse> respond;
  };

  template <class Req, class Resp>
  void Handle(int server, const rpc::Method<Req, Resp>& method,
              void (ScriptedCluster::*handler)(int, rpc::Ref<Req>, rpc::Responder<Resp>));

  void Metadata(int, rpc::Ref<pb::MetadataRequest>, rpc::Responder<pb::MetadataResponse>);
  void CreateTable(int, rpc::Ref<pb::CreateTableRequest>, rpc::Responder<pb::CreateTableResponse>);
  void DropTable(int, rpc::Ref<pb::DropTableRequest>, rpc::Responder<pb::DropTableResponse>);
  void GetTableInfo(int, rpc::Ref<pb::GetTableInfoRequest>,
                    rpc::Responder<pb::GetTableInfoResponse>);
  void GetTableSchema(int, rpc::Ref<pb::GetTableSchemaRequest>,
                      rpc::Responder<pb::GetTableSchemaResponse>);
  void ListTables(int, rpc::Ref<pb::ListTablesRequest>, rpc::Responder<pb::ListTablesResponse>);
  void TableExists(int, rpc::Ref<pb::TableExistsRequest>, rpc::Responder<pb::TableExistsResponse>);
  void CreateDatabase(int, rpc::Ref<pb::CreateDatabaseRequest>,
                      rpc::Responder<pb::CreateDatabaseResponse>);
  void DropDatabase(int, rpc::Ref<pb::DropDatabaseRequest>,
                    rpc::Responder<pb::DropDatabaseResponse>);
  void ListDatabases(int, rpc::Ref<pb::ListDatabasesRequest>,
                     rpc::Responder<pb::ListDatabasesResponse>);
  void DatabaseExists(int, rpc::Ref<pb::DatabaseExistsRequest>,
                      rpc::Responder<pb::DatabaseExistsResponse>);
  void GetDatabaseInfo(int, rpc::Ref<pb::GetDatabaseInfoRequest>,
                       rpc::Responder<pb::GetDatabaseInfoResponse>);
  void InitWriter(int, rpc::Ref<pb::InitWriterRequest>, rpc::Responder<pb::InitWriterResponse>);
  void ProduceLog(int, rpc::Ref<pb::ProduceLogRequest>, rpc::Responder<pb::ProduceLogResponse>);
  void PutKv(int, rpc::Ref<pb::PutKvRequest>, rpc::Responder<pb::PutKvResponse>);
  void Lookup(int, rpc::Ref<pb::LookupRequest>, rpc::Responder<pb::LookupResponse>);
  void PrefixLookup(int, rpc::Ref<pb::PrefixLookupRequest>,
                    rpc::Responder<pb::PrefixLookupResponse>);
  void LimitScan(int, rpc::Ref<pb::LimitScanRequest>, rpc::Responder<pb::LimitScanResponse>);
  void ScanKv(int, rpc::Ref<pb::ScanKvRequest>, rpc::Responder<pb::ScanKvResponse>);
  void FetchLog(int, rpc::Ref<pb::FetchLogRequest>, rpc::Responder<pb::FetchLogResponse>);
  void ListOffsets(int, rpc::Ref<pb::ListOffsetsRequest>, rpc::Responder<pb::ListOffsetsResponse>);

  ScriptedTable* Find(const pb::PbTablePath& path);
  ScriptedTable* Find(int64_t id);
  // The table's bucket, if `server` leads it.
  Status CheckLeader(int server, const ScriptedTable* table, BucketId bucket) const;
  // Answers now, or at Release if `hold`.
  template <class Resp>
  void Answer(bool hold, rpc::Responder<Resp> respond, Resp response);
  Result<LogOffset> Produce(int server, ScriptedTable* table,
                            const pb::PbProduceLogReqForBucket& entry);
  // What the script says of the next write to a bucket, which `append` does.
  Result<LogOffset> WriteAsScripted(int server, ScriptedTable* table, BucketId bucket,
                                    absl::AnyInvocable<Result<LogOffset>()> append);
  Result<LogOffset> Put(int server, ScriptedTable* table, const pb::PbPutKvReqForBucket& entry);
  Status ScanPiece(int server, const pb::ScanKvRequest& request, pb::ScanKvResponse* response);
  // Whether there was anything to tell.
  bool Fetch(int server, const pb::FetchLogRequest& request, pb::FetchLogResponse* response);
  Status FetchBucket(int server, ScriptedTable* table, const pb::PbFetchLogReqForTable& request,
                     const pb::PbFetchLogReqForBucket& asked, pb::PbFetchLogRespForBucket* entry);
  void WakeLongPolls();
  void EndLongPoll(uint64_t id);

  runtime::Executor& executor_;
  const runtime::Clock& clock_;
  absl::Mutex mutex_;
  std::vector<Server> servers_;
  std::map<TablePath, std::unique_ptr<ScriptedTable>> tables_;
  std::set<std::string> databases_ = {"db"};
  int64_t last_table_id_ = 0;
  // Ends a held request: with its answer, or with the error given.
  std::deque<absl::AnyInvocable<void(const Status&)>> held_;
  std::map<Bytes, Scan> scans_;
  int last_scan_ = 0;
  std::map<uint64_t, LongPoll> long_polls_;
  uint64_t last_long_poll_ = 0;
};

template <class Resp>
void ScriptedCluster::Answer(bool hold, rpc::Responder<Resp> respond, Resp response) {
  if (!hold) return std::move(respond).Ok(response);
  held_.emplace_back(
      [respond = std::move(respond), response = std::move(response)](const Status& status) mutable {
        if (status.ok()) {
          std::move(respond).Ok(response);
        } else {
          std::move(respond).Fail(status);
        }
      });
}

}  // namespace strom::client
