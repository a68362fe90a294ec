#include "tests/prove/workload/round.h"

#include <utility>

#include <fmt/format.h>

#include "common/io/posix_file_system.h"
#include "tests/sim/logs/replica_logs.h"

namespace strom::prove {
namespace {

constexpr int kReplicas = 3;
constexpr int kKeysOfBucket = 5;
constexpr MonoDuration kLedWithin = Seconds(60);
// An operation gives up after the client's delivery timeout, 120 s.
constexpr MonoDuration kAnsweredWithin = Seconds(150);
constexpr MonoDuration kQuietWithin = Seconds(90);
constexpr double kReadAgainShare = 0.0005;

}  // namespace

Round::Round(ProveWorld& world, const ProveOptions& options, Recorder& recorder,
             LeaderWatch& leaders, std::unique_ptr<client::Connection> admin, RoundTables tables)
    : world_(world),
      options_(options),
      recorder_(recorder),
      leaders_(leaders),
      admin_(std::move(admin)),
      tables_(std::move(tables)) {}

Round::~Round() {
  clients_.reset();
  for (const auto& [bucket, reader] : readers_) reader->Stop();
  if (reading_) reading_->Close();
}

Result<std::unique_ptr<Round>> Round::Begin(ProveWorld& world, const ProveOptions& options,
                                            int number, Recorder& recorder, LeaderWatch& leaders,
                                            std::function<int(ServerId)> process_of) {
  STROM_ASSIGN_OR_RETURN(
      auto admin,
      client::Connection::Create({.bootstrap_servers = options.servers}, world.environment()));
  STROM_ASSIGN_OR_RETURN(auto tables,
                         MakeRoundTables(admin->admin(), options, number, kKeysOfBucket));
  std::unique_ptr<Round> round(
      new Round(world, options, recorder, leaders, std::move(admin), std::move(tables)));
  recorder.Begin();
  leaders.Follow(round->Buckets());
  const MonoTime now = world.clock.Now();
  std::string missing;
  if (!Await(world, now + kLedWithin, [&] {
        missing = leaders.NotFull(kReplicas, now);
        return missing.empty();
      })) {
    return Error(ErrorCode::kRequestTimeOut, "round {}: {}", number, missing);
  }
  STROM_ASSIGN_OR_RETURN(round->clients_,
                         RoundClients::Open(world, options, round->tables_, recorder));
  round->StartReaders(process_of);
  round->clients_->Start();
  return round;
}

void Round::StartReaders(const std::function<int(ServerId)>& process_of) {
  const client::ConnectionOptions connecting{.bootstrap_servers = options_.servers};
  reading_ = std::make_shared<client::Cluster>(client::Cluster::SettingsOf(connecting).value(),
                                               world_.environment());
  for (const RoundTable* table : {&tables_.log, &tables_.keyed}) {
    for (int i = 0; i < options_.buckets; ++i) {
      readers_[table->bucket(i)] = std::make_shared<sim::LogReader>(
          reading_, world_.environment(),
          sim::LogReader::Options{.path = table->info.path,
                                  .bucket = table->bucket(i),
                                  .schema = table->schema,
                                  .fetch_bytes_max = 1 << 20,
                                  .again_share = kReadAgainShare,
                                  .process_of = process_of},
          [recorder = &recorder_](sim::FetchSeen seen) { recorder->Saw(std::move(seen)); });
    }
  }
  for (const auto& [bucket, reader] : readers_) reader->Start();
}

std::vector<TableBucket> Round::Buckets() const {
  std::vector<TableBucket> buckets;
  for (const RoundTable* table : {&tables_.log, &tables_.keyed}) {
    for (int i = 0; i < options_.buckets; ++i) buckets.push_back(table->bucket(i));
  }
  return buckets;
}

RoundReport Round::Finish() {
  RoundReport report;
  sim::Violations found;
  clients_->Stop();
  if (!Await(world_, world_.clock.Now() + kAnsweredWithin,
             [&] { return recorder_.counts().open == 0; })) {
    found.push_back(fmt::format("L4 {} operations have no answer after {} s",
                                recorder_.counts().open, kAnsweredWithin.millis() / 1000));
  }
  for (const auto& [bucket, reader] : readers_) reader->GoStraight();
  std::string missing;
  const MonoTime now = world_.clock.Now();
  const bool quiet = Await(world_, now + kQuietWithin, [&] {
    missing = NotQuiet(now);
    return missing.empty();
  });
  if (!quiet) {
    found.push_back(fmt::format("L4 not quiet {} s after the last write: {}",
                                kQuietWithin.millis() / 1000, missing));
  }
  const sim::FinalState end = ReadFinalState(quiet, &found);
  for (const auto& [bucket, reader] : readers_) reader->Stop();
  report.counts = recorder_.counts();
  if (report.counts.dropped > 0) {
    found.push_back(
        fmt::format("L4 the history is full: {} operations were left out", report.counts.dropped));
  }
  const sim::History history = recorder_.TakeHistory();
  report.verdict = Judge(history, end);
  found.insert(found.end(), report.verdict.violations.begin(), report.verdict.violations.end());
  report.verdict = Count(std::move(found));

  const auto count = [&report](sim::Outcome outcome) {
    ++(outcome == sim::Outcome::kOk ? report.acknowledged : report.unknown);
  };
  for (const sim::AppendOp& op : history.appends) count(op.outcome);
  for (const sim::UpsertOp& op : history.upserts) count(op.outcome);
  report.lookups = static_cast<int64_t>(history.lookups.size());
  report.operations = report.acknowledged + report.unknown + report.lookups;
  for (const sim::FetchSeen& fetch : history.fetches) {
    report.records_read += static_cast<int64_t>(fetch.records.size());
  }
  if (report.verdict.clean()) {
    const Status dropped = DropRoundTables(admin_->admin(), tables_);
    if (!dropped.ok()) {
      report.verdict = Count({"L4 the tables cannot be dropped: " + dropped.ToString()});
    }
  }
  return report;
}

std::string Round::NotQuiet(MonoTime since) const {
  if (std::string missing = leaders_.NotFull(kReplicas, since); !missing.empty()) return missing;
  io::PosixFileSystem files;
  const auto leaderships = leaders_.current();
  for (const auto& [bucket, reader] : readers_) {
    const metadata::LeaderAndIsr& now = leaderships.at(bucket);
    const auto end = sim::ReadLogEnd(files, options_.data.at(now.leader), bucket);
    if (!end) return fmt::format("{}: leader {} has no log", bucket, now.leader);
    for (const ServerId server : now.isr) {
      const auto other = sim::ReadLogEnd(files, options_.data.at(server), bucket);
      if (other == end) continue;
      return fmt::format("{}: the log of {} ends at {}, that of leader {} at {}", bucket, server,
                         other ? other->value() : -1, now.leader, *end);
    }
    if (reader->position() != *end || reader->high_watermark() != *end) {
      return fmt::format("{}: a reader is at {}, high watermark {}, of {}", bucket,
                         reader->position(), reader->high_watermark(), *end);
    }
  }
  return "";
}

sim::FinalState Round::ReadFinalState(bool quiet, sim::Violations* found) {
  sim::FinalState end;
  if (quiet) end.rows[tables_.keyed.info.id] = FindRows(found);
  io::PosixFileSystem files;
  const auto leaderships = leaders_.current();
  for (const auto& [bucket, reader] : readers_) {
    const bool keyed = bucket.table == tables_.keyed.info.id;
    sim::FinalBucket last{.bucket = bucket,
                          .keyed = keyed,
                          .leader = kNoServer,
                          .high_watermark = reader->high_watermark(),
                          .replicas = {}};
    if (const auto now = leaderships.find(bucket); now != leaderships.end()) {
      last.leader = now->second.leader;
    }
    for (const auto& [server, directory] : options_.data) {
      auto log = sim::ReadReplicaLog(files, directory, bucket,
                                     keyed ? tables_.keyed.schema : tables_.log.schema);
      if (log) last.replicas[server] = *std::move(log);
    }
    if (!last.replicas.contains(last.leader)) {
      found->push_back(fmt::format("L4 {}: leader {} has no log", bucket, last.leader));
      continue;
    }
    // Nobody knows what is committed of a bucket that did not come to rest; all of it may be.
    const auto& batches = last.replicas.at(last.leader).batches;
    if (!quiet && !batches.empty()) last.high_watermark = batches.back().next_offset;
    end.buckets.push_back(std::move(last));
  }
  return end;
}

std::map<int64_t, std::optional<int64_t>> Round::FindRows(sim::Violations* found) {
  std::map<int64_t, std::optional<int64_t>> rows;
  for (const std::vector<int64_t>& keys : tables_.keyed.keys) {
    for (const int64_t key : keys) {
      const auto row = clients_->Find(key);
      if (row.ok()) {
        rows[key] = *row;
      } else {
        found->push_back(
            fmt::format("L4 key {} cannot be found in peace: {}", key, row.status().ToString()));
      }
    }
  }
  return rows;
}

}  // namespace strom::prove
