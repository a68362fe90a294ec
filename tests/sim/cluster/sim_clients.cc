#include "tests/sim/cluster/sim_clients.h"

#include <algorithm>
#include <utility>

#include "client/cluster.h"

namespace strom::sim {
namespace {

constexpr int64_t kValuesOfWriter = 1'000'000;
constexpr MonoDuration kHurriesFor = Millis(1500);  // A lease and a half.
constexpr MonoDuration kHurriedPause = Millis(10);  // At most.

client::ConnectionOptions OptionsOf(const SimConfig& config,
                                    const std::vector<std::string>& addresses) {
  return {.bootstrap_servers = addresses, .request_timeout = config.request_timeout};
}

client::Environment EnvironmentOf(SimHost& host) {
  return {host.executor(), host.clock(), host.random(), host.network()};
}

MonoDuration UpTo(SimHost& host, MonoDuration max) {
  return Micros(
      static_cast<int64_t>(host.random().Uniform(static_cast<uint64_t>(max.nanos() / 1000) + 1)));
}

}  // namespace

SimWriter::SimWriter(SimWorld& world, const SimConfig& config, int number,
                     const std::vector<std::string>& addresses, const std::vector<SimTable>& tables,
                     History* history, Told told)
    : config_(config),
      number_(number),
      tables_(tables),
      history_(history),
      told_(std::move(told)),
      host_(world, fmt::format("writer-{}", number), world.scheduler.random().Next()) {
  host_.Boot();
  connection_ =
      client::Connection::Create(OptionsOf(config, addresses), EnvironmentOf(host_)).value();
  client::WriterOptions options;
  options.delivery_timeout = Seconds(24 * 3600);
  options.in_flight_max = 1 + static_cast<int>(host_.random().Uniform(5));
  // What it becomes in the log must fit into a segment, or the log refuses it for good.
  options.batch_bytes_max = config.segment_size_bytes / 8;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].keyed()) {
      upserters_[i] = connection_->NewUpsertWriter(tables[i].info, {.writing = options}).value();
    } else {
      appenders_[i] = connection_->NewAppendWriter(tables[i].info, options).value();
    }
  }
}

SimWriter::~SimWriter() {
  finished_ = true;
  appenders_.clear();
  upserters_.clear();
  connection_.reset();
  host_.Kill();
  host_.AfterKill(/*power_failed=*/false);
}

void SimWriter::WriteLater() {
  host_.executor().PostAt(host_.clock().Now() + UpTo(host_, config_.write_pause_max), [this] {
    if (finished_) return;
    Write();
    WriteLater();
  });
}

void SimWriter::Write() {
  const size_t table = host_.random().Uniform(tables_.size());
  const int count = host_.random().Chance(0.2) ? 5 : 1;
  for (int i = 0; i < count; ++i) tables_[table].keyed() ? Upsert(table) : Append(table);
}

Row SimWriter::RowOf(int64_t first, int64_t second) {
  Row row{Value::Int(first), Value::Int(second)};
  if (config_.padding_bytes_max > 0) {
    row.push_back(Value::String(Bytes(host_.random().Uniform(config_.padding_bytes_max + 1), 'p')));
  }
  return row;
}

void SimWriter::Append(size_t table) {
  const size_t op = history_->appends.size();
  history_->appends.push_back(
      {.writer = number_, .number = next_++, .time = {.invoked = host_.clock().Now()}});
  ++open_;
  const Status taken = appenders_.at(table)->TryAppend(
      RowOf(number_, history_->appends[op].number),
      [this, op](Result<client::AppendResult> result) {
        --open_;
        AppendOp& done = history_->appends[op];
        if (!result.ok()) return void(done.error = result.status().ToString());
        done.outcome = Outcome::kOk;
        done.time.completed = host_.clock().Now();
        done.bucket = result->bucket;
        if (result->offset == client::kUnknownOffset) return;
        done.offset = result->offset;
        told_(result->bucket, result->offset.Next());
      });
  if (taken.ok()) return;
  --open_;
  history_->appends.pop_back();  // The client had no room for it.
}

void SimWriter::Upsert(size_t table) {
  const auto key =
      static_cast<int64_t>(host_.random().Uniform(static_cast<uint64_t>(config_.keys)));
  const bool deletes = host_.random().Chance(config_.delete_share);
  const int64_t value = number_ * kValuesOfWriter + next_++;
  const size_t op = history_->upserts.size();
  history_->upserts.push_back({.table = tables_[table].info.id,
                               .key = key,
                               .value = deletes ? std::nullopt : std::optional<int64_t>(value),
                               .time = {.invoked = host_.clock().Now()}});
  ++open_;
  auto done = [this, op](Result<client::UpsertResult> result) {
    --open_;
    UpsertOp& upsert = history_->upserts[op];
    if (!result.ok()) return void(upsert.error = result.status().ToString());
    upsert.outcome = Outcome::kOk;
    upsert.time.completed = host_.clock().Now();
    upsert.bucket = result->bucket;
    if (result->log_end_offset == client::kUnknownOffset) return;
    upsert.log_end_offset = result->log_end_offset;
    told_(result->bucket, result->log_end_offset);
  };
  client::UpsertWriter& writer = *upserters_.at(table);
  const Row row = RowOf(key, value);
  const Status taken =
      deletes ? writer.TryDelete(row, std::move(done)) : writer.TryUpsert(row, std::move(done));
  if (taken.ok()) return;
  --open_;
  history_->upserts.pop_back();
}

