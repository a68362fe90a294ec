// What carrying a row costs: carry_rows_bench [ROWS]
//
// A coordinator and a tablet server in this process, as in `strom dev`, and a primary-key table
// like the grid's dws_equipment_hourly_summary. Batches of rows are upserted, half of them over
// rows that are there, each batch waited for, as a layer job does; then the changelog is read.
// Prints a JSON line each: CPU time of the whole process a row.

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include "cli/dev_server_options.h"
#include "client/include/strom/connection.h"
#include "common/base/check.h"
#include "common/daemon/ending.h"
#include "common/daemon/listeners.h"
#include "common/daemon/run.h"
#include "common/io/posix_file_system.h"
#include "common/metrics/metrics.h"
#include "common/runtime/notification.h"
#include "common/runtime/system_clock.h"
#include "tests/testing/temp_dir.h"

namespace strom {
namespace {

using client::LogRecord;

// The servers of `strom dev`, and a client in the process.
class World {
 public:
  explicit World(const std::string& path)
      : directory_(cli::DevDirectory::Open(files_, path).value()),
        platform_(RealPlatform::Start(cli::PlatformOptions(options_, directory_)).value()),
        network_(world().network, world().executor, world().clock,
                 cli::LocalNetworkOptions(options_)),
        coordinator_(world().executor, world().clock, world().random, network_, world().sessions,
                     authorizer_, cli::CoordinatorOptions(options_)),
        tablet_options_(cli::TabletOptions(options_, directory_)),
        tablet_(world().executor, world().blocking, world().clock, world().random, world().files,
                world().stores, network_, world().sessions, authorizer_, registry_,
                tablet_options_) {
    daemon::Ending coordinator;
    coordinator_.Start(coordinator.Callback());
    STROM_CHECK(coordinator.Wait().ok()) << coordinator.status().ToString();
    daemon::Ending tablet;
    tablet_.Start(tablet.Callback());
    STROM_CHECK(tablet.Wait().ok()) << tablet.status().ToString();
    const runtime::Notification never;
    while (!coordinator_.views().Get()->tablet_servers.contains(tablet_options_.id)) {
      (void)never.WaitFor(Millis(2));
    }
    const std::string bootstrap = coordinator_.EndpointOf(daemon::kGrpcListener)->ToString();
    connection_ = client::Connection::Create(
                      {.bootstrap_servers = {bootstrap}, .carrier = client::Carrier::kGrpc},
                      {world().executor, world().clock, world().random, network_})
                      .value();
  }

  ~World() {
    connection_.reset();
    daemon::Ending tablet;
    tablet_.Stop(daemon::kDrain, tablet.Callback());
    tablet.Wait();
    daemon::Ending stopped;
    coordinator_.Stop(daemon::kDrain,
                      [done = stopped.Callback()]() mutable { done(Status::Ok()); });
    stopped.Wait();
  }

  client::Connection& connection() { return *connection_; }

 private:
  Platform& world() { return platform_->get(); }

