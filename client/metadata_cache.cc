#include "client/metadata_cache.h"

#include <algorithm>
#include <utility>

#include "common/base/logging.h"
#include "common/convert/path.h"
#include "common/rpc/methods.h"
#include "proto/metadata.pb.h"

namespace strom::client {
namespace {

// What another server would say, too.
bool IsFinal(const Status& status) {
  switch (status.code()) {
    case ErrorCode::kUnknownServerError:
    case ErrorCode::kUnsupportedVersion:
    case ErrorCode::kOperationNotAttempted:
      return false;
    default:
      return !status.ok() && !IsRetriable(status.code());
  }
}

}  // namespace

MetadataCache::MetadataCache(Options options, runtime::Executor& executor,
                             const runtime::Clock& clock, runtime::Random& random,
                             std::shared_ptr<Channels> channels)
    : options_(std::move(options)),
      executor_(executor),
      clock_(clock),
      random_(random),
      channels_(std::move(channels)) {}

std::shared_ptr<const ClusterMetadata> MetadataCache::Get() const {
  absl::MutexLock lock(&mutex_);
  return metadata_;
}

void MetadataCache::Refresh(std::optional<TablePath> table, Refreshed done) {
  {
    absl::MutexLock lock(&mutex_);
    const auto [flight, is_new] = flights_.try_emplace(table);
    if (!is_new) return flight->second.waiting.push_back(std::move(done));
    flight->second.riding.push_back(std::move(done));
  }
  Start(std::move(table));
}

void MetadataCache::Start(Subject table) {
  const std::shared_ptr<const ClusterMetadata> known = Get();
  std::vector<HostPort> order;
  for (const auto& [id, server] : known->tablet_servers)
    order.push_back({server.host, server.port});
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.Uniform(i)]);
  if (known->coordinator) order.push_back({known->coordinator->host, known->coordinator->port});
  for (const HostPort& server : options_.bootstrap) {
    if (std::find(order.begin(), order.end(), server) == order.end()) order.push_back(server);
  }
  std::reverse(order.begin(), order.end());
  AskNext(
      std::make_shared<Round>(Round{.table = std::move(table), .candidates = std::move(order)}));
}

void MetadataCache::AskNext(const std::shared_ptr<Round>& round) {
  HostPort server;
  {
    absl::MutexLock lock(&mutex_);
    if (round->ended || round->candidates.empty()) return;
    server = round->candidates.back();
    round->candidates.pop_back();
    ++round->open;
    executor_.Cancel(std::exchange(round->timer, runtime::kNoTimer));
    if (!round->candidates.empty()) {
      round->timer = executor_.PostAt(clock_.Now() + options_.patience,
                                      [self = shared_from_this(), round] { self->AskNext(round); });
    }
  }
  pb::MetadataRequest request;
  if (round->table) *request.add_table_path() = convert::ToPb(*round->table);
  channels_->Call(server, Lane::kReads, rpc::MethodInfo::Of(rpc::kMetadata),
                  rpc::Serialize(request), clock_.Now() + options_.attempt_timeout,
                  [self = shared_from_this(), server, round](const Result<Bytes>& answer) {
                    self->OnAnswer(round, server, answer);
                  });
}

void MetadataCache::OnAnswer(const std::shared_ptr<Round>& round, const HostPort& server,
                             const Result<Bytes>& answer) {
  bool more;
  {
    absl::MutexLock lock(&mutex_);
    if (round->ended) return;  // An older answer than the one that counted, perhaps.
    --round->open;
    round->last_error = Take(round->table, answer);
    more = !round->last_error.ok() && !IsFinal(round->last_error);
    if (more) STROM_LOG(kDebug, "metadata from {}: {}", server, round->last_error.ToString());
    if (more && round->candidates.empty() && round->open > 0) return;
    more &= !round->candidates.empty();
    round->ended = !more;
    if (round->ended) executor_.Cancel(std::exchange(round->timer, runtime::kNoTimer));
  }
  if (more) return AskNext(round);
  End(round->table, round->last_error);
}

Status MetadataCache::Take(const Subject& table, const Result<Bytes>& answer) {
  pb::MetadataResponse response;
  Status status = answer.status();
  if (status.ok()) status = rpc::Parse(*answer, rpc::kMetadata.name, &response);
  if (status.ok()) {
    Result<ClusterMetadata> next = metadata_->With(response);
    status = next.status();
    if (next.ok()) metadata_ = std::make_shared<const ClusterMetadata>(*std::move(next));
    if (status.ok() && table && response.table_metadata().empty()) {
      status =
          Error(ErrorCode::kTableNotExist, "table {} does not exist, or may not be seen", *table);
    }
  }
  if (status.code() == ErrorCode::kTableNotExist) {
    ClusterMetadata next = *metadata_;
    next.tables.erase(*table);
    metadata_ = std::make_shared<const ClusterMetadata>(std::move(next));
  }
  return status;
}

void MetadataCache::End(const Subject& table, const Status& status) {
  std::vector<Refreshed> answered;
  bool again;
  {
    absl::MutexLock lock(&mutex_);
    const auto flight = flights_.find(table);
    answered = std::move(flight->second.riding);
    flight->second.riding = std::exchange(flight->second.waiting, {});
    again = !flight->second.riding.empty();
    if (!again) flights_.erase(flight);
  }
  for (Refreshed& done : answered) done(status);
  if (again) Start(table);
}

}  // namespace strom::client
