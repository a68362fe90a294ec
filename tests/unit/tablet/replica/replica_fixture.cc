#include "tests/unit/tablet/replica/replica_fixture.h"

#include "common/record/log_batch_builder.h"
#include "common/record/log_record_reader.h"

namespace strom::tablet {

TableBucket Bucket(int32_t bucket, int64_t table) {
  return {.table = TableId(table), .partition = {}, .bucket = BucketId(bucket)};
}

TableInfo TestTable(LogFormat format, TableId id) {
  SchemaSpec spec;
  for (const char* name : {"a", "b"}) {
    spec.columns.push_back({.name = name, .type = DataType::Int(), .comment = {}, .aggregate = {}});
  }
  TableInfo table{.path = {"db", "t"},
                  .id = id,
                  .schema_id = SchemaId(1),
                  .descriptor = {.schema = Schema::Make(std::move(spec)).value(),
                                 .comment = {},
                                 .partition_keys = {},
                                 .distribution = TableDistribution{{}, 4},
                                 .properties = {},
                                 .custom_properties = {}},
                  .created_ms = 1,
                  .modified_ms = 1,
                  .remote_data_dir = {}};
  table.descriptor.properties["table.log.format"] =
      format == LogFormat::kArrow ? "ARROW" : "INDEXED";
  return table;
}

BucketSpec SpecOf(TableBucket bucket, LogFormat format) {
  return BucketSpec::Of(TestTable(format, bucket.table), {{"db", "t"}, std::nullopt}, bucket)
      .value();
}

Leadership Lead(int leader_epoch, int bucket_epoch, int coordinator_epoch) {
  return {.leader = kSelf,
          .leader_epoch = LeaderEpoch(leader_epoch),
          .bucket_epoch = BucketEpoch(bucket_epoch),
          .coordinator_epoch = CoordinatorEpoch(coordinator_epoch),
          .replicas = {kSelf},
          .isr = {kSelf}};
}

Leadership LeadWithoutFollowers(int leader_epoch) {
  Leadership leadership = Lead(leader_epoch);
  leadership.replicas = {kSelf, ServerId(8), ServerId(9)};
  return leadership;
}

Bytes Batch(const std::vector<int>& values, LogFormat format, WriterId writer,
            BatchSequence sequence) {
  record::LogBatchBuilder builder(SpecOf(Bucket(0), format).newest_schema(),
                                  {.schema_id = SchemaId(1)});
  for (const int value : values) {
    const Row row{Value::Int(value), Value::Int(-value)};
    STROM_CHECK(builder.Append(record::ChangeType::kAppendOnly, row).ok());
  }
  return builder.Build(writer, sequence).value();
}

std::vector<int> Values(BytesView batches, LogFormat format, LogOffset from) {
  std::vector<int> values;
  for (const auto& batch : record::SplitBatches(batches).value()) {
    const auto records =
        record::ReadLogRecords(batch, SpecOf(Bucket(0), format).newest_schema(), from);
    for (const auto& record : records.value()) {
      values.push_back(static_cast<int>(*record.row[0].get_if<int64_t>()));
    }
  }
  return values;
}

void LoneDuties::CommitSnapshot(SnapshotCommit commit, absl::AnyInvocable<void(Status)> done) {
  const TableBucket bucket = commit.metadata.bucket;
  Status answer;
  {
    absl::MutexLock lock(&mutex_);
    auto& completed = completed_[bucket];
    if (snapshots_ == Snapshots::kRefused) {
      answer = Error(ErrorCode::kFencedLeaderEpoch, "refused");
    } else if (snapshots_ != Snapshots::kLost) {
      completed.push_back({commit.metadata.id, commit.metadata.log_offset});
      completed = remote::PlanKvRetention(completed, {}, 2).kept;
    }
    if (snapshots_ == Snapshots::kLost || snapshots_ == Snapshots::kTakenUnheard) {
      answer = Error(ErrorCode::kRequestTimeOut, "no answer");
    }
    commits_.push_back(std::move(commit));
  }
  done(std::move(answer));
}

void LoneDuties::FindSnapshots(const TableBucket& bucket, SnapshotsFound done) {
  Status find;
  {
    absl::MutexLock lock(&mutex_);
    find = find_;
  }
  find.ok() ? done(CompletedOf(bucket)) : done(std::move(find));
}

ReplicaFixture::ReplicaFixture(uint64_t seed, ReplicaOptions options,
                               std::optional<MonoDuration> snapshots)
    : options_(std::move(options)), scheduler_(seed) {
  if (snapshots) {
    options_.snapshots.objects = &objects_;
    options_.snapshots.random = &scheduler_.random();
    options_.snapshots.interval = *snapshots;
  }
  const Status started = Start();
  STROM_CHECK(started.ok()) << started.ToString();
}

ReplicaFixture::~ReplicaFixture() { Die(); }

Status ReplicaFixture::Start() {
  executor_ = std::make_unique<sim::SimExecutor>(scheduler_);
  blocking_ = std::make_unique<sim::SimExecutor>(scheduler_);
  STROM_ASSIGN_OR_RETURN(
      directory_, DataDirectory::Open(disk_, kDirectory, {.cluster_id = "c1", .server_id = kSelf}));
  replicas_ = std::make_unique<ReplicaManager>(*executor_, *blocking_, clock_, disk_, stores_,
                                               *directory_, duties_, kSelf, options_);
  return replicas_->Start();
}

void ReplicaFixture::Die() {
  if (executor_) executor_->Shutdown();
  if (blocking_) blocking_->Shutdown();
  replicas_.reset();
  directory_.reset();
  options_.snapshots.turns = std::make_shared<TransferTurns>(1);  // What had one is gone.
}

void ReplicaFixture::Crash() {
  Die();
  disk_.CrashProcess();
  stores_.memory().Forget();
}

void ReplicaFixture::PowerFail(uint64_t seed) {
  Die();
  disk_.PowerFail(seed);
  stores_.memory().Forget();
}

Status ReplicaFixture::Stop() {
  Status status = Await<Status>([&](auto done) { replicas_->Stop(std::move(done)); });
  replicas_.reset();
  scheduler_.RunReady();  // Nothing of the manager may be left to run.
  Die();
  return status;
}

Status ReplicaFixture::Become(const TableBucket& bucket, Leadership leadership, LogFormat format) {
  return Become(SpecOf(bucket, format), std::move(leadership));
}

Status ReplicaFixture::Become(BucketSpec spec, Leadership leadership) {
  return Await<Status>([&](auto done) {
    replicas_->Become(std::move(spec), std::move(leadership), std::move(done));
  });
}

Status ReplicaFixture::StopReplica(const TableBucket& bucket, bool remove, int leader_epoch) {
  return Await<Status>([&](auto done) {
    replicas_->StopReplica(bucket, LeaderEpoch(leader_epoch), remove, std::move(done));
  });
}

Result<AppendInfo> ReplicaFixture::Append(const TableBucket& bucket, Bytes batches, Acks acks) {
  const auto replica = replicas_->Find(bucket);
  if (!replica) return Error(ErrorCode::kUnknownTableOrBucket, "no {}", bucket);
  return Await<Result<AppendInfo>>(
      [&](auto done) { replica->Append(std::move(batches), {.acks = acks}, std::move(done)); });
}

Result<AppendInfo> ReplicaFixture::PutKv(const TableBucket& bucket, Bytes batch, Acks acks,
                                         PutOptions options) {
  const auto replica = replicas_->Find(bucket);
  if (!replica) return Error(ErrorCode::kUnknownTableOrBucket, "no {}", bucket);
  return Await<Result<AppendInfo>>([&](auto done) {
    replica->PutKv(std::move(batch), std::move(options), {.acks = acks}, std::move(done));
  });
}

std::string ReplicaFixture::Lookup(const TableBucket& bucket, int id, int seq) {
  const Bytes key = KeyOf(id, seq);
  const auto rows = replicas_->Find(bucket)->Rows().value();
  const auto values = rows->Lookup(std::vector<BytesView>{key}).value();
  return values.at(0) ? RowText(*values[0]) : "";
}

std::vector<std::string> ReplicaFixture::AllRows(const TableBucket& bucket) {
  return RowTexts(replicas_->Find(bucket)->Rows().value()->LimitScan(1000, 1 << 20).value());
}

std::vector<std::string> ReplicaFixture::AllChanges(const TableBucket& bucket) {
  const ReadRange all{
      .offset = LogOffset(0), .size_max = 1 << 20, .at_least_one = true, .projection = {}};
  return ChangeTexts(replicas_->Find(bucket)->ReadCommitted(all).value().records);
}

std::vector<int> ReplicaFixture::ReadAll(const TableBucket& bucket) {
  const auto replica = replicas_->Find(bucket);
  const ReadRange all{
      .offset = LogOffset(-2), .size_max = 1 << 20, .at_least_one = true, .projection = {}};
  return Values(replica->ReadCommitted(all).value().records);
}

}  // namespace strom::tablet
