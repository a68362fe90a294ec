// The part of WriterCore that runs on its strand: sends batches and takes answers.

#include <map>
#include <utility>

#include "client/retrying_call.h"
#include "client/writer_core.h"
#include "common/base/logging.h"
#include "common/convert/path.h"
#include "common/rpc/methods.h"
#include "proto/log.pb.h"

namespace strom::client {
namespace {

constexpr size_t kSpareBuildersMax = 16;

// How long a bucket rests after an answer: 3 s at full pressure, as Fluss's clients by default.
MonoDuration RestFor(float pressure) { return Micros(static_cast<int64_t>(pressure * 3'000'000)); }

WriteTarget::Answer AnswerOf(const Result<WriteTarget::Answers>& answers, BucketId bucket) {
  if (!answers.ok()) return {answers.status()};
  const auto answer = answers->find(bucket);
  if (answer != answers->end()) return answer->second;
  return {Error(ErrorCode::kUnknownServerError, "the answer leaves the bucket out")};
}

}  // namespace

void WriterCore::Drain() {
  STROM_ASSERT_ON(strand_);
  bool leaderless = false;
  bool lacks_writer_id = false;
  MonoTime wake;
  bool has_ended;
  for (bool sent = true; sent;) {
    const std::shared_ptr<const ClusterMetadata> metadata = cluster_->metadata();
    std::map<ServerId, std::pair<ServerNode, std::vector<Outgoing>>> servers;
    {
      absl::MutexLock lock(&mutex_);
      drain_scheduled_ = false;
      const MonoTime now = cluster_->Now();
      wake = MonoTime::Infinite();
      for (size_t i = 0; i < queues_.size(); ++i) {
        const BucketId bucket(static_cast<int32_t>(i));
        BucketQueue& queue = queues_[i];
        std::vector<BucketQueue::Ended> ended;
        queue.Expire(now, &ended);
        Collect(bucket, std::move(ended));
        if (queue.WantsWriterId(now)) {
          if (writer_id_ && *writer_id_ != queue.last_writer_id()) {
            queue.SetWriterId(*writer_id_);
          } else {
            lacks_writer_id = true;
          }
        }
        if (queue.CanSend(now)) {
          if (const ServerNode* const leader = metadata->LeaderOf(target_->path(), bucket)) {
            auto& server =
                servers.try_emplace(leader->id, *leader, std::vector<Outgoing>()).first->second;
            server.second.push_back({bucket, queue.TakeNext(now)});
          } else {
            queue.Pause(now + cluster_->Pause(leaderless_rounds_ + 1));
            leaderless = true;
          }
        }
        wake = std::min(wake, queue.NextWake(now));
      }
      has_ended = !ended_.empty();
    }
    sent = !servers.empty();
    if (sent) leaderless_rounds_ = 0;
    for (auto& [id, server] : servers) Send(server.first, std::move(server.second));
  }
  if (leaderless) {
    ++leaderless_rounds_;
    RefreshMetadata();
  }
  if (lacks_writer_id) AskWriterId();
  timer_.Arm(strand_, wake, weak_from_this(), [this] { Drain(); });
  // Not here: the caller may be in Write.
  if (has_ended) strand_.Post([self = shared_from_this()] { self->ReportEnded(); });
}

// One request, or several if their batches are too large for one.
void WriterCore::Send(const ServerNode& server, std::vector<Outgoing> batches) {
  std::vector<WriteTarget::BucketBatch> request;
  size_t size = 0;
  MonoTime deadline = cluster_->Deadline();
  std::vector<Outgoing> sent;
  const auto call = [&] {
    if (sent.empty()) return;
    target_->Send(
        *cluster_, server, {options_.acks, options_.fence}, request, deadline,
        [self = shared_from_this(),
         sent = std::exchange(sent, {})](Result<WriteTarget::Answers> answers) mutable {
          WriterCore& core = *self;
          core.strand_.Dispatch([self = std::move(self), sent = std::move(sent),
                                 answers = std::move(answers)] { self->OnAnswers(sent, answers); });
        });
    request.clear();
    size = 0;
    deadline = cluster_->Deadline();
  };
  for (Outgoing& one : batches) {
    if (Status status = Prepare(*one.batch); !status.ok()) {
      strand_.Post([self = shared_from_this(), one, status] { self->OnAnswers({one}, status); });
      continue;
    }
    if (size + one.batch->bytes.size() > options_.request_bytes_max) call();
    request.push_back({one.bucket, one.batch->bytes});
    size += one.batch->bytes.size();
    deadline = std::min(deadline, one.batch->deadline);
    sent.push_back(std::move(one));
  }
  call();
}

// Makes the bytes of a batch say its identity.
Status WriterCore::Prepare(WriteBatch& batch) {
  if (batch.builder) {
    STROM_ASSIGN_OR_RETURN(batch.bytes, batch.builder->Build(batch.identity));
    batch.builder->Reset();
    absl::MutexLock lock(&mutex_);
    if (spare_builders_.size() < kSpareBuildersMax) {
      spare_builders_.push_back(std::move(batch.builder));
    }
    batch.builder = nullptr;
  } else if (batch.built_as != batch.identity) {
    STROM_RETURN_IF_ERROR(target_->SetIdentity(batch.bytes, batch.identity));
  }
  batch.built_as = batch.identity;
  return Status::Ok();
}

void WriterCore::OnAnswers(const std::vector<Outgoing>& sent,
                           const Result<WriteTarget::Answers>& answers) {
  STROM_ASSERT_ON(strand_);
  bool refresh = false;
  {
    absl::MutexLock lock(&mutex_);
    for (const Outgoing& one : sent) {
      const WriteTarget::Answer answer = AnswerOf(answers, one.bucket);
      const Result<LogOffset>& outcome = answer.offset;
      if (!outcome.ok()) {
        STROM_LOG(kDebug, "table {} bucket {}: batch {}: {}", target_->path(), one.bucket,
                  one.batch->id, outcome.status().ToString());
        const ErrorCode code = outcome.status().code();
        refresh |=
            IsInvalidMetadata(code) || code == ErrorCode::kRequestTimeOut || IsIdentityError(code);
        if (code == ErrorCode::kFencedJobEpoch && fenced_.ok()) fenced_ = outcome.status();
      }
      BucketQueue& queue = QueueOf(one.bucket);
      std::vector<BucketQueue::Ended> ended;
      queue.OnAnswer(*one.batch, outcome, cluster_->Now() + cluster_->Pause(queue.failures() + 1),
                     &ended);
      if (answer.pressure > 0) queue.Pause(cluster_->Now() + RestFor(answer.pressure));
      Collect(one.bucket, std::move(ended));
    }
  }
  if (const Status fenced = this->fenced(); !fenced.ok()) {
    FailIdle(fenced);  // What is under way gets its own answers.
  } else if (refresh) {
    RefreshMetadata();
  }
  ReportEnded();
  Drain();
}

void WriterCore::AskWriterId() {
  if (std::exchange(asking_writer_id_, true)) return;
  pb::InitWriterRequest request;
  *request.add_table_path() = convert::ToPb(target_->path());
  CallWithRetries<pb::InitWriterRequest, pb::InitWriterResponse>(
      cluster_, Target::kTabletServer, Repeat::kAlways, rpc::kInitWriter, request,
      [self = shared_from_this()](const Result<pb::InitWriterResponse>& response) {
        Result<WriterId> id = response.status().ok()
                                  ? Result<WriterId>(WriterId(response->writer_id()))
                                  : Result<WriterId>(response.status());
        self->strand_.Dispatch([self, id = std::move(id)] { self->OnWriterId(id); });
      });
}

void WriterCore::OnWriterId(const Result<WriterId>& id) {
  asking_writer_id_ = false;
  if (id.ok() && *id > kNoWriter) {
    writer_id_ = *id;
  } else if (id.ok()) {
    FailIdle(Error(ErrorCode::kCorruptMessage, "the server gave writer id {}", *id));
  } else if (!IsRetriable(id.status().code()) || cluster_->closed()) {
    FailIdle(id.status().WithContext("no writer id"));
  }
  Drain();
}

void WriterCore::RefreshMetadata() {
  cluster_->Refresh(target_->path(), [self = shared_from_this()](const Status& status) {
    self->strand_.Dispatch([self, status] { self->OnRefreshed(status); });
  });
}

void WriterCore::OnRefreshed(const Status& status) {
  const std::shared_ptr<const ClusterMetadata> metadata = cluster_->metadata();
  const TableLocation* const location = metadata->Find(target_->path());
  if (status.code() == ErrorCode::kTableNotExist || status.code() == ErrorCode::kAuthorization) {
    FailIdle(status);
  } else if (status.ok() && location && location->id != target_->info().id) {
    FailIdle(Error(ErrorCode::kUnknownTableOrBucket,
                   "the table was dropped and created anew: its id is {}, was {}", location->id,
                   target_->info().id));
  } else if (status.ok()) {
    absl::MutexLock lock(&mutex_);
    for (size_t i = 0; i < queues_.size(); ++i) {
      const bool has_leader =
          metadata->LeaderOf(target_->path(), BucketId(static_cast<int32_t>(i))) != nullptr;
      if (has_leader && queues_[i].failures() == 0) queues_[i].Pause(MonoTime());
    }
  }
  Drain();
}

// All batches that are not under way fail: nothing can be done for them.
void WriterCore::FailIdle(const Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    for (size_t i = 0; i < queues_.size(); ++i) {
      std::vector<BucketQueue::Ended> ended;
      queues_[i].FailIdle(status, &ended);
      Collect(BucketId(static_cast<int32_t>(i)), std::move(ended));
    }
  }
  ReportEnded();
}

}  // namespace strom::client
