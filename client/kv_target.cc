#include "client/kv_target.h"

#include <algorithm>

#include "client/write_request.h"
#include "common/rpc/methods.h"
#include "proto/kv.pb.h"

namespace strom::client {
namespace {

class KvRows final : public BatchBuilder {
 public:
  explicit KvRows(SchemaId schema) : schema_(schema), builder_(schema) {}

  Status Add(const WriteRecord& record) override {
    builder_.Append(std::get<record::KvRecord>(record.content));
    return Status::Ok();
  }
  size_t size() const override { return builder_.size(); }
  Result<Bytes> Build(const BatchIdentity& identity) const override {
    return builder_.Build(identity.writer, identity.sequence);
  }
  void Reset() override { builder_ = record::KvBatchBuilder(schema_); }

 private:
  const SchemaId schema_;
  record::KvBatchBuilder builder_;
};

}  // namespace

WriteRecord KvChange::record() const {
  const record::KvRecord content{.key = key.bytes,
                                 .row = row ? std::optional<BytesView>(*row) : std::nullopt};
  return {.bucket = key.bucket,
          .size = record::KvBatchBuilder::RecordSize(content),
          .content = content};
}

Result<KvChange> KvTarget::Upsert(const Row& row) const {
  Row scratch;
  STROM_ASSIGN_OR_RETURN(const Row* const wide, columns_.Widen(row, scratch));
  STROM_ASSIGN_OR_RETURN(EncodedKey key, table_.KeyOfRow(*wide));
  STROM_ASSIGN_OR_RETURN(Bytes bytes, table_.EncodeRow(*wide));
  return KvChange{std::move(key), std::move(bytes)};
}

Result<KvChange> KvTarget::Delete(const Row& row) const {
  STROM_RETURN_IF_ERROR(CheckDeletes());
  Row scratch;
  STROM_ASSIGN_OR_RETURN(const Row* const wide, columns_.Widen(row, scratch));
  STROM_ASSIGN_OR_RETURN(EncodedKey key, table_.KeyOfRow(*wide));
  return KvChange{std::move(key), std::nullopt};
}

Result<KvChange> KvTarget::DeleteKey(const Row& key) const {
  STROM_RETURN_IF_ERROR(CheckDeletes());
  STROM_ASSIGN_OR_RETURN(EncodedKey encoded, table_.KeyOf(key));
  return KvChange{std::move(encoded), std::nullopt};
}

Status KvTarget::CheckDeletes() const {
  if (table_.properties().EffectiveDeleteBehavior() != DeleteBehavior::kDisable) {
    return Status::Ok();
  }
  return Error(ErrorCode::kDeletionDisabled, "rows of table {} cannot be deleted", path());
}

Result<BucketId> KvChanges::Add(bool upsert, const Row& row) {
  if (!upsert) STROM_RETURN_IF_ERROR(target_.CheckDeletes());
  STROM_ASSIGN_OR_RETURN(const Row* const wide, target_.columns().Widen(row, scratch_));
  const KeyedTable& table = target_.table();
  const size_t start = bytes_.size();
  const auto append = [&]() -> Result<BucketId> {
    STROM_ASSIGN_OR_RETURN(const BucketId bucket, table.AppendKeyOfRow(bytes_, *wide));
    places_.push_back({bucket, start, bytes_.size(), upsert});
    if (upsert) {
      if (Status status = table.AppendRow(bytes_, *wide); !status.ok()) {
        places_.pop_back();
        return status;
      }
    }
    return bucket;
  };
  Result<BucketId> bucket = append();
  if (!bucket.ok()) bytes_.resize(start);
  return bucket;
}

std::vector<WriteRecord> KvChanges::records() const {
  std::vector<WriteRecord> records;
  records.reserve(places_.size());
  const BytesView bytes = bytes_;
  for (size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    const size_t end = i + 1 < places_.size() ? places_[i + 1].key : bytes.size();
    record::KvRecord content{.key = bytes.substr(place.key, place.row - place.key),
                             .row = std::nullopt};
    if (place.upsert) content.row = bytes.substr(place.row, end - place.row);
    records.push_back({.bucket = place.bucket,
                       .size = record::KvBatchBuilder::RecordSize(content),
                       .content = content});
  }
  return records;
}

std::unique_ptr<BatchBuilder> KvTarget::NewBuilder() const {
  return std::make_unique<KvRows>(info().schema_id);
}

Status KvTarget::SetIdentity(Bytes& batch, const BatchIdentity& identity) const {
  STROM_ASSIGN_OR_RETURN(const record::KvBatchView view, record::KvBatchView::Parse(batch));
  record::KvBatchBuilder builder(view.schema_id());
  for (const record::KvRecord& record : view.records()) builder.Append(record);
  batch = builder.Build(identity.writer, identity.sequence);
  return Status::Ok();
}

void KvTarget::Send(Cluster& cluster, const ServerNode& server, const Terms& terms,
                    const std::vector<BucketBatch>& batches, MonoTime deadline,
                    absl::AnyInvocable<void(Result<Answers>)> done) const {
  pb::PutKvRequest request;
  for (const int32_t position : columns_.positions()) request.add_target_columns(position);
  SendWriteRequest<pb::PutKvRequest, pb::PutKvResponse>(
      cluster, server, rpc::kPutKv, std::move(request), info().id, terms, batches, deadline,
      [](const pb::PbPutKvRespForBucket& entry) {
        return Answer{.offset = entry.has_log_end_offset() && entry.log_end_offset() >= 0
                                    ? LogOffset(entry.log_end_offset())
                                    : kUnknownOffset,
                      // NaN is none.
                      .pressure = entry.pressure() > 0 ? std::min(entry.pressure(), 1.0F) : 0};
      },
      std::move(done));
}

}  // namespace strom::client
