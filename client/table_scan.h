#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "client/cluster.h"
#include "client/include/strom/table_reader.h"
#include "client/promise.h"
#include "client/value_reader.h"
#include "common/runtime/strand.h"
#include "proto/pb.h"

namespace strom::v1 {
class LimitScanResponse;
class ScanKvResponse;
}  // namespace strom::v1

namespace strom::client {

// What is behind a TableReader: one request at a time, made by Next or by the answer before. Its
// state belongs to its strand.
class TableScan : public std::enable_shared_from_this<TableScan> {
 public:
  // Errors: see Connection::NewTableReader.
  static Result<std::shared_ptr<TableScan>> Make(std::shared_ptr<Cluster> cluster,
                                                 const TableInfo& table,
                                                 const TableReaderOptions& options);
  TableScan(std::shared_ptr<Cluster> cluster, TableInfo table, std::shared_ptr<ValueReader> values,
            const TableReaderOptions& options);

  const std::shared_ptr<Cluster>& cluster() const { return cluster_; }
  const ValueReader& values() const { return *values_; }

  Future<std::vector<TableRow>> Next();
  std::optional<LogOffset> LogOffsetOf(BucketId bucket) const;
  // Ends the scan at the server.
  void Close();

 private:
  // A scan that a server holds for us.
  struct Session {
    ServerNode server;
    Bytes id;
    int32_t next_call = 1;
  };
  // Records of the current bucket, and whether there are more.
  struct Piece {
    std::shared_ptr<const Bytes> records;  // A value batch, or empty.
    bool last = true;
  };

  void Step();
  void AskScan(const ServerNode& server);
  void AskWhole(const ServerNode& server);
  void OnScan(const ServerNode& server, const Result<pb::ScanKvResponse>& response);
  void OnWhole(const Result<pb::LimitScanResponse>& response);
  // Notes what the answer says of the session. Errors: what the server answered.
  Result<Piece> PieceOf(const ServerNode& server, const pb::ScanKvResponse& response);
  void OnPiece(const Piece& piece);
  void GiveRows(const std::vector<record::ValueRecord>& values, const Status& learnt, bool last);
  void OnError(const Status& status);
  void OnRefreshed(const Status& status);
  void EndWith(const Status& status);
  void CloseSession();
  void BeginBucket(BucketId bucket);

  const std::shared_ptr<Cluster> cluster_;
  const TableInfo table_;
  const std::shared_ptr<ValueReader> values_;
  const TableReaderOptions options_;
  runtime::Strand strand_;

  bool closed_ = false;
  std::optional<Promise<std::vector<TableRow>>> promise_;  // While a call of Next is under way.
  Status error_;                                           // That ended the reading.
  BucketId bucket_{0};                                     // The one that is read,
  std::optional<MonoTime> begin_by_;                       // must have begun by then,
  int failures_ = 0;                                       // and failed so often to.
  std::optional<Session> session_;
  bool whole_buckets_ = false;  // There are no full scans.
  // Changes while a call of Next is under way only; else its caller reads it.
  std::map<BucketId, LogOffset> log_offsets_;
};

}  // namespace strom::client
