#include "pipeline/core/source_feeds.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "pipeline/core/change_types.h"

namespace strom::pipeline {
namespace {

// A poll without news is repeated: it only bounds how long a request of a gone scanner lives.
constexpr MonoDuration kPollTimeout = Seconds(30);

}  // namespace

struct SourceFeeds::Source {
  FeedSource spec;
  std::unique_ptr<client::LogScanner> scanner;
  LogPositions next = {};  // Behind what was given.
};

SourceFeeds::SourceFeeds(client::Connection& connection, StopSignal& stop)
    : connection_(connection),
      stop_(stop),
      arrivals_(std::make_shared<WakeQueue<Arrival>>()),
      stop_listener_(std::make_unique<StopSignal::Listener>(
          stop, [arrivals = arrivals_] { arrivals->Close(); })) {}

SourceFeeds::~SourceFeeds() = default;

Result<std::unique_ptr<SourceFeeds>> SourceFeeds::Open(client::Connection& connection,
                                                       std::vector<FeedSource> sources,
                                                       StopSignal& stop) {
  std::unique_ptr<SourceFeeds> feeds(new SourceFeeds(connection, stop));
  for (FeedSource& spec : sources) {
    STROM_ASSIGN_OR_RETURN(std::unique_ptr<client::LogScanner> scanner,
                           connection.NewLogScanner(spec.table, {.columns = spec.columns}));
    feeds->sources_.push_back(
        std::make_unique<Source>(Source{std::move(spec), std::move(scanner)}));
  }
  return feeds;
}

Status SourceFeeds::ReadSnapshots(absl::FunctionRef<Status(FeedBatch)> visit) {
  for (size_t i = 0; i < sources_.size(); ++i) {
    STROM_RETURN_IF_ERROR(sources_[i]->spec.table.descriptor.has_primary_key()
                              ? ReadSnapshot(i, visit)
                              : SubscribeFromStart(i));
  }
  StartPolling();
  return Status::Ok();
}

Status SourceFeeds::ReadSnapshot(size_t index, absl::FunctionRef<Status(FeedBatch)> visit) {
  STROM_ASSIGN_OR_RETURN(const LogPositions next,
                         ReadRows(connection_, sources_[index]->spec, stop_, [&](Delta rows) {
                           return visit(
                               {.source = index, .rows = std::move(rows), .positions = {}});
                         }));
  for (const auto& [bucket, offset] : next) {
    STROM_RETURN_IF_ERROR(Subscribe(index, bucket, offset));
  }
  return Status::Ok();
}

Status SourceFeeds::ReadRowsAt(const std::vector<std::vector<BucketPosition>>& positions,
                               absl::FunctionRef<Status(FeedBatch)> visit) {
  for (size_t i = 0; i < sources_.size() && i < positions.size(); ++i) {
    const FeedSource& spec = sources_[i]->spec;
    if (!spec.table.descriptor.has_primary_key() || positions[i].empty()) continue;
    LogPositions at;
    for (const BucketPosition& position : positions[i]) at[position.bucket] = position.next;
    STROM_RETURN_IF_ERROR(pipeline::ReadRowsAt(connection_, spec, at, stop_, [&](Delta rows) {
      return visit({.source = i, .rows = std::move(rows), .positions = {}});
    }));
  }
  return ReadFrom(positions);
}

Status SourceFeeds::Subscribe(size_t index, BucketId bucket, LogOffset next) {
  sources_[index]->next[bucket] = next;
  return sources_[index]->scanner->Subscribe(bucket, client::OffsetSpec::At(next));
}

Status SourceFeeds::ReadAgain(size_t source, absl::FunctionRef<Status(Delta)> visit) {
  const Source& asked = *sources_[source];
  return pipeline::ReadRowsAt(connection_, asked.spec, asked.next, stop_, visit);
}

Status SourceFeeds::SubscribeFromStart(size_t index) {
  const TablePath& path = sources_[index]->spec.table.path;
  using Offsets = std::map<BucketId, LogOffset>;
  STROM_ASSIGN_OR_RETURN(
      const Offsets earliest,
      connection_.admin().ListOffsets(path, client::OffsetSpec::Earliest()).Get());
  for (const auto& [bucket, offset] : earliest) {
    if (offset > LogOffset(0)) {
      return Error(
          ErrorCode::kInvalidTable,
          "table {}: the log of bucket {} begins at offset {}; what was before is trimmed, "
          "so its rows cannot be read from the beginning",
          path, bucket.value(), offset.value());
    }
    STROM_RETURN_IF_ERROR(Subscribe(index, bucket, offset));
  }
  return Status::Ok();
}

Status SourceFeeds::ReadFrom(const std::vector<std::vector<BucketPosition>>& positions) {
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (i >= positions.size() || positions[i].empty()) {
      STROM_RETURN_IF_ERROR(SubscribeFromStart(i));
      continue;
    }
    std::map<BucketId, LogOffset> next;
    for (const BucketPosition& position : positions[i]) next[position.bucket] = position.next;
    const int32_t buckets = *sources_[i]->spec.table.descriptor.bucket_count();
    for (int32_t b = 0; b < buckets; ++b) {
      STROM_RETURN_IF_ERROR(Subscribe(i, BucketId(b), next[BucketId(b)]));
    }
  }
  StartPolling();
  return Status::Ok();
}

