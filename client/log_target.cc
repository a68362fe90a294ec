#include "client/log_target.h"

#include "client/write_request.h"
#include "common/record/log_batch.h"
#include "common/rpc/methods.h"
#include "proto/log.pb.h"

namespace strom::client {
namespace {

class LogRows final : public BatchBuilder {
 public:
  explicit LogRows(record::LogBatchBuilder builder) : builder_(std::move(builder)) {}

  Status Add(const WriteRecord& record) override {
    return builder_.Append(record::ChangeType::kAppendOnly, *std::get<const Row*>(record.content));
  }
  size_t size() const override { return builder_.size(); }
  Result<Bytes> Build(const BatchIdentity& identity) const override {
    return builder_.Build(identity.writer, identity.sequence);
  }
  void Reset() override { builder_.Reset(); }

 private:
  record::LogBatchBuilder builder_;
};

}  // namespace

Result<WriteRecord> LogTarget::RecordOf(const Row& row) const {
  STROM_ASSIGN_OR_RETURN(const std::optional<BucketId> bucket, table_.BucketOf(row));
  return WriteRecord{.bucket = bucket, .size = EstimatedSize(row), .content = &row};
}

std::unique_ptr<BatchBuilder> LogTarget::NewBuilder() const {
  return std::make_unique<LogRows>(table_.NewBuilder());
}

Status LogTarget::SetIdentity(Bytes& batch, const BatchIdentity& identity) const {
  return record::SetWriter(batch, identity.writer, identity.sequence);
}

void LogTarget::Send(Cluster& cluster, const ServerNode& server, const Terms& terms,
                     const std::vector<BucketBatch>& batches, MonoTime deadline,
                     absl::AnyInvocable<void(Result<Answers>)> done) const {
  SendWriteRequest<pb::ProduceLogRequest, pb::ProduceLogResponse>(
      cluster, server, rpc::kProduceLog, {}, info().id, terms, batches, deadline,
      [](const pb::PbProduceLogRespForBucket& entry) {
        return Answer{.offset = entry.has_base_offset() && entry.base_offset() >= 0
                                    ? LogOffset(entry.base_offset())
                                    : kUnknownOffset};
      },
      std::move(done));
}

}  // namespace strom::client
