#include "tablet/server/scan_kv_service.h"

#include <algorithm>
#include <utility>

#include "common/convert/bucket.h"
#include "common/convert/error.h"
#include "common/record/value_batch.h"
#include "proto/kv.pb.h"

namespace strom::tablet {
namespace {

using Respond = rpc::Responder<pb::ScanKvResponse>;

void AnswerError(const Status& status, Respond respond) {
  pb::ScanKvResponse response;
  convert::SetError(status, &response, convert::ErrorText::kAlways);
  std::move(respond).Ok(response);
}

TableBucket BucketOf(const pb::PbScanReqForBucket& asked) {
  return convert::BucketOf(TableId(asked.table_id()), asked);
}

}  // namespace

// Reads pieces, and ends sessions that are old. Outlives the service as long as that takes.
class ScanKvService::Scanner : public std::enable_shared_from_this<Scanner> {
 public:
  Scanner(runtime::Executor& blocking, const runtime::Clock& clock, ScanSessions::Options options)
      : blocking_(blocking), clock_(clock), sessions_(options) {}

  ScanSessions& sessions() { return sessions_; }

  // Answers with the next piece; a call of the session is under way.
  void Read(std::string id, std::shared_ptr<BucketScan> scan, size_t size_max, bool is_first,
            Respond respond) {
    blocking_.Post([self = shared_from_this(), id = std::move(id), scan = std::move(scan), size_max,
                    is_first, respond = std::move(respond)]() mutable {
      auto piece = scan->Next(size_max);
      if (!piece.ok()) {
        self->sessions_.Close(id);
        return AnswerError(piece.status(), std::move(respond));
      }
      pb::ScanKvResponse response;
      response.set_has_more_results(!piece->last);
      if (is_first) response.set_log_offset(scan->log_offset().value());
      if (piece->values.size() > record::kValueBatchHeaderSize) {
        response.set_scanner_id(id);
        response.set_records(std::move(piece->values));
      }
      if (piece->last) {
        self->sessions_.Close(id);
      } else {
        self->sessions_.Park(id, std::move(scan), self->clock_.Now());
        if (is_first) self->ArmTimer();
      }
      std::move(respond).Ok(response);
    });
  }

  void Stop() {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
    if (armed_) blocking_.Cancel(*armed_);
  }

 private:
  // One timer at a time, while there are sessions.
  void ArmTimer() {
    absl::MutexLock lock(&mutex_);
    if (armed_ || stopped_) return;
    Arm();
  }

  void Arm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    armed_.reset();
    const auto next = sessions_.Expire(clock_.Now());
    if (!next) return;
    armed_ = blocking_.PostAt(*next, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      absl::MutexLock lock(&self->mutex_);
      if (!self->stopped_) self->Arm();
    });
  }

  runtime::Executor& blocking_;
  const runtime::Clock& clock_;
  ScanSessions sessions_;
  absl::Mutex mutex_;
  std::optional<runtime::TimerId> armed_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

ScanKvService::ScanKvService(const BucketLookup& buckets, runtime::Executor& blocking,
                             const runtime::Clock& clock, runtime::Random& random,
                             const rpc::Authorizer& authorizer, Options options)
    : buckets_(buckets),
      random_(random),
      authorizer_(authorizer),
      batch_size_max_(options.batch_size_max),
      scanner_(std::make_shared<Scanner>(blocking, clock, options.sessions)) {}

ScanKvService::~ScanKvService() { scanner_->Stop(); }

void ScanKvService::Register(rpc::Dispatcher& dispatcher) {
  dispatcher.Handle(rpc::kScanKv, *this, &ScanKvService::ScanKv);
}

