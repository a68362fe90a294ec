#include "client/lookup_core.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "client/read_errors.h"

namespace strom::client {
namespace {

constexpr size_t kRequestBytesMax = size_t{1} << 20;  // Of the keys of one bucket.

}  // namespace

Result<std::shared_ptr<LookupCore>> LookupCore::Make(std::shared_ptr<Cluster> cluster,
                                                     const TableInfo& table,
                                                     const LookupOptions& options) {
  if (options.request_keys_max == 0 || options.in_flight_max < 1 || options.pending_keys_max == 0 ||
      (options.timeout && *options.timeout <= MonoDuration())) {
    return Error(ErrorCode::kInvalidConfig,
                 "{} keys of a request, {} requests of a bucket, {} pending keys, timeout {} ms: "
                 "all are above 0",
                 options.request_keys_max, options.in_flight_max, options.pending_keys_max,
                 options.timeout.value_or(cluster->request_timeout()).millis());
  }
  STROM_ASSIGN_OR_RETURN(KeyedTable keyed, KeyedTable::Make(table));
  STROM_ASSIGN_OR_RETURN(std::shared_ptr<ValueReader> values,
                         ValueReader::Make(cluster, table, options.columns));
  return std::make_shared<LookupCore>(std::move(cluster), std::move(keyed), std::move(values),
                                      options);
}

LookupCore::LookupCore(std::shared_ptr<Cluster> cluster, KeyedTable table,
                       std::shared_ptr<ValueReader> values, const LookupOptions& options)
    : cluster_(std::move(cluster)),
      table_(std::move(table)),
      values_(std::move(values)),
      options_(options),
      strand_(cluster_->executor()) {
  absl::MutexLock lock(&mutex_);
  for (std::vector<Line>& lines : lines_) {
    lines = std::vector<Line>(static_cast<size_t>(*table_.info().descriptor.bucket_count()));
  }
}

Status LookupCore::Named(const Status& status, std::optional<BucketId> bucket) const {
  return status.WithContext(bucket ? fmt::format("table {} bucket {}", table_.path(), *bucket)
                                   : fmt::format("table {}", table_.path()));
}

// -- Asking

void LookupCore::Ask(LookupKind kind, EncodedKey key, Done done) {
  Status refused;
  bool wake = false;
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) {
      refused = Error(ErrorCode::kOperationNotAttempted, "the lookup of table {} is closed",
                      table_.path());
    } else if (pending_ >= options_.pending_keys_max) {
      refused =
          Error(ErrorCode::kStorageBackpressure, "table {}: {} keys wait for their answers, {} may",
                table_.path(), pending_, options_.pending_keys_max);
    } else {
      ++pending_;
      const MonoTime now = cluster_->Now();
      Line& line = LineOf({kind, key.bucket});
      line.waiting.push_back(
          {.key = std::move(key.bytes),
           .deadline = now + options_.timeout.value_or(cluster_->request_timeout()),
           .last_error = {},
           .done = std::move(done)});
      // Else an answer or the timer wakes the sender; of a line that was empty there is no timer.
      wake = CanSend(line, now) || line.waiting.size() == 1;
    }
  }
  if (!refused.ok()) return done(std::move(refused));
  if (wake) WakeSender();
}

bool LookupCore::CanSend(const Line& line, MonoTime now) const {
  return !line.waiting.empty() && line.in_flight < options_.in_flight_max && now >= line.not_before;
}

void LookupCore::WakeSender() {
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(drain_scheduled_, true)) return;
  }
  strand_.Dispatch([self = shared_from_this()] { self->Drain(); });
}

// -- Sending

