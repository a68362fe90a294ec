#include "tests/sim/cluster/sim_clients.h"

#include <algorithm>
#include <utility>

#include "client/cluster.h"
#include "tests/sim/cluster/sim_rows.h"

namespace strom::sim {
namespace {

constexpr int64_t kValuesOfWriter = 1'000'000;
constexpr MonoDuration kHurriesFor = Millis(1500);  // A lease and a half.
constexpr MonoDuration kHurriedPause = Millis(10);  // At most.
constexpr int64_t kVersionNanos = 100'000'000;
constexpr uint64_t kVersionsBehind = 8;
constexpr double kNullVersionShare = 0.05;
constexpr double kGroupShare = 0.5;  // Of the lookups, if there are groups.

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

int64_t Below(SimHost& host, int end) {
  return static_cast<int64_t>(host.random().Uniform(static_cast<uint64_t>(end)));
}

}  // namespace

size_t FoundRows::count() const {
  size_t count = 0;
  for (const auto& [table, keys] : rows) count += keys.size();
  for (const auto& [table, found] : groups) count += found.size();
  return count;
}

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
  options.delivery_timeout = config.trims() ? kForgottenAfter : Seconds(24 * 3600);
  options.in_flight_max = 1 + static_cast<int>(host_.random().Uniform(5));
  // What it becomes in the log must fit into a segment, or the log refuses it for good: a delete of
  // a part is short and logs two rows.
  options.batch_bytes_max = config.segment_size_bytes / (config.shape.parts > 0 ? 16 : 8);
  for (size_t i = 0; i < tables.size(); ++i) {
    if (!tables[i].keyed()) {
      appenders_[i] = connection_->NewAppendWriter(tables[i].info, options).value();
      continue;
    }
    const auto add = [&](std::optional<size_t> only) {
      const client::UpsertWriterOptions upserts{.columns = WrittenColumns(config, only),
                                                .writing = options};
      upserters_[i].push_back(
          {only, connection_->NewUpsertWriter(tables[i].info, upserts).value()});
    };
    add(std::nullopt);
    for (int part = 0; part < config.shape.parts; ++part) add(static_cast<size_t>(part));
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

Bytes SimWriter::Padding() {
  if (config_.padding_bytes_max == 0) return {};
  return Bytes(host_.random().Uniform(config_.padding_bytes_max + 1), 'p');
}

// Every column that is written has the value of its write; a delete makes it NULL. Versions go up
// with time, not strictly: some come behind larger ones, some are equal, some NULL.
std::vector<std::optional<int64_t>> SimWriter::MoreOf(std::optional<size_t> only,
                                                      std::optional<int64_t> value) {
  std::vector<std::optional<int64_t>> more(static_cast<size_t>(config_.shape.parts));
  for (size_t i = 0; i < more.size(); ++i) {
    if (!only || *only == i) more[i] = value.value_or(kNull);
  }
  if (config_.shape.engine == MergeEngine::kVersioned) {
    const auto behind = static_cast<int64_t>(host_.random().Uniform(kVersionsBehind));
    const bool is_null = !value || host_.random().Chance(kNullVersionShare);
    more.push_back(is_null ? kNull : host_.clock().Now().nanos() / kVersionNanos - behind);
  }
  return more;
}

void SimWriter::GiveUp(const Status& why, std::string* error) {
  forgotten_ |= config_.trims() && why.code() == ErrorCode::kOutOfOrderSequence;
  // What waited behind it was not even sent.
  if (forgotten_ && (why.code() == ErrorCode::kOutOfOrderSequence ||
                     why.code() == ErrorCode::kRequestTimeOut)) {
    return;
  }
  *error = why.ToString();
}

void SimWriter::Append(size_t table) {
  const size_t op = history_->appends.size();
  history_->appends.push_back(
      {.writer = number_, .number = next_++, .time = {.invoked = host_.clock().Now()}});
  ++open_;
  const Status taken = appenders_.at(table)->TryAppend(
      LogRow(config_, number_, history_->appends[op].number, Padding()),
      [this, op](Result<client::AppendResult> result) {
        --open_;
        AppendOp& done = history_->appends[op];
        if (!result.ok()) return GiveUp(result.status(), &done.error);
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
  const int64_t key = Below(host_, config_.keys);
  const bool deletes = host_.random().Chance(config_.delete_share);
  const int64_t value = number_ * kValuesOfWriter + next_++;
  const std::vector<Upserter>& upserters = upserters_.at(table);
  const bool whole = upserters.size() == 1 || host_.random().Chance(0.3);
  const Upserter& upserter =
      upserters[whole ? 0 : 1 + host_.random().Uniform(upserters.size() - 1)];
  UpsertOp upsert{.table = tables_[table].info.id,
                  .key = key,
                  .value = deletes ? std::nullopt : std::optional<int64_t>(value),
                  .time = {.invoked = host_.clock().Now()}};
  upsert.more = MoreOf(upserter.only, upsert.value);
  const Row row = KeyedRow(config_, key, value, upsert.more, Padding());
  const size_t op = history_->upserts.size();
  history_->upserts.push_back(std::move(upsert));
  ++open_;
  auto done = [this, op](Result<client::UpsertResult> result) {
    --open_;
    UpsertOp& upsert = history_->upserts[op];
    if (!result.ok()) return GiveUp(result.status(), &upsert.error);
    upsert.outcome = Outcome::kOk;
    upsert.time.completed = host_.clock().Now();
    upsert.bucket = result->bucket;
    if (result->log_end_offset == client::kUnknownOffset) return;
    upsert.log_end_offset = result->log_end_offset;
    told_(result->bucket, result->log_end_offset);
  };
  client::UpsertWriter& writer = *upserter.writer;
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
    const int groups = config_.shape.groups;
    if (groups > 0 && host_.random().Chance(kGroupShare)) {
      LookUpGroup(table, Below(host_, groups), nullptr);
    } else {
      LookUp(table, Below(host_, config_.keys), nullptr);
    }
    LookUpLater();
  });
}

void SimReader::AskAgain(const Status& status, std::function<void()> ask) {
  find_error_ = status.ToString();
  host_.executor().PostAt(host_.clock().Now() + Millis(100), std::move(ask));
}

void SimReader::LookUp(size_t table, int64_t key, FoundRows* found) {
  lookups_.at(table)
      ->Get(KeyOf(config_, key))
      .Then([this, table, key, found,
             invoked = host_.clock().Now()](const Result<std::optional<Row>>& answer) {
        if (!answer.ok()) {
          if (found) AskAgain(answer.status(), [=, this] { LookUp(table, key, found); });
          return;
        }
        LookupOp op{.table = tables_[table].info.id,
                    .key = key,
                    .value = {},
                    .time = {.invoked = invoked, .completed = host_.clock().Now()}};
        if (*answer) {
          SeenRow row = RowSeen(**answer, tables_[table].schema);
          if (row.value != kNull) op.value = row.value;
          op.more = std::move(row.more);
        }
        if (found) found->rows[op.table][key] = op.value;
        history_->lookups.push_back(std::move(op));
      });
}

void SimReader::LookUpGroup(size_t table, int64_t group, FoundRows* found) {
  lookups_.at(table)
      ->GetByPrefix({Value::Int(group)})
      .Then([this, table, group, found,
             invoked = host_.clock().Now()](const Result<std::vector<Row>>& answer) {
        if (!answer.ok()) {
          if (found) AskAgain(answer.status(), [=, this] { LookUpGroup(table, group, found); });
          return;
        }
        PrefixLookupOp op{.table = tables_[table].info.id,
                          .group = group,
                          .rows = {},
                          .time = {.invoked = invoked, .completed = host_.clock().Now()}};
        for (const Row& row : *answer) op.rows.push_back(RowSeen(row, tables_[table].schema));
        if (found) found->groups[op.table][group] = op.rows;
        history_->prefix_lookups.push_back(std::move(op));
      });
}

void SimReader::FindAll(FoundRows* found) {
  for (const auto& [table, lookup] : lookups_) {
    for (int64_t key = 0; key < config_.keys; ++key) LookUp(table, key, found);
    for (int64_t group = 0; group < config_.shape.groups; ++group) LookUpGroup(table, group, found);
  }
}

}  // namespace strom::sim