Status ScanKvService::CheckRequest(const pb::ScanKvRequest& request) {
  if (request.has_scanner_id() == request.has_bucket_scan_req()) {
    return Error(ErrorCode::kInvalidScanRequest, "ScanKv: {} of scanner id and bucket, must be one",
                 request.has_scanner_id() ? "both" : "neither");
  }
  if (request.close_scanner()) {
    if (!request.has_bucket_scan_req()) return Status::Ok();
    return Error(ErrorCode::kInvalidScanRequest, "ScanKv: a scan cannot be opened and closed");
  }
  if (request.batch_size_bytes() <= 0) {
    return Error(ErrorCode::kInvalidScanRequest, "ScanKv: batch size {} bytes, must be above 0",
                 request.batch_size_bytes());
  }
  if (!request.has_bucket_scan_req()) return Status::Ok();
  if (request.has_call_seq_id() && request.call_seq_id() != 0) {
    return Error(ErrorCode::kInvalidScanRequest, "ScanKv: a scan begins with call 0, not {}",
                 request.call_seq_id());
  }
  if (request.bucket_scan_req().has_limit() && request.bucket_scan_req().limit() <= 0) {
    return Error(ErrorCode::kInvalidScanRequest, "ScanKv: limit {}, must be above 0",
                 request.bucket_scan_req().limit());
  }
  return Status::Ok();
}

Status ScanKvService::MayRead(const rpc::RequestContext& ctx,
                              const pb::ScanKvRequest& request) const {
  std::optional<TableId> table;
  if (request.has_bucket_scan_req()) {
    table = TableId(request.bucket_scan_req().table_id());
  } else if (const auto bucket = scanner_->sessions().BucketOf(request.scanner_id())) {
    table = bucket->table;
  }
  return table ? authorizer_.Check(ctx, rpc::Operation::kRead, *table) : Status::Ok();
}

std::string ScanKvService::NewId() {
  return fmt::format("{:016x}{:016x}", random_.Next(), random_.Next());
}

void ScanKvService::ScanKv(const rpc::RequestContext& ctx, rpc::Ref<pb::ScanKvRequest> request,
                           Respond respond) {
  ScanSessions& sessions = scanner_->sessions();
  if (Status s = MayRead(ctx, *request); !s.ok()) return AnswerError(s, std::move(respond));
  if (Status s = CheckRequest(*request); !s.ok()) {
    if (request->has_scanner_id()) sessions.Close(request->scanner_id());
    return AnswerError(s, std::move(respond));
  }
  if (request->close_scanner()) {
    sessions.Close(request->scanner_id());
    pb::ScanKvResponse response;
    response.set_scanner_id(request->scanner_id());
    response.set_has_more_results(false);
    return std::move(respond).Ok(response);
  }
  const size_t size_max =
      std::min(static_cast<size_t>(request->batch_size_bytes()), batch_size_max_);
  if (request->has_scanner_id()) {
    const auto call =
        request->has_call_seq_id() ? std::optional(request->call_seq_id()) : std::nullopt;
    auto scan = sessions.Begin(request->scanner_id(), call);
    if (!scan.ok()) return AnswerError(scan.status(), std::move(respond));
    return scanner_->Read(request->scanner_id(), *std::move(scan), size_max, false,
                          std::move(respond));
  }
  const pb::PbScanReqForBucket& asked = request->bucket_scan_req();
  const auto replica = buckets_.Find(BucketOf(asked));
  if (!replica.ok()) return AnswerError(replica.status(), std::move(respond));
  std::string id = NewId();
  if (Status s = sessions.Open(id, BucketOf(asked)); !s.ok()) {
    return AnswerError(s, std::move(respond));
  }
  (*replica)->OpenScan(
      asked.has_limit() ? std::optional(asked.limit()) : std::nullopt,
      [scanner = scanner_, id = std::move(id), size_max,
       respond = std::move(respond)](Result<std::shared_ptr<BucketScan>> scan) mutable {
        if (scan.ok()) {
          return scanner->Read(std::move(id), *std::move(scan), size_max, true, std::move(respond));
        }
        scanner->sessions().Close(id);
        AnswerError(scan.status(), std::move(respond));
      });
}

}  // namespace strom::tablet
