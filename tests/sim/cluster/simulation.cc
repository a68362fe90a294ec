#include "tests/sim/cluster/simulation.h"

#include <algorithm>
#include <optional>
#include <regex>
#include <utility>

#include <fmt/format.h>

#include "common/base/logging.h"
#include "tests/sim/checkers/job_checkers.h"
#include "tests/sim/checkers/log_checkers.h"
#include "tests/sim/checkers/merge_checkers.h"
#include "tests/sim/checkers/metadata_checkers.h"
#include "tests/sim/checkers/prefix_checkers.h"
#include "tests/sim/checkers/retention_checkers.h"
#include "tests/sim/checkers/table_checkers.h"
#include "tests/sim/checkers/whole_log.h"
#include "tests/sim/cluster/copy_watch.h"
#include "tests/sim/cluster/fault_injector.h"
#include "tests/sim/cluster/final_metadata.h"
#include "tests/sim/cluster/sim_admin.h"
#include "tests/sim/cluster/sim_clients.h"
#include "tests/sim/cluster/sim_cluster.h"
#include "tests/sim/cluster/sim_pipeline.h"
#include "tests/sim/cluster/sim_rows.h"
#include "tests/sim/cluster/snapshot_watch.h"
#include "tests/sim/cluster/trim_watch.h"
#include "tests/sim/logs/replica_logs.h"

namespace strom::sim {
namespace {

// After the end of the faults something always goes on, until all is quiet, ...
constexpr MonoDuration kMovesWithin = Seconds(60);
// ... which takes long where writers have filled their queues, links are slow and fetches small.
constexpr MonoDuration kQuietWithin = Seconds(900);
constexpr MonoDuration kFoundWithin = Seconds(60);
constexpr MonoDuration kStartWithin = Seconds(60);
// No request is on its way for longer: links hold what they carry for some seconds, and servers
// begin nothing whose deadline has passed.
constexpr MonoDuration kLate = Seconds(60);
constexpr const char* kDatabase = "db";
// While the metadata service is away and nothing else is wrong, lookups are answered at once.
constexpr MonoDuration kFoundInOutageWithin = Seconds(2);

// Of "/fluss/tabletservers/tables/1/buckets/0/leader_isr", as ZkPaths names it, say: what `path`
// names below a bucket begins with `what`. None for other nodes.
std::optional<TableBucket> BucketOfPath(const std::string& path, std::string_view what) {
  static const std::regex kNode("/fluss/tabletservers/tables/([0-9]+)/buckets/([0-9]+)/(.*)");
  std::smatch match;
  if (!path.starts_with("/fluss/tabletservers/tables/") || !std::regex_match(path, match, kNode) ||
      !match[3].str().starts_with(what)) {
    return std::nullopt;
  }
  return TableBucket{.table = TableId(std::stoll(match[1])),
                     .partition = {},
                     .bucket = BucketId(std::stoi(match[2]))};
}

class Simulation {
 public:
  Simulation(const SimConfig& config, std::function<void(const std::string&)> trace)
      : config_(config),
        trace_(std::move(trace)),
        world_(config.seed, {.seed = config.seed * 3 + 1, .latency_max = config.latency_max},
               {.seed = config.seed * 3 + 2, .session_timeout = config.session_timeout}),
        cluster_(world_, config_, [this](const std::string& line) { Note(line); }),
        copies_(world_, cluster_, config_, &history_),
        snapshots_(world_, cluster_, [this](TableId id) { return FindTable(id); }),
        trims_(
            world_, cluster_, config_, snapshots_,
            [this](TableId id) {
              const SimTable* const table = FindTable(id);
              return table == nullptr ? nullptr : &table->schema;
            },
            &history_) {}

  SimResult Run() {
    const MonoTime begin = world_.scheduler.now();
    world_.meta.SetObserver(
        [this](const std::string& path, const std::string* data) { OnMetadata(path, data); });
    for (int i = 0; i < cluster_.coordinator_count(); ++i) cluster_.StartCoordinator(i);
    for (int i = 0; i < cluster_.tablet_count(); ++i) cluster_.StartTablet(i);
    if (MakeTables() && MakePipeline()) {
      RunClients();
      Check();
    }
    // Clients first: they close their connections in order.
    writers_.clear();
    readers_.clear();
    pipeline_.reset();
    admin_.reset();
    result_.virtual_time = world_.scheduler.now() - begin;
    result_.trace_hash = world_.scheduler.trace().value();
    return std::move(result_);
  }

