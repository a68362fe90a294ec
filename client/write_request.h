#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "client/write_target.h"
#include "common/convert/error.h"
#include "common/rpc/method.h"

namespace strom::client {

// WriteTarget::Send for a method whose messages are like those of ProduceLog. `request` says what
// is particular to the method, `answer_of` makes an Answer of a bucket's entry without an error.
template <class Req, class Resp, class AnswerOf>
void SendWriteRequest(Cluster& cluster, const ServerNode& server,
                      const rpc::Method<Req, Resp>& method, Req request, TableId table,
                      const WriteTarget::Terms& terms,
                      const std::vector<WriteTarget::BucketBatch>& batches, MonoTime deadline,
                      AnswerOf answer_of,
                      absl::AnyInvocable<void(Result<WriteTarget::Answers>)> done) {
  request.set_acks(static_cast<int32_t>(terms.acks));
  if (terms.fence) {
    request.set_job_group(terms.fence->group);
    request.set_job_epoch(terms.fence->epoch);
  }
  request.set_table_id(table.value());
  request.set_timeout_ms(
      static_cast<int32_t>(std::min<int64_t>(cluster.request_timeout().millis(), INT32_MAX)));
  for (const WriteTarget::BucketBatch& batch : batches) {
    auto& entry = *request.add_buckets_req();
    entry.set_bucket_id(batch.bucket.value());
    entry.set_records(Bytes(batch.bytes));
  }
  cluster.Call<Req, Resp>(
      server, Lane::kWrites, method, request, deadline,
      [answer_of, done = std::move(done)](const Result<Resp>& response) mutable {
        if (!response.ok()) return done(response.status());
        WriteTarget::Answers answers;
        for (const auto& entry : response->buckets_resp()) {
          const Status status = convert::ErrorOf(entry);
          answers.insert_or_assign(
              BucketId(entry.bucket_id()),
              status.ok() ? answer_of(entry) : WriteTarget::Answer{.offset = status});
        }
        done(std::move(answers));
      });
}

}  // namespace strom::client
