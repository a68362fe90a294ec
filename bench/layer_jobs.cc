// What a change costs the layer jobs of the power grid: layer_jobs_bench [ROWS_A_ROUND [ROUNDS]]
//
// Plans the scripts of examples/grid/sql as a worker does, fills them with 1,000 devices and 20,000
// readings, and feeds rounds of changes of readings (updates 70 %, inserts 25 %, deletes 5 %), each
// through all jobs in the order of the layers. No tables, no network: what a job gives is handed to
// those that read it. Prints for each job rows and CPU time of this thread, apart for the view and
// for the keyed output behind it, and a digest of all it gave.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <fmt/core.h>

#include "common/base/check.h"
#include "common/runtime/system_clock.h"
#include "pipeline/core/keyed_output.h"
#include "pipeline/layer/view.h"
#include "pipeline/sql/session.h"
#include "tests/testing/source_tree.h"

namespace strom {
namespace {

using pipeline::Delta;

constexpr int64_t kDevices = 1000;
constexpr int64_t kReadings = 20'000;
constexpr int64_t kNow = 1'760'000'400'000;  // 2025-10-09 09:00:00.
constexpr const char* kTypes[] = {"变压器", "发电机", "输电线路", "配电设备"};
constexpr const char* kPlaces[] = {"北京朝阳区", "上海浦东新区", "深圳南山区", "杭州西湖区",
                                   "成都高新区"};
constexpr const char* kLevels[] = {"500kV", "220kV", "110kV", "35kV", "10kV"};

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

sql::Session Scripts() {
  std::vector<std::filesystem::path> files;
  for (const auto& file :
       std::filesystem::directory_iterator(testing::SourcePath("examples/grid/sql"))) {
    files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  sql::Session session;
  for (const auto& file : files) {
    const auto statements = sql::ParseScript(ReadFile(file));
    STROM_CHECK(statements.ok()) << statements.status().ToString();
    for (const sql::Statement& statement : *statements) {
      const auto applied = session.Apply(statement);
      STROM_CHECK(applied.ok()) << applied.status().ToString();
    }
  }
  return session;
}

// One table's job, as pipeline/layer/job/layer_job.cc has it.
struct Job {
  struct Query {
    std::unique_ptr<layer::View> view;
    std::vector<std::string> sources;
    std::vector<std::vector<size_t>> columns;  // Of each source that are handed over.
  };
  std::string target;
  std::vector<Query> queries;
  std::unique_ptr<pipeline::KeyedOutput> output;
  absl::flat_hash_map<int64_t, Row> rows;  // The target's, by its key: always the first column.

  int64_t batches = 0, rows_in = 0, rows_out = 0;
  double view_us = 0, output_us = 0;
  uint64_t digest = 0;
};

uint64_t Fnv(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash;
}

double Micros(MonoDuration since) {
  return static_cast<double>((runtime::ThreadCpuTime() - since).nanos()) / 1e3;
}

Row Some(const Row& row, const std::vector<size_t>& columns) {
  Row out;
  for (const size_t column : columns) out.push_back(row[column]);
  return out;
}

std::vector<Job> Jobs(duck::Database& database) {
  const sql::Session session = Scripts();
  std::vector<Job> jobs;
  std::map<std::string, std::vector<Column>> columns;
  for (const sql::Session::PendingInsert& insert : session.inserts()) {
    const auto target = session.TargetOf(insert);
    STROM_CHECK(target.ok()) << target.status().ToString();
    auto query = session.Bind(database, insert);
    STROM_CHECK(query.ok()) << query.status().ToString();
    if (!target->table || query->sources[0].path.find('.') == std::string::npos) continue;
    auto job = std::find_if(jobs.begin(), jobs.end(),
                            [&](const Job& other) { return other.target == target->path; });
    if (job == jobs.end()) {
      job = jobs.insert(job, Job());
      job->target = target->path;
      columns[job->target] = target->columns;
    }
    Job::Query& made = job->queries.emplace_back();
    const sql::BoundQuery bound = *query;
    made.view = layer::View::Make(database, bound).value();
    for (size_t s = 0; s < bound.sources.size(); ++s) {
      made.sources.push_back(bound.sources[s].path);
      made.columns.push_back(made.view->UsedColumns(s));
      made.view->TakeColumns(s, made.columns.back());
    }
  }
  for (Job& job : jobs) {
    std::vector<size_t> clock;
    if (job.queries.size() == 1) clock = job.queries[0].view->clock_columns();
    job.output = std::make_unique<pipeline::KeyedOutput>(
        pipeline::KeyedOutput::Make(columns[job.target], {0}, clock).value());
  }
  return jobs;
}

// Takes the tables' changes of a round; gives those of the job's table.
Delta Apply(Job& job, const std::map<std::string, Delta>& changes, Timestamp now, bool counted) {
  std::vector<pipeline::KeyedChange> different;
  int64_t rows_in = 0;
  bool any = false;
  for (Job::Query& query : job.queries) {
    std::vector<layer::SourceDelta> batch;
    for (size_t s = 0; s < query.sources.size(); ++s) {
      const auto rows = changes.find(query.sources[s]);
      if (rows == changes.end() || rows->second.empty()) continue;
      Delta delta;
      for (const pipeline::SignedRow& row : rows->second) {
        delta.push_back({row.insert, Some(row.row, query.columns[s])});
      }
      rows_in += static_cast<int64_t>(delta.size());
      batch.push_back({s, std::move(delta)});
    }
    if (batch.empty() && counted) continue;
    any = true;
    MonoDuration began = runtime::ThreadCpuTime();
    const auto delta = query.view->Apply(batch, now);
    STROM_CHECK(delta.ok()) << job.target << ": " << delta.status().ToString();
    if (counted) job.view_us += Micros(began);
    began = runtime::ThreadCpuTime();
    const auto made = job.output->Apply(*delta);
    STROM_CHECK(made.ok()) << job.target << ": " << made.status().ToString();
    if (counted) job.output_us += Micros(began);
    different.insert(different.end(), made->begin(), made->end());
  }
  if (counted && any) {
    ++job.batches;
    job.rows_in += rows_in;
    job.rows_out += static_cast<int64_t>(different.size());
  }
  Delta out;
  for (const pipeline::KeyedChange& change : different) {
    const int64_t key = *change.row[0].get_if<int64_t>();
    const auto old = job.rows.find(key);
    if (old != job.rows.end()) out.push_back({false, old->second});
    if (change.upsert) {
      out.push_back({true, change.row});
      job.rows[key] = change.row;
      job.digest += Fnv(Value::Struct(change.row).ToString());
    } else if (old != job.rows.end()) {
      job.rows.erase(old);
      job.digest += static_cast<uint64_t>(key) * 0x9E3779B97F4A7C15;
    }
  }
  return out;
}

// The source tables.
class Source {
 public:
  std::map<std::string, Delta> Snapshot() {
    std::map<std::string, Delta> out;
    for (int64_t id = 0; id < kDevices; ++id) {
      out[kEquipment].push_back({true, Device(id)});
      if (id % 10 == 0) out[kAlarms].push_back({true, Alarm(id)});
    }
    for (int64_t id = 0; id < kReadings; ++id) Insert(out[kMonitoring]);
    return out;
  }

  std::map<std::string, Delta> Round(int64_t rows) {
    std::map<std::string, Delta> out;
    Delta& delta = out[kMonitoring];
    for (int64_t i = 0; i < rows; ++i) {
      const uint64_t kind = Below(100);
      if (kind >= 70 && kind < 95) {
        Insert(delta);
        continue;
      }
      const size_t at = Below(readings_.size());
      delta.push_back({false, readings_[at]});
      if (kind < 70) {
        Measure(readings_[at]);
        delta.push_back({true, readings_[at]});
      } else {
        readings_[at] = std::move(readings_.back());
        readings_.pop_back();
      }
    }
    return out;
  }

 private:
  static constexpr const char* kEquipment = "sgcc_dw.ods_power_equipment";
  static constexpr const char* kMonitoring = "sgcc_dw.ods_power_monitoring";
  static constexpr const char* kAlarms = "sgcc_dw.ods_equipment_alarms";

  uint64_t Below(uint64_t bound) {
    return (state_ = state_ * 6364136223846793005 + 1442695040888963407) / 8589934592 % bound;
  }
  Value Near(int64_t middle, int64_t by) {
    if (Below(100) == 0) return Value::Null();
    return Value::Dec(middle - by + static_cast<int64_t>(Below(static_cast<uint64_t>(by) * 2 + 1)));
  }

  static Row Device(int64_t id) {
    const char* type = kTypes[id % 4];
    return {Value::Int(id),
            Value::String(fmt::format("{}{}号", type, id)),
            Value::String(type),
            Value::String(kPlaces[id / 4 % 5]),
            Value::String(kLevels[id % 5]),
            Value::Dec(1000 + id * 50),
            Value::String("中国西电"),
            Value::Int(18'000 + id),
            Value::Int(kNow / 86'400'000 - id % 400),
            Value::String(id % 11 == 0 ? "MAINTENANCE" : "ACTIVE"),
            Value::Time(kNow - 86'400'000),
            Value::Time(kNow - 86'400'000)};
  }

  static Row Alarm(int64_t id) {
    return {Value::Int(id),
            Value::Int(id),
            Value::String("WARNING"),
            Value::Int(1 + id / 10 % 5),
            Value::String("油温偏高，请检查冷却系统"),
            Value::String("TEMP_HIGH"),
            Value::Bool(id % 20 == 0),
            Value::Time(kNow - id * 100'000),
            id % 20 == 0 ? Value::Time(kNow - id * 50'000) : Value::Null(),
            Value::Time(kNow),
            Value::Time(kNow)};
  }

  // Every column but keys and times.
  void Measure(Row& row) {
    const int64_t level = 1000 * (1 + *row[1].get_if<int64_t>() % 5);
    const int64_t current = static_cast<int64_t>(Below(160'000));
    for (size_t i = 2; i < 5; ++i) row[i] = Near(level, level / 100);
    for (size_t i = 5; i < 8; ++i) row[i] = Near(current, current / 100 + 1);
    row[8] = Near(10'000, 10'000);
    row[9] = Near(2'000, 4'000);
    row[10] = Near(50'000, 150);
    row[11] = Near(4'000, 5'000);
    row[12] = Near(6'000, 3'500);
  }

  void Insert(Delta& delta) {
    constexpr int64_t kHour = 3'600'000;
    const uint64_t kind = Below(100);
    const int64_t age = static_cast<int64_t>(kind < 30   ? Below(900'000)
                                             : kind < 70 ? Below(9 * kHour)
                                             : kind < 95 ? 9 * kHour + Below(24 * kHour)
                                                         : 33 * kHour + Below(24 * kHour));
    Row row(15);
    row[0] = Value::Int(next_++);
    row[1] = Value::Int(static_cast<int64_t>(Below(kDevices)));
    Measure(row);
    row[13] = Below(100) == 0 ? Value::Null() : Value::Time(kNow - age);
    row[14] = Value::Time(kNow);
    readings_.push_back(row);
    delta.push_back({true, std::move(row)});
  }

  std::vector<Row> readings_;
  int64_t next_ = 1;
  uint64_t state_ = 42;
};

void Main(int64_t rows, int64_t rounds) {
  const auto database = duck::Database::Open().value();
  std::vector<Job> jobs = Jobs(*database);
  Source source;
  for (int64_t round = -1; round < rounds; ++round) {
    std::map<std::string, Delta> changes = round < 0 ? source.Snapshot() : source.Round(rows);
    const int64_t now = kNow + (round + 1) * rows / 10;  // 10,000 changes a second.
    for (Job& job : jobs) {
      changes[job.target] = Apply(job, changes, {now, 0}, round >= 0);
    }
  }
  double total = 0;
  double outputs = 0;
  const auto per = [](double micros, int64_t n) {
    return n == 0 ? 0 : micros / static_cast<double>(n);
  };
  std::sort(jobs.begin(), jobs.end(),
            [](const Job& a, const Job& b) { return a.view_us > b.view_us; });
  fmt::print("{:>9} {:>9} {:>9} {:>10} {:>10} {:>10}  {:16} job\n", "rows_in", "rows_out",
             "view ms", "us/row_in", "us/batch", "output ms", "digest");
  for (const Job& job : jobs) {
    fmt::print("{:9} {:9} {:9.1f} {:10.2f} {:10.0f} {:10.1f}  {:016x} {}\n", job.rows_in,
               job.rows_out, job.view_us / 1e3, per(job.view_us, job.rows_in),
               per(job.view_us, job.batches), job.output_us / 1e3, job.digest, job.target);
    total += job.view_us;
    outputs += job.output_us;
  }
  fmt::print(
      "{} rounds of {}: {:.1f} us a change in views, {:.1f} in outputs; {:.0f} and {:.0f} us a "
      "round\n",
      rounds, rows, total / static_cast<double>(rounds * rows),
      outputs / static_cast<double>(rounds * rows), total / static_cast<double>(rounds),
      outputs / static_cast<double>(rounds));
}

}  // namespace
}  // namespace strom

int main(int argc, char** argv) {
  strom::Main(argc > 1 ? std::atoll(argv[1]) : 4000, argc > 2 ? std::atoll(argv[2]) : 12);
  return 0;
}