 private:
  void Note(const std::string& line) {
    world_.scheduler.trace().Mix(line);
    if (trace_) {
      trace_(fmt::format("{:>10.3f} ms  {}",
                         static_cast<double>(world_.scheduler.now().nanos()) / 1e6, line));
    }
  }

  void OnMetadata(const std::string& path, const std::string* data);
  bool MakeTables();
  bool MakePipeline();
  void RunClients();
  void AwaitQuiet();
  void Check();
  void CheckTables();
  // All rows, as lookups find them; none if they do not find all of them in time.
  std::optional<FoundRows> FindAll(MonoDuration within);
  // Lookups go on without the metadata service, however long: in peace, when all leases are over.
  void CheckOutage(const FoundRows& rows);
  // What moves as long as there is something to do.
  std::vector<int64_t> Marks();
  // Empty once nothing is left to wait for, else what is.
  std::string NotQuiet();
  TableDescriptor Descriptor(bool keyed) const;
  RetentionLimits Limits() const;
  // Rows of primary-key tables are compacted, which indexed changelogs do not go with.
  std::string LogFormatOf(bool keyed) const {
    return keyed && config_.log_format == "INDEXED" ? "ARROW" : config_.log_format;
  }
  std::vector<TableBucket> Buckets() const;
  // See WhoLeads.
  std::vector<ServerId> Leaders() const;
  int LeadingCoordinator();
  const SimTable* FindTable(TableId id) const;  // Null: it is none that is checked.
  const SimTable& TableOf(TableId id) const { return *FindTable(id); }

  template <class T>
  client::Outcome<T> Await(client::Future<T> future) {
    if (!world_.scheduler.RunUntil([&] { return future.ready(); }, kStartWithin)) {
      return Error(ErrorCode::kRequestTimeOut, "no answer within {} ms", kStartWithin.millis());
    }
    return future.Get();
  }

