#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

#include "client/cluster.h"
#include "client/include/strom/lookup.h"
#include "client/keyed_table.h"
#include "client/lookup_request.h"
#include "client/value_reader.h"
#include "client/wake_timer.h"
#include "common/runtime/strand.h"

namespace strom::client {

// What is behind a Lookup.
//
// Keys are encoded on the threads that ask; requests are made and answered on the strand, without
// the lock. Answers are in no order, so a question that failed just waits again.
class LookupCore : public std::enable_shared_from_this<LookupCore> {
 public:
  using Done = absl::AnyInvocable<void(Result<std::vector<Row>>)>;

  // Errors: see Connection::NewLookup.
  static Result<std::shared_ptr<LookupCore>> Make(std::shared_ptr<Cluster> cluster,
                                                  const TableInfo& table,
                                                  const LookupOptions& options);
  LookupCore(std::shared_ptr<Cluster> cluster, KeyedTable table,
             std::shared_ptr<ValueReader> values, const LookupOptions& options);

  const std::shared_ptr<Cluster>& cluster() const { return cluster_; }
  const KeyedTable& table() const { return table_; }
  const ValueReader& values() const { return *values_; }

  // The rows at `key` or, kind kPrefix, below it. `done` is called once, on any thread, possibly
  // before this returns; dropped if the executor ends.
  void Ask(LookupKind kind, EncodedKey key, Done done);

  // Takes no more questions and fails those that wait.
  void Close();

 private:
  struct Question {
    Bytes key;
    MonoTime deadline;
    Status last_error;
    Done done;
  };
  using Questions = std::vector<Question>;
  // The questions of one kind for one bucket.
  struct Line {
    std::deque<Question> waiting;
    int in_flight = 0;
    int failures = 0;  // In a row.
    MonoTime not_before;
  };
  struct LineId {
    LookupKind kind;
    BucketId bucket;
  };
  struct Outgoing {
    LineId line;
    Questions questions;
  };

  Line& LineOf(LineId id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return lines_[static_cast<size_t>(id.kind)][static_cast<size_t>(id.bucket.value())];
  }
  bool CanSend(const Line& line, MonoTime now) const;
  void WakeSender();

  // On the strand:
  void Drain();
  // What may be sent to the leader of the line's bucket.
  Questions TakeQuestions(Line& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void TakeExpired(Line& line, MonoTime now, Questions* expired);
  void Send(LookupKind kind, const ServerNode& server, std::vector<Outgoing> asked);
  void OnAnswers(std::vector<Outgoing> asked, Result<LookupAnswers> answers);
  void OnFailure(Outgoing asked, const Status& status);
  void OnFound(Outgoing asked, LookupAnswer answer);
  void RefreshMetadata();
  void FailWaiting(const Status& status);
  // Ends a question that was taken.
  void End(Question& question, Result<std::vector<Row>> rows);
  Status Named(const Status& status, std::optional<BucketId> bucket) const;

  const std::shared_ptr<Cluster> cluster_;
  const KeyedTable table_;
  const std::shared_ptr<ValueReader> values_;
  const LookupOptions options_;
  runtime::Strand strand_;

  absl::Mutex mutex_;
  std::vector<Line> lines_[kLookupKinds] ABSL_GUARDED_BY(mutex_);  // By kind and bucket.
  size_t pending_ ABSL_GUARDED_BY(mutex_) = 0;                     // Questions without an answer.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool drain_scheduled_ ABSL_GUARDED_BY(mutex_) = false;

  // On the strand:
  bool refreshing_ = false;
  WakeTimer timer_;
};

}  // namespace strom::client
