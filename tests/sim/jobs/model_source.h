#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/runtime/notification.h"
#include "pipeline/cdc/lsn.h"
#include "pipeline/cdc/source_database.h"
#include "tests/sim/checkers/job_history.h"
#include "tests/sim/jobs/model_server.h"

namespace strom::sim {

// A row of the source, and its changes, as its log has them.
struct ModelChange {
  enum class Kind { kInsert, kUpdate, kDelete, kTruncate };
  size_t table = 0;
  Kind kind = Kind::kInsert;
  int64_t key = 0;                 // kTruncate: none.
  std::optional<int64_t> old_key;  // Of an update that changes it.
  JobRow row;                      // kInsert, kUpdate.
  JobRow old_row;                  // kUpdate, kDelete.
};

struct ModelTransaction {
  cdc::Lsn commit;  // Where its commit record begins, and where that ends.
  cdc::Lsn end;
  uint32_t xid = 0;
  int64_t micros = 0;
  std::vector<ModelChange> changes;
};

// A source database: tables of rows (key, version, more), a log of committed transactions, a
// publication, and one replication slot from which one session at a time streams the log in
// PostgreSQL's own protocol. What it lacks: transactions that overlap.
//
// `more` stands for a large value (TOAST): an update that leaves it as it is does not say what it
// is, unless the table's replica identity is full.
class ModelSource final : public ModelServer {
 public:
  struct Shape {
    int tables = 1;
    int keys = 8;
    bool full_identity = false;
    MonoDuration pause_max = Millis(100);  // Between two transactions.
  };

  ModelSource(SimScheduler& scheduler, Options options, Shape shape);

  static std::string TableName(size_t table) { return "t" + std::to_string(table); }
  static std::string Slot() { return "strom"; }

  // Transactions come now and then, until Finish.
  void Start() { CommitLater(); }
  void Finish() { finished_ = true; }
  // The process dies and comes back: sessions end, and the slot forgets the newest positions it was
  // told, which it keeps on disk now and then only.
  void Crash();

  // As `host` sees it. This outlives it.
  std::shared_ptr<cdc::SourceDatabase> From(const std::string& host);
  // Told of every position that somebody confirms, when it is sent.
  void SetConfirmObserver(std::function<void(cdc::Lsn)> observer) { on_confirm_ = observer; }

  const std::vector<ModelTransaction>& log() const { return log_; }
  const std::map<int64_t, JobRow>& rows(size_t table) const { return rows_.at(table); }
  // Whether the slot's keeper has said that it needs nothing of what is there again.
  bool all_confirmed() const;

 private:
  friend class ModelSession;
  friend class ModelStream;
  friend class ModelView;

  struct SlotState {
    cdc::Lsn confirmed;
    cdc::Lsn on_disk;      // What of it outlives a crash.
    uint64_t session = 0;  // Which streams from it; 0: none.
  };

  void CommitLater();
  void Commit();
  void AddChange(ModelTransaction& transaction, size_t table);
  void Truncate(ModelTransaction& transaction, size_t table);
  JobRow NextRow(size_t table, int64_t key);
  bool IsPublished(size_t table, cdc::Lsn at) const;
  void Wake();

  const Shape shape_;
  std::vector<std::map<int64_t, JobRow>> rows_;                // By table.
  std::map<std::pair<size_t, int64_t>, int64_t> versions_;     // The newest of each key.
  std::vector<ModelTransaction> log_;
  cdc::Lsn end_{0x1000};                                       // Of the log.
  std::map<size_t, cdc::Lsn> published_;                       // Since when.
  std::optional<SlotState> slot_;
  uint64_t sessions_ = 0;
  std::map<uint64_t, runtime::Notification*> waiting_;  // By session: who waits for news.
  std::function<void(cdc::Lsn)> on_confirm_;
  int64_t next_more_ = 1;
  bool finished_ = false;
};

}  // namespace strom::sim