  const SimConfig config_;
  const std::function<void(const std::string&)> trace_;
  SimResult result_;
  History history_;
  JobHistory job_history_;
  std::map<TableBucket, metadata::LeaderAndIsr> leaderships_;
  std::map<std::string, std::string> nodes_;                     // The whole metadata tree.
  SimWorld world_;
  SimCluster cluster_;
  CopyWatch copies_;
  SnapshotWatch snapshots_;
  TrimWatch trims_;
  std::vector<SimTable> tables_;
  std::unique_ptr<SimPipeline> pipeline_;
  std::vector<SimTable> ods_;  // Which jobs write.
  std::vector<std::unique_ptr<SimWriter>> writers_;
  std::vector<std::unique_ptr<SimReader>> readers_;
  std::unique_ptr<SimAdmin> admin_;
  // Lookups write there, whenever they are answered.
  std::vector<std::unique_ptr<FoundRows>> finds_;
  std::unique_ptr<FaultInjector> faults_;
};

void Simulation::OnMetadata(const std::string& path, const std::string* data) {
  nodes_.erase(path);
  if (data) nodes_.emplace(path, *data);
  if (const auto bucket = BucketOfPath(path, "snapshots/")) {
    Note(fmt::format("{} {}", path, data ? *data : "goes"));
    snapshots_.OnNode(*bucket, path, data);
  }
  const std::optional<TableBucket> bucket = BucketOfPath(path, "leader_isr");
  if (data == nullptr || !bucket) return;
  const auto leadership = metadata::LeaderAndIsrFromJson(*data);
  STROM_CHECK(leadership.ok()) << path << ": " << *data;
  history_.leaderships.push_back(
      {.bucket = *bucket, .leadership = *leadership, .at = world_.scheduler.now()});
  if (leaderships_[*bucket].leader_epoch != leadership->leader_epoch) {
    for (const auto& reader : readers_) reader->Hurry();
  } else if (faults_ && leaderships_[*bucket].isr != leadership->isr) {
    faults_->OnIsrChange(leadership->leader);
  }
  leaderships_[*bucket] = *leadership;
  copies_.OnLeadership(*bucket, *leadership);
  Note(fmt::format("{}: leader {} epoch {}, ISR {}, bucket epoch {}", *bucket, leadership->leader,
                   leadership->leader_epoch, fmt::join(leadership->isr, " "),
                   leadership->bucket_epoch));
}

std::vector<TableBucket> Simulation::Buckets() const {
  std::vector<TableBucket> buckets;
  for (const auto* const tables : {&tables_, &ods_}) {
    for (const SimTable& table : *tables) {
      for (int32_t bucket = 0; bucket < config_.buckets; ++bucket) {
        buckets.push_back({.table = table.info.id, .partition = {}, .bucket = BucketId(bucket)});
      }
    }
  }
  return buckets;
}

const SimTable* Simulation::FindTable(TableId id) const {
  for (const auto* const tables : {&tables_, &ods_}) {
    for (const SimTable& table : *tables) {
      if (table.info.id == id) return &table;
    }
  }
  return nullptr;
}

std::vector<ServerId> Simulation::Leaders() const {
  std::vector<ServerId> leaders;
  for (const auto& [bucket, leadership] : leaderships_) {
    const auto table = std::ranges::find(tables_, bucket.table,
                                         [](const SimTable& some) { return some.info.id; });
    if (table == tables_.end() || (config_.keyed_tables > 0 && !table->keyed())) continue;
    leaders.push_back(leadership.leader);
  }
  return leaders;
}

int Simulation::LeadingCoordinator() {
  const auto active = nodes_.find(metadata::ZkPaths("/fluss").CoordinatorActive());
  for (int i = 0; active != nodes_.end() && i < cluster_.coordinator_count(); ++i) {
    if (active->second.find(cluster_.coordinator(i).name()) != std::string::npos) return i;
  }
  return -1;
}

bool Simulation::MakePipeline() {
  if (!config_.has_pipeline()) return true;
  pipeline_ = std::make_unique<SimPipeline>(world_, cluster_, config_, &job_history_);
  const Status prepared = pipeline_->Prepare();
  if (!prepared.ok()) result_.violations.push_back("L1 start: jobs: " + prepared.ToString());
  ods_ = pipeline_->tables();
  return prepared.ok();
}

TableDescriptor Simulation::Descriptor(bool keyed) const {
  TableDescriptor table = keyed ? KeyedTableOf(config_) : LogTableOf(config_);
  table.properties["table.replication.factor"] = std::to_string(config_.replication_factor);
  table.properties["table.log.format"] = LogFormatOf(keyed);
  table.properties["table.log.arrow.compression.type"] = "NONE";
  if (config_.trims()) {
    table.properties["table.log.ttl"] = fmt::format("{} ms", config_.log_ttl.millis());
  }
  if (!config_.durability.empty()) table.custom_properties["strom.durability"] = config_.durability;
  return table;
}

RetentionLimits Simulation::Limits() const {
  return {.ttl_ms = config_.log_ttl.millis(),
          .log_bytes_max = config_.log_bytes_max,
          .snapshots_retained = static_cast<size_t>(config_.snapshots_retained),
          .clocks_jump = std::ranges::count(config_.faults, Fault::kJumpClock) > 0};
}

bool Simulation::MakeTables() {
  SimHost host(world_, "admin", config_.seed);
  host.Boot();
  const auto finish = [&](const Status& status) {
    if (!status.ok()) result_.violations.push_back("L1 start: " + status.ToString());
    return status.ok();
  };
  bool made = true;
  {
    const auto connection =
        client::Connection::Create({.bootstrap_servers = cluster_.Addresses()},
                                   {host.executor(), host.clock(), host.random(), host.network()})
            .value();
    client::Admin& admin = connection->admin();
    const MonoTime end = world_.scheduler.now() + kStartWithin;
    const auto tablets = static_cast<size_t>(config_.tablets);
    while (world_.scheduler.now() < end) {
      const auto servers = Await(admin.ListServers());
      if (servers.ok() && servers->coordinator && servers->tablet_servers.size() == tablets) break;
      world_.scheduler.RunFor(Millis(100));
    }
    made = finish(Await(admin.CreateDatabase(kDatabase, {}, client::IfExists::kIgnore)));
    for (int i = 0; made && i < config_.log_tables + config_.keyed_tables; ++i) {
      const TablePath path{kDatabase, fmt::format("t{}", i)};
      const bool keyed = i >= config_.log_tables;
      made = finish(Await(admin.CreateTable(path, Descriptor(keyed))));
      if (!made) break;
      const auto info = Await(admin.GetTable(path));
      made = finish(info.status());
      if (!made) break;
      std::vector<DataType> types;
      for (const Column& column : info->descriptor.schema.columns()) types.push_back(column.type);
      tables_.push_back({.info = *info,
                         .schema = record::RecordSchema(
                             ParseOption<LogFormat>(LogFormatOf(keyed)).value(), types)});
    }
  }
  host.Kill();
  host.AfterKill(/*power_failed=*/false);
  return made;
}

void Simulation::RunClients() {
  std::vector<std::string> clients;
  const Told told = [this](const TableBucket& bucket, LogOffset end) {
    copies_.OnTold(bucket, end);
  };
  for (int i = 1; i <= config_.writers; ++i) {
    writers_.push_back(std::make_unique<SimWriter>(world_, config_, i, cluster_.Addresses(),
                                                   tables_, &history_, told));
    clients.push_back(writers_.back()->host().name());
  }
  for (int i = 1; i <= config_.readers; ++i) {
    readers_.push_back(std::make_unique<SimReader>(
        world_, config_, i, cluster_.Addresses(), tables_, ods_,
        [this](ServerId id) { return cluster_.TabletOf(id).process(); }, &history_, told));
    clients.push_back(readers_.back()->host().name());
  }
  if (config_.tables_change) {
    admin_ = std::make_unique<SimAdmin>(world_, config_, cluster_.Addresses(), kDatabase,
                                        [this](bool keyed) { return Descriptor(keyed); });
    clients.push_back(admin_->host().name());
  }
  if (pipeline_) {
    for (SimWorker* worker : pipeline_->workers()) clients.push_back(worker->host().name());
  }
  faults_ = std::make_unique<FaultInjector>(
      world_, cluster_, pipeline_.get(), config_, clients,
      WhoLeads{.buckets = [this] { return Leaders(); },
               .coordinator = [this] { return LeadingCoordinator(); }},
      [this](const std::string& line) { Note(line); });
  for (const auto& writer : writers_) writer->Start();
  for (const auto& reader : readers_) reader->Start();
  if (admin_) admin_->Start();
  if (pipeline_) pipeline_->Start();
  copies_.Start(Buckets());
  world_.scheduler.RunFor(Seconds(2));
  faults_->Start();
  cluster_.objects().SetErrorRate(config_.object_error_rate);
  cluster_.objects().SetDamageRate(config_.object_damage_rate);
  world_.scheduler.RunFor(config_.duration);
  faults_->HealAll();
  cluster_.objects().SetErrorRate(0);
  cluster_.objects().SetDamageRate(0);
  result_.faults = faults_->counts();
  world_.scheduler.RunFor(Seconds(1));  // Writes go on in peace, too.
  for (const auto& writer : writers_) writer->Finish();
  for (const auto& reader : readers_) reader->Finish();
  if (pipeline_) pipeline_->Finish();
  if (admin_) admin_->Finish();
  AwaitQuiet();
  Note("quiet");
}

void Simulation::AwaitQuiet() {
  const MonoTime peace = world_.scheduler.now();
  std::vector<int64_t> marks = Marks();
  MonoTime moved = peace;
  std::string waiting_for = NotQuiet();
  const MonoDuration moves_within =
      config_.trims() ? kForgottenAfter + kMovesWithin : kMovesWithin;
  for (MonoTime now = peace; !waiting_for.empty() && now < moved + moves_within &&
                             now < peace + kQuietWithin;
       now = world_.scheduler.now()) {
    world_.scheduler.RunFor(Millis(250));
    waiting_for = NotQuiet();
    if (world_.scheduler.now() < moved + Seconds(5)) continue;
    if (trace_) trace_("waiting: " + waiting_for);
    std::vector<int64_t> next = Marks();
    if (next != std::exchange(marks, next)) moved = world_.scheduler.now();
  }
  result_.until_quiet = world_.scheduler.now() - peace;
  if (waiting_for.empty()) return;
  result_.violations.push_back(
      fmt::format("L4 not quiet {} s after the last fault, {} s after anything moved: {}",
                  result_.until_quiet.millis() / 1000,
                  (world_.scheduler.now() - moved).millis() / 1000, waiting_for));
}

std::vector<int64_t> Simulation::Marks() {
  std::vector<int64_t> marks;
  for (const auto& writer : writers_) marks.push_back(writer->open_count());
  for (const auto& reader : readers_) {
    for (const auto& log : reader->logs()) {
      marks.push_back(log->position().value());
      marks.push_back(log->high_watermark().value());
    }
  }
  for (const TableBucket& bucket : Buckets()) {
    for (int i = 0; i < cluster_.tablet_count(); ++i) {
      const auto end = cluster_.logs(i).EndOf(bucket);
      marks.push_back(end ? end->value() : -1);
    }
  }
  if (pipeline_) marks.push_back(pipeline_->Moved());
  return marks;
}

std::string Simulation::NotQuiet() {
  for (const auto& writer : writers_) {
    if (writer->open_count() > 0) {
      return fmt::format("{} writes of {} have no answer", writer->open_count(),
                         writer->host().name());
    }
  }
  if (pipeline_) {
    std::string waiting_for = pipeline_->NotQuiet();
    if (!waiting_for.empty()) return waiting_for;
  }
  for (const TableBucket& bucket : Buckets()) {
    const metadata::LeaderAndIsr& now = leaderships_[bucket];
    if (now.leader == kNoServer) return fmt::format("{} has no leader", bucket);
    if (now.isr.size() < static_cast<size_t>(config_.replication_factor)) {
      return fmt::format("{}: the ISR is {}", bucket, fmt::join(now.isr, " "));
    }
    const auto end = cluster_.LogsOf(now.leader).EndOf(bucket);
    if (!end) return fmt::format("{}: leader {} has no log", bucket, now.leader);
    for (const ServerId server : now.isr) {
      const auto other = cluster_.LogsOf(server).EndOf(bucket);
      if (other != end) {
        return fmt::format("{}: the log of {} ends at {}, that of leader {} at {}", bucket, server,
                           other ? other->value() : -1, now.leader, *end);
      }
    }
    for (const auto& reader : readers_) {
      for (const auto& log : reader->logs()) {
        if (log->bucket() != bucket || (log->position() == *end && log->high_watermark() == *end)) {
          continue;
        }
        return fmt::format("{}: {} is at {}, high watermark {}, of {}", bucket,
                           reader->host().name(), log->position(), log->high_watermark(), *end);
      }
    }
  }
  if (admin_ && admin_->busy()) return "an admin has no answer";
  return LeftBehind(nodes_);
}

void Simulation::CheckTables() {
  std::optional<std::vector<std::string>> listed;
  admin_->List(&listed);
  if (!world_.scheduler.RunUntil([&] { return listed.has_value(); }, kFoundWithin)) {
    result_.violations.push_back("L4 nobody lists tables in peace");
    return;
  }
  const FinalMetadata end = ReadFinalMetadata(nodes_, cluster_, kDatabase, *listed);
  for (const Violations& found :
       {CheckMetadata(end), CheckAdminOps(admin_->operations(), end, kLate)}) {
    result_.violations.insert(result_.violations.end(), found.begin(), found.end());
  }
  result_.tables_changed = static_cast<size_t>(
      std::ranges::count(admin_->operations(), AdminOp::Answer::kDone, &AdminOp::answer));
}

std::optional<FoundRows> Simulation::FindAll(MonoDuration within) {
  const FoundRows& found = *finds_.emplace_back(std::make_unique<FoundRows>());
  readers_[0]->FindAll(finds_.back().get());
  const int count = config_.keyed_tables * (config_.keys + config_.shape.groups);
  const bool all = world_.scheduler.RunUntil(
      [&] { return found.count() == static_cast<size_t>(count); }, within);
  return all ? std::optional(found) : std::nullopt;
}

void Simulation::CheckOutage(const FoundRows& rows) {
  Note("outage in peace");
  world_.meta.SetAvailable(false);
  // Coordinators grant leases for two thirds of that, of a second.
  world_.scheduler.RunFor(config_.session_timeout + Seconds(1));
  const auto found = FindAll(kFoundInOutageWithin);
  if (!found) {
    result_.violations.push_back("L6 lookups end while the metadata service is away: " +
                                 readers_[0]->find_error());
  } else if (*found != rows) {
    result_.violations.push_back("S12 lookups find other rows while the metadata service is away");
  }
  world_.meta.SetAvailable(true);
}

void Simulation::Check() {
  FinalState end;
  const bool quiet = result_.violations.empty();
  if (quiet && admin_) CheckTables();
  if (pipeline_ && quiet) {  // In peace yet.
    const Status collected = pipeline_->Collect(&end.rows);
    if (!collected.ok()) result_.violations.push_back("L4 jobs: " + collected.ToString());
  }
  if (quiet && config_.keyed_tables > 0) {
    if (const auto rows = FindAll(kFoundWithin)) {
      end.rows.insert(rows->rows.begin(), rows->rows.end());
      end.groups = rows->groups;
      CheckOutage(*rows);
    } else {
      result_.violations.push_back("L4 lookups find no answer in peace: " +
                                   readers_[0]->find_error());
    }
  }
  for (const SimTable& table : tables_) {
    if (table.keyed()) end.rules[table.info.id] = RulesOf(config_.shape);
  }
  for (const TableBucket& bucket : Buckets()) {
    FinalBucket last{.bucket = bucket,
                     .keyed = TableOf(bucket.table).keyed(),
                     .leader = leaderships_[bucket].leader,
                     .high_watermark = LogOffset(0),
                     .replicas = {},
                     .trimmed = JoinTrimmed(history_.trimmed, bucket)};
    for (const auto& log : readers_[0]->logs()) {
      if (log->bucket() == bucket) last.high_watermark = log->high_watermark();
    }
    for (int i = 0; i < cluster_.tablet_count(); ++i) {
      auto log = ReadReplicaLog(cluster_.tablet(i).disk(), kDataDirectory, bucket,
                                TableOf(bucket.table).schema);
      if (log) last.replicas[SimCluster::IdOf(i)] = *std::move(log);
    }
    if (!last.replicas.contains(last.leader)) {
      result_.violations.push_back(fmt::format("L4 {}: leader {} has no log", bucket, last.leader));
      continue;
    }
    // Nobody knows what is committed of a bucket that did not come to rest; all of it may be.
    const auto& batches = last.replicas.at(last.leader).batches;
    if (!quiet && !batches.empty()) last.high_watermark = batches.back().next_offset;
    end.buckets.push_back(std::move(last));
  }
  for (const TableBucket& bucket : Buckets()) {
    std::ranges::move(snapshots_.Of(bucket, MonoDuration()), std::back_inserter(end.snapshots));
  }
  result_.snapshots = end.snapshots.size();
  end.completed = snapshots_.completed();
  result_.segments_trimmed = history_.trimmed.size();
  result_.readers_behind = history_.behind.size();
  for (const Violations& found :
       {CheckNothingLost(history_, end), CheckCopies(history_), CheckIsrHonesty(history_),
        CheckNoneGivenUp(history_), CheckNoDuplicates(end), CheckOneValuePerOffset(history_, end),
        CheckWriterOrder(end), CheckCommittedStays(history_, end), CheckContiguity(history_, end),
        CheckHighWatermarks(history_), CheckLeaderships(history_), CheckReplicasIdentical(end),
        CheckRowsAreFold(end), CheckChangelog(end), CheckLookups(history_, end), CheckEngines(end),
        CheckColumns(history_, end), CheckPrefixLookups(history_, end), CheckSnapshots(end),
        CheckRetention(history_, end, Limits()), CheckOnceIntoOds(job_history_, end),
        CheckConfirms(job_history_, end), CheckLayers(job_history_, end),
        CheckSinkRows(job_history_), CheckSinkTransactions(job_history_, end)}) {
    result_.violations.insert(result_.violations.end(), found.begin(), found.end());
  }
  const auto count = [this](Outcome outcome) {
    if (outcome == Outcome::kOk) {
      ++result_.acknowledged;
    } else {
      ++result_.unknown;
    }
  };
  for (const AppendOp& op : history_.appends) count(op.outcome);
  for (const UpsertOp& op : history_.upserts) count(op.outcome);
  result_.lookups = history_.lookups.size() + history_.prefix_lookups.size();
  for (const FetchSeen& fetch : history_.fetches) result_.records_read += fetch.records.size();
  if (pipeline_) result_.source_transactions = pipeline_->source().log().size();
  for (const auto& [job, sink] : job_history_.sinks) {
    result_.sink_transactions += sink.commits.size();
  }
}

}  // namespace

SimResult RunSimulation(const SimConfig& config, std::function<void(const std::string&)> trace) {
  SetLogLevel(trace ? LogLevel::kInfo : LogLevel::kOff);  // Servers complain, and rightly.
  Simulation simulation(config, std::move(trace));
  return simulation.Run();
}

}  // namespace strom::sim