void SourceFeeds::StartPolling() {
  for (size_t i = 0; i < sources_.size(); ++i) PollAgain(i, kPollTimeout);
}

void SourceFeeds::PollAgain(size_t index, MonoDuration timeout) {
  sources_[index]->scanner->PollRowsAsync(timeout).Then(
      [arrivals = arrivals_, index](Result<std::vector<client::RecordRows>> records) {
        arrivals->Put({.source = index, .records = std::move(records)});
      });
}

void SourceFeeds::Wake() { arrivals_->Put({.wake_only = true}); }

bool SourceFeeds::Await(MonoTime deadline) { return arrivals_->Await(deadline); }

Result<size_t> SourceFeeds::Accept(Arrival arrival, std::vector<FeedBatch>& batches) {
  STROM_RETURN_IF_ERROR(arrival.records.status());
  size_t rows = 0;
  for (client::RecordRows& records : *arrival.records) {
    std::vector<bool> inserts;
    inserts.reserve(records.size());
    for (const client::ChangeType type : records.change_types) inserts.push_back(IsInsert(type));
    rows += inserts.size();
    sources_[arrival.source]->next[records.bucket] = records.next_offset();
    batches.push_back({.source = arrival.source,
                       .rows = ChangeTable(inserts, std::move(records.values)),
                       .positions = {{records.bucket, records.next_offset()}},
                       .newest_ms = records.timestamp_ms});
  }
  return rows;
}

Result<std::vector<FeedBatch>> SourceFeeds::Take(size_t rows_max) {
  std::vector<FeedBatch> batches;
  size_t rows = 0;
  std::vector<size_t> empty;  // Sources that have nothing more.
  size_t asked = 0;           // Polls of this call that have not come back.
  // A poll gives one piece of what was fetched: asked again, without waiting, until nothing is
  // left.
  while (rows < rows_max || asked > 0) {
    std::optional<Arrival> arrival = arrivals_->Take(asked > 0 ? MonoTime::Infinite() : MonoTime());
    if (!arrival) break;
    if (arrival->wake_only) continue;
    asked -= std::min<size_t>(asked, 1);
    const size_t source = arrival->source;
    STROM_ASSIGN_OR_RETURN(const size_t more, Accept(*std::move(arrival), batches));
    rows += more;
    if (more == 0 || rows >= rows_max) {
      empty.push_back(source);
    } else {
      PollAgain(source, MonoDuration());
      ++asked;
    }
  }
  for (const size_t source : empty) PollAgain(source, kPollTimeout);
  return batches;
}

}  // namespace strom::pipeline
