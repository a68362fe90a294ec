#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "client/cluster.h"
#include "client/include/strom/writer_options.h"
#include "common/record/kv_batch.h"
#include "common/types/table_descriptor.h"

namespace strom::client {

// Who wrote a batch, for the server's duplicate check: see fluss-wire-protocol.md, 5.6.
struct BatchIdentity {
  WriterId writer = kNoWriter;
  BatchSequence sequence = kNoSequence;

  friend bool operator==(const BatchIdentity&, const BatchIdentity&) = default;
};

// One row on its way into a batch.
struct WriteRecord {
  std::optional<BucketId> bucket;  // None: any.
  size_t size = 0;                 // What it takes in a batch, about.
  // A row of a log table, encoded by its batch; or a key, encoded, with its row or to be deleted.
  std::variant<const Row*, record::KvRecord> content;
};

// Collects the rows of one batch. Belongs to one owner at a time: see WriteBatch.
class BatchBuilder {
 public:
  virtual ~BatchBuilder() = default;

  // `record` is of the kind its table wants. On error nothing was added.
  // Errors: kCorruptRecord if a value does not fit its column, kRecordTooLarge.
  virtual Status Add(const WriteRecord& record) = 0;
  // Of the batch so far, before compression.
  virtual size_t size() const = 0;
  virtual Result<Bytes> Build(const BatchIdentity& identity) const = 0;
  // Forgets the rows.
  virtual void Reset() = 0;
};

// Where a writer's batches go: what tells log tables from primary-key tables. Immutable, so threads
// may share it. Made by LogTarget and KvTarget.
class WriteTarget {
 public:
  struct BucketBatch {
    BucketId bucket;
    BytesView bytes;
  };
  struct Answer {
    Result<LogOffset> offset;  // kUnknownOffset: written, but the server did not say where.
    float pressure = 0;        // How much the server wants writers to slow down: up to 1.
  };
  using Answers = std::map<BucketId, Answer>;

  virtual ~WriteTarget() = default;

  virtual const TableInfo& info() const = 0;
  const TablePath& path() const { return info().path; }
  int32_t bucket_count() const { return *info().descriptor.bucket_count(); }

  virtual std::unique_ptr<BatchBuilder> NewBuilder() const = 0;
  // Makes a batch that was built say another identity.
  virtual Status SetIdentity(Bytes& batch, const BatchIdentity& identity) const = 0;

  // What all batches of a writer are sent with.
  struct Terms {
    Acks acks = Acks::kAll;
    std::optional<JobFence> fence;
  };

  // One request with one batch for each of some buckets. `done` as that of Cluster::Call.
  virtual void Send(Cluster& cluster, const ServerNode& server, const Terms& terms,
                    const std::vector<BucketBatch>& batches, MonoTime deadline,
                    absl::AnyInvocable<void(Result<Answers>)> done) const = 0;

  // The offset that row number `index` of a batch is told, if the batch's answer was `offset`.
  virtual LogOffset OffsetOfRow(LogOffset offset, int32_t index) const = 0;
};

}  // namespace strom::client
