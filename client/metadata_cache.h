#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/any_invocable.h>
#include <absl/synchronization/mutex.h>

#include "client/channels.h"
#include "client/cluster_metadata.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/runtime/random.h"

namespace strom::client {

// The newest ClusterMetadata and how it is brought up to date: by asking a random tablet server,
// then the others, then the coordinator, then the addresses the user gave, until one answers. Who
// is silent keeps nobody waiting: the next one is asked, too, and the first answer counts.
//
// Thread-safe. Of each table one request is under way at most; who asks meanwhile is answered by
// the next one, so that every answer is younger than its question.
class MetadataCache : public std::enable_shared_from_this<MetadataCache> {
 public:
  struct Options {
    std::vector<HostPort> bootstrap;  // Not empty.
    MonoDuration attempt_timeout;     // Of one server.
    MonoDuration patience;            // Without an answer, until the next one is asked, too.
  };
  // Called once, on a transport thread or before Refresh returns.
  using Refreshed = absl::AnyInvocable<void(Status)>;

  MetadataCache(Options options, runtime::Executor& executor, const runtime::Clock& clock,
                runtime::Random& random, std::shared_ptr<Channels> channels);

  std::shared_ptr<const ClusterMetadata> Get() const;

  // Asks for the servers and, if named, for `table`; then Get() is up to date. Does not repeat
  // itself: callers pause and come back. Errors: kTableNotExist (also if it may not be seen),
  // kAuthorization and the like from a server; kNetwork or what the last server said.
  void Refresh(std::optional<TablePath> table, Refreshed done);

 private:
  using Subject = std::optional<TablePath>;
  struct Flight {
    std::vector<Refreshed> riding;   // Get the answer that is under way.
    std::vector<Refreshed> waiting;  // Asked later.
  };
  // One answer's making; its timer and the calls of it that are under way share it.
  struct Round {
    Subject table;
    std::vector<HostPort> candidates;  // Last first.
    int open = 0;                      // Calls without an answer.
    bool ended = false;
    Status last_error;
    runtime::TimerId timer = runtime::kNoTimer;
  };

  void Start(Subject table);
  void AskNext(const std::shared_ptr<Round>& round);
  void OnAnswer(const std::shared_ptr<Round>& round, const HostPort& server,
                const Result<Bytes>& answer);
  Status Take(const Subject& table, const Result<Bytes>& answer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const Subject& table, const Status& status);

  const Options options_;
  runtime::Executor& executor_;
  const runtime::Clock& clock_;
  runtime::Random& random_;
  const std::shared_ptr<Channels> channels_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const ClusterMetadata> metadata_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<const ClusterMetadata>();
  std::map<Subject, Flight> flights_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace strom::client
