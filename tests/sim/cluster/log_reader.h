#pragma once

#include <functional>
#include <memory>

#include "client/cluster.h"
#include "common/record/record_schema.h"
#include "proto/log.pb.h"
#include "tests/sim/checkers/history.h"
#include "tests/sim/cluster/sim_host.h"

namespace strom::sim {

// Decodes batches of a table of this schema from offset `from` on; all complete ones.
Result<std::vector<LoggedRecord>> DecodeRecords(BytesView batches,
                                                const record::RecordSchema& schema, LogOffset from);

// Reads one bucket for ever, from its start on, wherever it is led; sometimes it goes back and
// reads again. Notes every answer. Runs on its host's executor.
class LogReader : public std::enable_shared_from_this<LogReader> {
 public:
  struct Options {
    TablePath path;
    TableBucket bucket;
    record::RecordSchema schema;
    int32_t fetch_bytes_max = 1 << 16;
    std::function<int(ServerId)> process_of;  // Which process of a server runs now.
  };

  LogReader(std::shared_ptr<client::Cluster> cluster, SimHost& host, Options options,
            History* history);

  void Start() { Ask(); }
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
  void Refresh();
  void AskLater(MonoDuration pause);

  const std::shared_ptr<client::Cluster> cluster_;
  SimHost& host_;
  const Options options_;
  History* const history_;
  LogOffset position_;
  LogOffset high_watermark_;
  bool straight_ = false;
  int unknown_processes_ = 0;
};

}  // namespace strom::sim
