#include "tests/sim/jobs/model_source.h"

#include <algorithm>
#include <utility>

#include "tests/sim/jobs/model_stream.h"

namespace strom::sim {

ModelSource::ModelSource(SimScheduler& scheduler, Options options, Shape shape)
    : ModelServer(scheduler, std::move(options)),
      shape_(shape),
      rows_(static_cast<size_t>(shape.tables)) {}

void ModelSource::CommitLater() {
  const auto micros = static_cast<uint64_t>(shape_.pause_max.nanos() / 1000);
  scheduler().PostAt(
      scheduler().now() + Micros(static_cast<int64_t>(random().Uniform(micros))), [this] {
        if (finished_) return;
        Commit();
        CommitLater();
      });
}

JobRow ModelSource::NextRow(size_t table, int64_t key) {
  return {.version = ++versions_[{table, key}], .more = next_more_++};
}

void ModelSource::AddChange(ModelTransaction& transaction, size_t table) {
  std::map<int64_t, JobRow>& rows = rows_[table];
  const auto keys = static_cast<uint64_t>(shape_.keys);
  const auto key = static_cast<int64_t>(random().Uniform(keys));
  const auto row = rows.find(key);
  ModelChange change{.table = table, .key = key};
  if (row == rows.end()) {
    change.row = rows[key] = NextRow(table, key);
    transaction.changes.push_back(change);
    return;
  }
  change.old_row = row->second;
  if (random().Chance(0.15)) {
    change.kind = ModelChange::Kind::kDelete;
    rows.erase(row);
    transaction.changes.push_back(change);
    return;
  }
  change.kind = ModelChange::Kind::kUpdate;
  const auto other = static_cast<int64_t>(random().Uniform(keys));
  if (random().Chance(0.2) && !rows.contains(other)) {
    change.old_key = key;
    change.key = other;
    rows.erase(row);
  }
  change.row = NextRow(table, change.key);
  if (random().Chance(0.4)) change.row.more = change.old_row.more;
  rows[change.key] = change.row;
  transaction.changes.push_back(change);
}

void ModelSource::Truncate(ModelTransaction& transaction, size_t table) {
  transaction.changes.push_back({.table = table, .kind = ModelChange::Kind::kTruncate});
  rows_[table].clear();
}

void ModelSource::Commit() {
  ModelTransaction transaction{.commit = {end_.value + 16 + random().Uniform(200)},
                               .xid = static_cast<uint32_t>(log_.size() + 1),
                               .micros = scheduler().now().nanos() / 1000};
  transaction.end = {transaction.commit.value + 16};
  end_ = transaction.end;
  if (random().Chance(0.1)) return Wake();  // One of other tables.
  const int count = random().Chance(0.1) ? 20 : 1 + static_cast<int>(random().Uniform(4));
  for (int i = 0; i < count; ++i) {
    const size_t table = random().Uniform(rows_.size());
    random().Chance(0.01) ? Truncate(transaction, table) : AddChange(transaction, table);
  }
  log_.push_back(std::move(transaction));
  Wake();
}

void ModelSource::Wake() {
  for (const auto& [session, news] : waiting_) news->Notify();
}

void ModelSource::Crash() {
  BreakSessions();
  if (slot_) {
    slot_->confirmed = slot_->on_disk;
    slot_->session = 0;
  }
  Wake();
}

bool ModelSource::IsPublished(size_t table, cdc::Lsn at) const {
  const auto since = published_.find(table);
  return since != published_.end() && since->second <= at;
}

bool ModelSource::all_confirmed() const {
  return slot_ && (log_.empty() || slot_->confirmed >= log_.back().end);
}

std::shared_ptr<cdc::SourceDatabase> ModelSource::From(const std::string& host) {
  return std::make_shared<ModelView>(*this, host);
}

}  // namespace strom::sim
