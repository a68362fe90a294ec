#pragma once

#include <memory>

#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/methods.h"
#include "common/runtime/clock.h"
#include "common/runtime/executor.h"
#include "common/runtime/random.h"
#include "tablet/server/bucket_lookup.h"
#include "tablet/server/scan_sessions.h"

namespace strom::tablet {

// Serves ScanKv: all rows of a bucket of a primary-key table as of one moment, piece by piece.
//
// Every error is inside the answer, and ends the session it is about. Sessions end with the
// leadership of their bucket, when they were read to the end, or when nobody used them for a while.
// Same rules as Fluss: fluss-wire-protocol.md, section 5.8. Any thread; outlives the dispatcher's
// listeners, as do its arguments.
class ScanKvService {
 public:
  struct Options {
    ScanSessions::Options sessions;
    size_t batch_size_max = size_t{10} << 20;  // kv.scanner.max-batch-size
  };

  // Scans read on `blocking`.
  ScanKvService(const BucketLookup& buckets, runtime::Executor& blocking,
                const runtime::Clock& clock, runtime::Random& random,
                const rpc::Authorizer& authorizer, Options options);
  ~ScanKvService();

  void Register(rpc::Dispatcher& dispatcher);

 private:
  class Scanner;  // What calls under way and timers keep.

  void ScanKv(const rpc::RequestContext& ctx, rpc::Ref<pb::ScanKvRequest> request,
              rpc::Responder<pb::ScanKvResponse> respond);
  // Errors: kAuthorization, kUnknownTableOrBucket.
  Status MayRead(const rpc::RequestContext& ctx, const pb::ScanKvRequest& request) const;
  // Errors: kInvalidScanRequest.
  static Status CheckRequest(const pb::ScanKvRequest& request);
  std::string NewId();

  const BucketLookup& buckets_;
  runtime::Random& random_;
  const rpc::Authorizer& authorizer_;
  const size_t batch_size_max_;
  const std::shared_ptr<Scanner> scanner_;
};

}  // namespace strom::tablet
