#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "client/cluster.h"
#include "common/record/record_schema.h"
#include "proto/log.pb.h"
#include "tests/sim/checkers/history.h"

namespace strom::sim {

// Of a column of integers; kNull if it holds none.
int64_t NumberOf(const Value& value);
// The BIGINT columns behind the first two of a row.
std::vector<int64_t> MoreOf(const Row& row, const record::RecordSchema& schema);

// Decodes batches of a table of this schema from offset `from` on; all complete ones.
Result<std::vector<LoggedRecord>> DecodeRecords(BytesView batches,
                                                const record::RecordSchema& schema, LogOffset from);

// Reads one bucket from its start on, wherever it is led, until it is stopped; sometimes it goes
// back and reads again. Tells of every answer that says something new. Any executor: one thing at a
// time happens; the methods may be called on any thread. Where retention was faster, it goes on at
// the beginning of the log, and tells of that.
class LogReader : public std::enable_shared_from_this<LogReader> {
 public:
  struct Options {
    TablePath path;
    TableBucket bucket;
    record::RecordSchema schema;
    int32_t fetch_bytes_max = 1 << 16;
    double again_share = 0.02;                // Of the answers behind which it goes back.
    std::function<int(ServerId)> process_of;  // Which process of a server runs now.
    std::function<void(BehindSeen)> behind = [](BehindSeen) {};  // See LogReader.
  };

  // `environment` is that of `cluster`.
  LogReader(std::shared_ptr<client::Cluster> cluster, client::Environment environment,
            Options options, std::function<void(FetchSeen)> seen);

  void Start() { Ask(); }
  // Asks no more; an answer under way is not told.
  void Stop() { stopped_ = true; }
  // Reads nothing again from now on, and as much at a time as there is.
  void GoStraight() { straight_ = true; }

  const TableBucket& bucket() const { return options_.bucket; }
  LogOffset position() const { return position_; }
  // Of the newest answer.
  LogOffset high_watermark() const { return high_watermark_; }

 private:
  void Ask();
  void OnAnswer(ServerId server, int process, MonoTime invoked,
                const Result<pb::FetchLogResponse>& answer);
  // What it wants next is no longer in the log: goes on where that begins.
  void Skip(BehindSeen seen);
  void Refresh();
  void AskLater(MonoDuration pause);

  const std::shared_ptr<client::Cluster> cluster_;
  const client::Environment environment_;
  const Options options_;
  const std::function<void(FetchSeen)> seen_;
  std::atomic<LogOffset> position_{LogOffset(0)};
  std::atomic<LogOffset> high_watermark_{LogOffset(0)};
  std::atomic<bool> straight_ = false;
  std::atomic<bool> stopped_ = false;
  int unknown_processes_ = 0;
};

}  // namespace strom::sim