void LookupCore::Drain() {
  STROM_ASSERT_ON(strand_);
  bool leaderless = false;
  MonoTime wake;
  Questions expired;
  for (bool sent = true; sent;) {
    const std::shared_ptr<const ClusterMetadata> metadata = cluster_->metadata();
    std::map<std::pair<ServerId, LookupKind>, std::pair<ServerNode, std::vector<Outgoing>>>
        requests;
    {
      absl::MutexLock lock(&mutex_);
      drain_scheduled_ = false;
      const MonoTime now = cluster_->Now();
      wake = MonoTime::Infinite();
      for (const LookupKind kind : {LookupKind::kKey, LookupKind::kPrefix}) {
        for (size_t i = 0; i < lines_[static_cast<size_t>(kind)].size(); ++i) {
          const LineId id{kind, BucketId(static_cast<int32_t>(i))};
          Line& line = LineOf(id);
          TakeExpired(line, now, &expired);
          if (CanSend(line, now)) {
            if (const ServerNode* const leader = metadata->LeaderOf(table_.path(), id.bucket)) {
              auto& request =
                  requests.try_emplace({leader->id, kind}, *leader, std::vector<Outgoing>())
                      .first->second;
              request.second.push_back({id, TakeQuestions(line)});
              ++line.in_flight;
            } else {
              line.not_before = now + cluster_->Pause(++line.failures);
              leaderless = true;
            }
          }
          if (line.waiting.empty()) continue;
          wake = std::min(wake, line.waiting.front().deadline);
          if (line.not_before > now) wake = std::min(wake, line.not_before);
        }
      }
    }
    sent = !requests.empty();
    for (auto& [to, request] : requests) {
      Send(to.second, request.first, std::move(request.second));
    }
  }
  if (leaderless) RefreshMetadata();
  timer_.Arm(strand_, wake, weak_from_this(), [this] { Drain(); });
  if (expired.empty()) return;
  // Not here: the caller may be in Get.
  strand_.Post([self = shared_from_this(), expired = std::move(expired)]() mutable {
    for (Question& question : expired) {
      const Status& last = question.last_error;
      self->End(question, last.ok() ? self->Named(Error(ErrorCode::kRequestTimeOut,
                                                        "no leader was found in time"),
                                                  std::nullopt)
                                    : last.WithContext("not answered in time"));
    }
  });
}

void LookupCore::TakeExpired(Line& line, MonoTime now, Questions* expired) {
  for (; !line.waiting.empty() && line.waiting.front().deadline <= now; line.waiting.pop_front()) {
    expired->push_back(std::move(line.waiting.front()));
  }
}

LookupCore::Questions LookupCore::TakeQuestions(Line& line) {
  Questions taken;
  size_t bytes = 0;
  while (!line.waiting.empty() && taken.size() < options_.request_keys_max) {
    bytes += line.waiting.front().key.size();
    if (!taken.empty() && bytes > kRequestBytesMax) break;
    taken.push_back(std::move(line.waiting.front()));
    line.waiting.pop_front();
  }
  return taken;
}

void LookupCore::Send(LookupKind kind, const ServerNode& server, std::vector<Outgoing> asked) {
  std::vector<LookupKeys> keys;
  // The latest: one old question must not make the request fail for all.
  MonoTime latest;
  for (const Outgoing& one : asked) {
    LookupKeys& of_bucket = keys.emplace_back(LookupKeys{one.line.bucket, {}});
    for (const Question& question : one.questions) {
      of_bucket.keys.push_back(question.key);
      latest = std::max(latest, question.deadline);
    }
  }
  SendLookup(
      *cluster_, server, kind, table_.info().id, keys, std::min(cluster_->Deadline(), latest),
      [self = shared_from_this(), asked = std::move(asked)](Result<LookupAnswers> answers) mutable {
        LookupCore& core = *self;
        core.strand_.Post([self = std::move(self), asked = std::move(asked),
                           answers = std::move(answers)]() mutable {
          self->OnAnswers(std::move(asked), std::move(answers));
        });
      });
}

// -- Answers

void LookupCore::OnAnswers(std::vector<Outgoing> asked, Result<LookupAnswers> answers) {
  STROM_ASSERT_ON(strand_);
  for (Outgoing& one : asked) {
    {
      absl::MutexLock lock(&mutex_);
      --LineOf(one.line).in_flight;
    }
    if (!answers.ok()) {
      OnFailure(std::move(one), answers.status());
      continue;
    }
    const auto answer = answers->find(one.line.bucket);
    if (answer == answers->end()) {
      OnFailure(std::move(one),
                Error(ErrorCode::kCorruptMessage, "the answer leaves the bucket out"));
    } else if (!answer->second.ok()) {
      OnFailure(std::move(one), answer->second.status());
    } else {
      OnFound(std::move(one), *std::move(answer->second));
    }
  }
  Drain();
}