  const cli::DevOptions options_;
  io::PosixFileSystem files_;
  cli::DevDirectory directory_;
  std::unique_ptr<RealPlatform> platform_;
  rpc::LocalNetwork network_;
  rpc::AllowAll authorizer_;
  metrics::Registry registry_;
  coordinator::CoordinatorServer coordinator_;
  const tablet::TabletServer::Options tablet_options_;
  tablet::TabletServer tablet_;
  std::unique_ptr<client::Connection> connection_;
};

TableDescriptor HourlySummary() {
  const auto c = [](const char* name, DataType type) {
    return Column{.name = name, .type = std::move(type), .comment = {}, .aggregate = {}};
  };
  SchemaSpec spec;
  spec.columns = {c("summary_id", DataType::BigInt()),
                  c("equipment_id", DataType::BigInt()),
                  c("equipment_name", DataType::String()),
                  c("equipment_type", DataType::String()),
                  c("summary_date", DataType::Date()),
                  c("summary_hour", DataType::Int()),
                  c("voltage_avg", DataType::Decimal(8, 2)),
                  c("current_avg", DataType::Decimal(8, 2)),
                  c("power_active_avg", DataType::Decimal(10, 2)),
                  c("power_factor_avg", DataType::Decimal(6, 4)),
                  c("frequency_avg", DataType::Decimal(6, 3)),
                  c("temperature_avg", DataType::Decimal(6, 2)),
                  c("monitoring_count", DataType::Int()),
                  c("load_rate", DataType::Decimal(6, 4)),
                  c("efficiency_score", DataType::Decimal(6, 4)),
                  c("created_at", DataType::Timestamp(3))};
  spec.primary_key = {"summary_id"};
  return {.schema = Schema::Make(std::move(spec)).value(),
          .comment = {},
          .partition_keys = {},
          .distribution = TableDistribution{{}, 2},
          .properties = {},
          .custom_properties = {}};
}

Row Summary(int64_t key, int64_t turn) {
  const auto dec = [&](int64_t base, int64_t spread) {
    return Value::Dec(base + (key * 7919 + turn * 104'729 + base) % spread);
  };
  return {Value::Int(10'000'000'000 + key),
          Value::Int(key % 1000),
          Value::String(fmt::format("变压器{}号", key % 1000)),
          Value::String("变压器"),
          Value::Int(20'000 + key % 3),
          Value::Int(key % 24),
          dec(22000, 900),
          dec(10000, 5000),
          dec(150'000, 90'000),
          dec(9100, 800),
          dec(49'900, 200),
          dec(3500, 4000),
          Value::Int(turn % 60),
          dec(4500, 3000),
          dec(7000, 2000),
          Value::Time(int64_t{1'760'000'000'000} + turn)};
}

double CpuSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Measure {
  double cpu = CpuSeconds();
  MonoTime began = runtime::SystemNow();

  void Print(const char* what, int64_t rows_a_batch, int64_t rows, int64_t batches) const {
    const double used = CpuSeconds() - cpu;
    const double took = static_cast<double>((runtime::SystemNow() - began).nanos());
    fmt::print(
        "{{\"bench\": \"{}\", \"rows_a_batch\": {}, \"cpu_us_a_row\": {:.2f}, "
        "\"cpu_us_a_batch\": {:.1f}, \"took_us_a_batch\": {:.1f}}}\n",
        what, rows_a_batch, used / static_cast<double>(rows) * 1e6,
        used / static_cast<double>(batches) * 1e6, took / static_cast<double>(batches) / 1e3);
    std::fflush(stdout);
  }
};

// Reads what is there, or comes, until `records` changes were read.
void Scan(client::Connection& connection, const TablePath& path, bool some_columns,
          const std::function<bool(int64_t)>& goes_on) {
  client::LogScannerOptions options;
  if (some_columns) {
    options.columns = {"equipment_id",     "equipment_name",  "summary_date",
                       "power_active_avg", "temperature_avg", "monitoring_count"};
  }
  const auto scanner = connection.NewLogScanner(path, options).value();
  STROM_CHECK(scanner->SubscribeAll(client::OffsetSpec::Earliest()).ok());
  int64_t read = 0;
  while (goes_on(read)) {
    read += static_cast<int64_t>(scanner->Poll(Seconds(5)).value().size());
  }
}

class Bench {
 public:
  explicit Bench(client::Connection& connection) : connection_(connection) {
    STROM_CHECK(
        connection_.admin().CreateDatabase("bench", {}, client::IfExists::kIgnore).Get().ok());
  }

  void Run(int64_t size, int64_t rows) {
    const int64_t batches = rows / size;
    const TablePath alone("bench", fmt::format("alone_{}", size));
    Create(alone);
    const Measure write;
    const int64_t changes = Write(alone, size, batches);
    write.Print("write", size, size * batches, batches);
    for (const bool some_columns : {false, true}) {
      const Measure read;
      Scan(connection_, alone, some_columns, [&](int64_t n) { return n < changes; });
      read.Print(some_columns ? "read 6 of 16 columns" : "read", size, changes, batches);
    }
    const TablePath followed("bench", fmt::format("followed_{}", size));
    Create(followed);
    std::vector<std::thread> readers;
    const Measure both;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([this, i, &followed, changes] {
        Scan(connection_, followed, i % 2 == 1, [&](int64_t n) { return n < changes; });
      });
    }
    Write(followed, size, batches);
    for (std::thread& reader : readers) reader.join();
    both.Print("write, 4 readers follow", size, size * batches, batches);
  }

 private:
  void Create(const TablePath& path) {
    const Status made = connection_.admin().CreateTable(path, HourlySummary()).Get();
    STROM_CHECK(made.ok()) << made.ToString();
  }

  // How many changes that makes: each second row is an update, in two records.
  int64_t Write(const TablePath& path, int64_t size, int64_t batches) {
    const auto writer = connection_.NewUpsertWriter(path).value();
    int64_t fresh = 0;
    int64_t changes = 0;
    for (int64_t batch = 0; batch < batches; ++batch) {
      const int64_t before = fresh;
      std::vector<Row> rows;
      std::vector<client::RowChange> written;
      for (int64_t i = 0; i < size; ++i) {
        const bool update = before > 0 && i % 2 == 1;
        const int64_t key = update ? (batch * 7919 + i * 31) % before : fresh++;
        changes += update ? 2 : 1;
        rows.push_back(Summary(key, batch));
      }
      for (const Row& row : rows) written.push_back({true, &row});
      const Status taken = writer->WriteAll(
          written, [](const Status& status) { STROM_CHECK(status.ok()) << status.ToString(); });
      STROM_CHECK(taken.ok()) << taken.ToString();
      STROM_CHECK(writer->Flush().Get().ok());
    }
    return changes;
  }

  client::Connection& connection_;
};

void Main(int64_t rows) {
  const testing::TempDir folder;
  World world(folder.path() + "/data");
  Bench bench(world.connection());
  bench.Run(4000, rows);
  bench.Run(20, rows / 4);
}

}  // namespace
}  // namespace strom

int main(int argc, char** argv) {
  strom::Main(argc > 1 ? std::atoll(argv[1]) : 200'000);
  return 0;
}
