#include "tests/sim/cluster/sim_pipeline.h"

#include <algorithm>
#include <utility>

#include "pipeline/cdc/job_plan.h"
#include "pipeline/core/progress_store.h"

namespace strom::sim {
namespace {

constexpr MonoDuration kWithin = Seconds(120);
constexpr const char* kOds = "ods";
constexpr const char* kLayers = "dwd";

Status Await(SimScheduler& scheduler, const bool& done) {
  return scheduler.RunUntil([&] { return done; }, kWithin)
             ? Status::Ok()
             : Error(ErrorCode::kRequestTimeOut, "not done after {} s", kWithin.millis() / 1000);
}

}  // namespace

SimPipeline::SimPipeline(SimWorld& world, SimCluster& cluster, const SimConfig& config,
                         JobHistory* history)
    : world_(world),
      cluster_(cluster),
      config_(config),
      history_(history),
      waits_(world.scheduler),
      source_(world.scheduler,
              {.name = "source", .seed = config.seed * 5 + 1, .latency_max = config.latency_max},
              {.tables = config.source_tables,
               .keys = config.source_keys,
               .full_identity = config.full_identity,
               .pause_max = config.source_pause_max}),
      sink_(world.scheduler,
            {.name = "sink", .seed = config.seed * 5 + 2, .latency_max = config.latency_max}) {
  for (int i = 1; i <= config.workers; ++i) {
    workers_.push_back(std::make_unique<SimWorker>(world, waits_, config, i, cluster.Addresses(),
                                                   source_, sink_));
  }
  source_.SetConfirmObserver([this](cdc::Lsn confirmed) { OnConfirm(confirmed); });
}

SimPipeline::~SimPipeline() {
  source_.SetConfirmObserver(nullptr);
  workers_.clear();
}

std::vector<SimWorker*> SimPipeline::workers() const {
  std::vector<SimWorker*> workers;
  for (const auto& worker : workers_) workers.push_back(worker.get());
  return workers;
}

Status SimPipeline::Run(std::function<Status(client::Connection&)> work) {
  SimHost host(world_, "pipeline", world_.scheduler.random().Next());
  host.Boot();
  bool done = false;
  Status outcome;
  {
    const auto connection =
        client::Connection::Create({.bootstrap_servers = cluster_.Addresses()},
                                   {host.executor(), host.clock(), host.random(), host.network()})
            .value();
    auto threads = std::make_unique<SimThreads>(waits_, host.executor());
    threads->Post([&] {
      outcome = work(*connection);
      done = true;
    });
    const Status in_time = Await(world_.scheduler, done);
    if (!done) outcome = in_time;
    host.Kill();
    threads.reset();
  }
  host.AfterKill(/*power_failed=*/false);
  return outcome;
}

Status SimPipeline::Prepare() {
  return Run([this](client::Connection& connection) { return MakeTables(connection); });
}

TableDescriptor SimPipeline::DescriptorOf(Schema schema, TableDistribution distribution) const {
  TableDescriptor table{.schema = std::move(schema), .distribution = std::move(distribution)};
  table.properties["table.replication.factor"] = std::to_string(config_.replication_factor);
  table.properties["table.log.arrow.compression.type"] = "NONE";
  if (!config_.durability.empty()) table.custom_properties["strom.durability"] = config_.durability;
  return table;
}

Status SimPipeline::MakeTables(client::Connection& connection) {
  client::Admin& admin = connection.admin();
  const TablePath progress = pipeline::ProgressStore::Path();
  for (const std::string& database : {std::string(kOds), std::string(kLayers), progress.database}) {
    STROM_RETURN_IF_ERROR(admin.CreateDatabase(database, {}, client::IfExists::kIgnore).Get());
  }
  STROM_ASSIGN_OR_RETURN(const TableDescriptor remembered, pipeline::ProgressStore::Descriptor());
  STROM_RETURN_IF_ERROR(
      admin.CreateTable(progress, DescriptorOf(remembered.schema, *remembered.distribution)).Get());
  for (size_t i = 0; i < static_cast<size_t>(config_.source_tables); ++i) {
    const TablePath ods{kOds, ModelSource::TableName(i)};
    const TablePath layer{kLayers, ModelSource::TableName(i)};
    STROM_ASSIGN_OR_RETURN(SimTable ods_table, MakeTable(admin, ods));
    STROM_ASSIGN_OR_RETURN(SimTable layer_table, MakeTable(admin, layer));
    history_->layers[layer_table.info.id] = ods_table.info.id;
    tables_.push_back(std::move(ods_table));
    layers_.push_back(std::move(layer_table));
    cdc_.push_back(ModelJobs::Cdc(i, ods));
    sinks_.push_back(ModelJobs::Sink(layer));
    for (const JobDefinition& job : {cdc_.back(), ModelJobs::Layer(ods, layer), sinks_.back()}) {
      STROM_RETURN_IF_ERROR(connection.jobs().Register(job).Get());
    }
  }
  return Status::Ok();
}

Result<SimTable> SimPipeline::MakeTable(client::Admin& admin, const TablePath& path) const {
  STROM_ASSIGN_OR_RETURN(const Schema schema,
                         Schema::Make({.columns = {{.name = "k", .type = DataType::BigInt()},
                                                   {.name = "v", .type = DataType::BigInt()},
                                                   {.name = "more", .type = DataType::BigInt()}},
                                       .primary_key = {"k"}}));
  STROM_RETURN_IF_ERROR(
      admin.CreateTable(path, DescriptorOf(schema, TableDistribution{{}, config_.buckets})).Get());
  STROM_ASSIGN_OR_RETURN(const TableInfo info, admin.GetTable(path).Get());
  std::vector<DataType> types;
  for (const Column& column : info.descriptor.schema.columns()) types.push_back(column.type);
  return SimTable{.info = info, .schema = record::RecordSchema(LogFormat::kArrow, types)};
}

std::vector<SimTable> SimPipeline::tables() const {
  std::vector<SimTable> all = tables_;
  all.insert(all.end(), layers_.begin(), layers_.end());
  return all;
}

void SimPipeline::Start() {
  for (const auto& worker : workers_) worker->Start();
  source_.Start();
}

void SimPipeline::OnConfirm(cdc::Lsn confirmed) {
  if (!history_->confirms.empty() && history_->confirms.back().lsn >= confirmed.value) return;
  ConfirmSeen seen{.lsn = confirmed.value, .at = world_.scheduler.now(), .ends = {}};
  for (const SimTable& table : tables_) {
    for (int32_t i = 0; i < config_.buckets; ++i) {
      const TableBucket bucket{.table = table.info.id, .partition = {}, .bucket = BucketId(i)};
      LogOffset& end = seen.ends[bucket];
      for (int tablet = 0; tablet < cluster_.tablet_count(); ++tablet) {
        if (const auto one = cluster_.logs(tablet).EndOf(bucket)) end = std::max(end, *one);
      }
    }
  }
  history_->confirms.push_back(std::move(seen));
}

std::string SimPipeline::NotQuiet() {
  if (!source_.all_confirmed()) return "the source's slot is behind its log";
  for (size_t i = 0; i < sinks_.size(); ++i) {
    if (sink_.rows(sinks_[i].name) == source_.rows(i)) continue;
    return fmt::format("{} has not the rows of its source", sinks_[i].name);
  }
  return "";
}

int64_t SimPipeline::Moved() {
  auto moved = static_cast<int64_t>(history_->confirms.size());
  for (const JobDefinition& sink : sinks_) moved += sink_.commit_count(sink.name);
  return moved;
}

Status SimPipeline::Collect(std::map<TableId, std::map<int64_t, std::optional<int64_t>>>* rows) {
  CollectSource();
  for (size_t i = 0; i < sinks_.size(); ++i) {
    SinkHistory& sink = history_->sinks[sinks_[i].name];
    sink = sink_.HistoryOf(sinks_[i].name);
    sink.source = layers_[i].info.id;
    sink.ods = tables_[i].info.id;
  }
  return Run([this, rows](client::Connection& connection) { return Read(connection, rows); });
}

void SimPipeline::CollectSource() {
  std::vector<std::map<int64_t, JobRow>> now(tables_.size());
  const auto add = [&](const ModelChange& change, const ModelTransaction& transaction, int64_t key,
                       std::optional<JobRow> row) {
    history_->changes.push_back({.table = tables_[change.table].info.id,
                                 .key = key,
                                 .row = row,
                                 .commit_lsn = transaction.commit.value});
  };
  for (const ModelTransaction& transaction : source_.log()) {
    for (const ModelChange& change : transaction.changes) {
      std::map<int64_t, JobRow>& table = now[change.table];
      switch (change.kind) {
        case ModelChange::Kind::kTruncate:
          for (const auto& [key, row] : table) add(change, transaction, key, std::nullopt);
          table.clear();
          break;
        case ModelChange::Kind::kDelete:
          add(change, transaction, change.key, std::nullopt);
          table.erase(change.key);
          break;
        case ModelChange::Kind::kInsert:
        case ModelChange::Kind::kUpdate:
          if (change.old_key) {
            add(change, transaction, *change.old_key, std::nullopt);
            table.erase(*change.old_key);
          }
          add(change, transaction, change.key, change.row);
          table[change.key] = change.row;
          break;
      }
    }
  }
  for (size_t i = 0; i < tables_.size(); ++i) {
    history_->source_rows[tables_[i].info.id] = source_.rows(i);
  }
}

Status SimPipeline::Read(client::Connection& connection,
                         std::map<TableId, std::map<int64_t, std::optional<int64_t>>>* rows) {
  // Reads only: its epoch is nobody's.
  STROM_ASSIGN_OR_RETURN(const std::unique_ptr<pipeline::ProgressStore> progress,
                         pipeline::ProgressStore::Open(connection, {cdc_.at(0).group, 0}));
  for (size_t i = 0; i < tables_.size(); ++i) {
    const TableInfo& table = tables_[i].info;
    STROM_ASSIGN_OR_RETURN(const std::optional<std::string> copied,
                           progress->Get(ModelJobs::CopyName(cdc_[i])));
    if (copied) {
      STROM_ASSIGN_OR_RETURN(const cdc::TableState state, cdc::TableState::FromText(*copied));
      history_->copied_at[table.id] = state.start.value;
    }
  }
  for (const SimTable& table : tables()) {
    auto& found = (*rows)[table.info.id];
    for (int64_t key = 0; key < config_.source_keys; ++key) found[key] = std::nullopt;
    STROM_RETURN_IF_ERROR(
        client::ReadTable(connection, table.info.path, {}, [&](const client::TableRow& row) {
          found[*row.row[0].get_if<int64_t>()] = *row.row[1].get_if<int64_t>();
          return Status::Ok();
        }));
  }
  return Status::Ok();
}

}  // namespace strom::sim