void LookupCore::OnFailure(Outgoing asked, const Status& status) {
  const ErrorCode code = status.code();
  const Status named = Named(status, asked.line.bucket);
  if (IsInvalidMetadata(code) || code == ErrorCode::kRequestTimeOut) RefreshMetadata();
  {
    absl::MutexLock lock(&mutex_);
    if (ReadMayPass(code) && !closed_ && !cluster_->closed()) {
      Line& line = LineOf(asked.line);
      line.not_before = cluster_->Now() + cluster_->Pause(++line.failures);
      for (Question& question : asked.questions) question.last_error = named;
      line.waiting.insert(line.waiting.begin(), std::make_move_iterator(asked.questions.begin()),
                          std::make_move_iterator(asked.questions.end()));
      return;
    }
  }
  for (Question& question : asked.questions) End(question, named);
}

void LookupCore::OnFound(Outgoing asked, LookupAnswer answer) {
  {
    absl::MutexLock lock(&mutex_);
    Line& line = LineOf(asked.line);
    line.failures = 0;
    line.not_before = MonoTime();
  }
  std::set<SchemaId> schemas;
  for (const auto& values : answer.found) {
    for (const record::ValueRecord& value : values) schemas.insert(value.schema_id);
  }
  values_->Learn(std::move(schemas), [self = shared_from_this(), asked = std::move(asked),
                                      answer = std::move(answer)](const Status& learnt) mutable {
    for (size_t i = 0; i < asked.questions.size(); ++i) {
      std::vector<Row> rows;
      Status status = learnt;
      for (const record::ValueRecord& value : answer.found[i]) {
        if (!status.ok()) break;
        Result<Row> row = self->values_->Read(value);
        status = row.status();
        if (row.ok()) rows.push_back(*std::move(row));
      }
      self->End(asked.questions[i],
                status.ok() ? Result<std::vector<Row>>(std::move(rows))
                            : Result<std::vector<Row>>(self->Named(status, asked.line.bucket)));
    }
  });
}

void LookupCore::End(Question& question, Result<std::vector<Row>> rows) {
  {
    absl::MutexLock lock(&mutex_);
    --pending_;
  }
  question.done(std::move(rows));
}

void LookupCore::RefreshMetadata() {
  if (std::exchange(refreshing_, true)) return;
  cluster_->Refresh(table_.path(), [self = shared_from_this()](const Status& status) {
    self->strand_.Post([self, status] {
      self->refreshing_ = false;
      const std::shared_ptr<const ClusterMetadata> metadata = self->cluster_->metadata();
      const TableLocation* const location = metadata->Find(self->table_.path());
      const TableId id = self->table_.info().id;
      if (status.code() == ErrorCode::kTableNotExist ||
          status.code() == ErrorCode::kAuthorization) {
        self->FailWaiting(status);
      } else if (status.ok() && location && location->id != id) {
        self->FailWaiting(Error(ErrorCode::kUnknownTableOrBucket,
                                "the table was dropped and created anew: its id is {}, was {}",
                                location->id, id));
      } else if (status.ok()) {
        absl::MutexLock lock(&self->mutex_);
        for (std::vector<Line>& lines : self->lines_) {
          for (size_t i = 0; i < lines.size(); ++i) {
            // Those that wait for a leader only. Who was refused keeps its pause.
            const BucketId bucket(static_cast<int32_t>(i));
            if (!lines[i].waiting.empty() && lines[i].waiting.front().last_error.ok() &&
                metadata->LeaderOf(self->table_.path(), bucket)) {
              lines[i].not_before = MonoTime();
            }
          }
        }
      }
      self->Drain();
    });
  });
}

// -- Ends

void LookupCore::FailWaiting(const Status& status) {
  Questions failed;
  {
    absl::MutexLock lock(&mutex_);
    for (std::vector<Line>& lines : lines_) {
      for (Line& line : lines) {
        std::move(line.waiting.begin(), line.waiting.end(), std::back_inserter(failed));
        line.waiting.clear();
      }
    }
  }
  for (Question& question : failed) End(question, Named(status, std::nullopt));
}

void LookupCore::Close() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  FailWaiting(Error(ErrorCode::kNetwork, "the lookup was closed before the answer"));
}

}  // namespace strom::client