SimReader::SimReader(SimWorld& world, const SimConfig& config, int number,
                     const std::vector<std::string>& addresses, const std::vector<SimTable>& tables,
                     const std::vector<SimTable>& followed,
                     std::function<int(ServerId)> process_of, History* history, const Told& told)
    : config_(config),
      tables_(tables),
      history_(history),
      host_(world, fmt::format("reader-{}", number), world.scheduler.random().Next()) {
  host_.Boot();
  const client::ConnectionOptions options = OptionsOf(config, addresses);
  connection_ = client::Connection::Create(options, EnvironmentOf(host_)).value();
  cluster_ = std::make_shared<client::Cluster>(client::Cluster::SettingsOf(options).value(),
                                               EnvironmentOf(host_));
  for (size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].keyed()) lookups_[i] = connection_->NewLookup(tables[i].info).value();
    ReadLogs(tables[i], process_of, told);
  }
  for (const SimTable& table : followed) ReadLogs(table, process_of, told);
}

void SimReader::ReadLogs(const SimTable& table, const std::function<int(ServerId)>& process_of,
                         const Told& told) {
  for (int32_t bucket = 0; bucket < config_.buckets; ++bucket) {
    logs_.push_back(std::make_shared<LogReader>(
        cluster_, EnvironmentOf(host_),
        LogReader::Options{
            .path = table.info.path,
            .bucket = {.table = table.info.id, .partition = {}, .bucket = BucketId(bucket)},
            .schema = table.schema,
            .fetch_bytes_max = host_.random().Chance(0.5) ? 200 : 1 << 16,
            .process_of = process_of,
            .behind =
                [history = history_](BehindSeen seen) {
                  history->behind.push_back(std::move(seen));
                }},
        [history = history_, told](FetchSeen seen) {
          told(seen.bucket, seen.high_watermark);
          history->fetches.push_back(std::move(seen));
        }));
  }
}

SimReader::~SimReader() {
  finished_ = true;
  lookups_.clear();
  connection_.reset();
  cluster_->Close();
  host_.Kill();
  host_.AfterKill(/*power_failed=*/false);
}

void SimReader::Start() {
  for (const auto& log : logs_) log->Start();
  if (!lookups_.empty()) LookUpLater();
}

void SimReader::Finish() {
  finished_ = true;
  for (const auto& log : logs_) log->GoStraight();
}

void SimReader::Hurry() { hurries_until_ = host_.clock().Now() + kHurriesFor; }

void SimReader::LookUpLater() {
  const MonoTime now = host_.clock().Now();
  MonoDuration pause = config_.write_pause_max;
  if (now < hurries_until_) pause = std::min(pause, kHurriedPause);
  host_.executor().PostAt(now + UpTo(host_, pause), [this] {
    if (finished_) return;
    const size_t table =
        std::next(lookups_.begin(),
                  static_cast<std::ptrdiff_t>(host_.random().Uniform(lookups_.size())))
            ->first;
    LookUp(table,
           static_cast<int64_t>(host_.random().Uniform(static_cast<uint64_t>(config_.keys))));
    LookUpLater();
  });
}

void SimReader::LookUp(size_t table, int64_t key) {
  lookups_.at(table)
      ->Get({Value::Int(key)})
      .Then([this, table, key,
             invoked = host_.clock().Now()](const Result<std::optional<Row>>& found) {
        if (!found.ok()) return;
        LookupOp op{.table = tables_[table].info.id,
                    .key = key,
                    .value = {},
                    .time = {.invoked = invoked, .completed = host_.clock().Now()}};
        if (*found) op.value = *(**found)[1].get_if<int64_t>();
        history_->lookups.push_back(op);
      });
}

void SimReader::FindAll(std::map<TableId, std::map<int64_t, std::optional<int64_t>>>* rows) {
  for (const auto& [table, lookup] : lookups_) {
    for (int64_t key = 0; key < config_.keys; ++key) Find(table, key, rows);
  }
}

void SimReader::Find(size_t table, int64_t key,
                     std::map<TableId, std::map<int64_t, std::optional<int64_t>>>* rows) {
  lookups_.at(table)
      ->Get({Value::Int(key)})
      .Then([this, table, key, rows](const Result<std::optional<Row>>& found) {
        if (!found.ok()) {
          find_error_ = found.status().ToString();
          host_.executor().PostAt(host_.clock().Now() + Millis(100),
                                  [this, table, key, rows] { Find(table, key, rows); });
          return;
        }
        auto& row = (*rows)[tables_[table].info.id][key];
        if (*found) row = *(**found)[1].get_if<int64_t>();
      });
}

}  // namespace strom::sim
