// What a row costs a PostgreSQL sink: postgres_sink_bench [BATCHES]
//
// Writes batches of the power grid's monitoring rows (29 columns) into a server of its own, and
// prints a JSON line for each kind of batch: CPU time a row of this thread and of the server's
// backend, and how long a write takes. The server does not sync its disk.

#include "pipeline/sink/postgres/postgres_sink.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <unistd.h>

#include <fmt/core.h>

#include "common/base/check.h"
#include "common/runtime/system_clock.h"
#include "tests/testing/postgres_server.h"

namespace strom {
namespace {

using pipeline::KeyedChange;

constexpr int64_t kKeys = 100'000;

Column C(const char* name, DataType type) {
  return {.name = name, .type = std::move(type), .comment = {}, .aggregate = {}};
}

sink::SinkTable Monitoring() {
  return {.schema_name = "public",
          .name = "monitoring",
          .columns = {C("monitoring_id", DataType::BigInt()),
                      C("equipment_id", DataType::BigInt()),
                      C("equipment_name", DataType::String()),
                      C("equipment_type", DataType::String()),
                      C("voltage_a", DataType::Decimal(8, 2)),
                      C("voltage_b", DataType::Decimal(8, 2)),
                      C("voltage_c", DataType::Decimal(8, 2)),
                      C("voltage_avg", DataType::Decimal(8, 2)),
                      C("voltage_imbalance", DataType::Decimal(6, 4)),
                      C("current_a", DataType::Decimal(8, 2)),
                      C("current_b", DataType::Decimal(8, 2)),
                      C("current_c", DataType::Decimal(8, 2)),
                      C("current_avg", DataType::Decimal(8, 2)),
                      C("current_imbalance", DataType::Decimal(6, 4)),
                      C("power_active", DataType::Decimal(10, 2)),
                      C("power_reactive", DataType::Decimal(10, 2)),
                      C("power_factor", DataType::Decimal(6, 4)),
                      C("power_apparent", DataType::Decimal(10, 2)),
                      C("frequency", DataType::Decimal(6, 3)),
                      C("frequency_deviation", DataType::Decimal(6, 4)),
                      C("temperature", DataType::Decimal(6, 2)),
                      C("humidity", DataType::Decimal(5, 2)),
                      C("monitoring_date", DataType::Date()),
                      C("monitoring_hour", DataType::Int()),
                      C("monitoring_minute", DataType::Int()),
                      C("is_peak_hour", DataType::Boolean()),
                      C("is_working_day", DataType::Boolean()),
                      C("monitoring_time", DataType::Timestamp(3)),
                      C("created_at", DataType::Timestamp(3))},
          .primary_key = {0}};
}

std::string Ddl(const sink::SinkTable& table) {
  std::string ddl = "CREATE TABLE monitoring (";
  for (const Column& column : table.columns) {
    const std::string type = column.type.ToString();
    const std::string name = type == "STRING" ? "text" : type == "INT" ? "integer" : type;
    ddl += column.name + " " + name + ", ";
  }
  return ddl + "PRIMARY KEY (monitoring_id))";
}

// `turn` tells versions of the row apart.
Row Reading(int64_t key, int64_t turn) {
  const auto dec = [&](int64_t base, int64_t spread) {
    return Value::Dec(base + (key * 7919 + turn * 104'729 + base) % spread);
  };
  const int64_t at = int64_t{1'760'000'000'000} + key * 1000 + turn;
  return {Value::Int(key),
          Value::Int(key % 1000),
          Value::String(fmt::format("变压器{}号", key % 1000)),
          Value::String("变压器"),
          dec(22000, 900),
          dec(22010, 900),
          dec(22020, 900),
          dec(22030, 900),
          dec(12, 300),
          dec(10000, 5000),
          dec(10010, 5000),
          dec(10020, 5000),
          dec(10030, 5000),
          dec(15, 300),
          dec(150'000, 90'000),
          dec(20'000, 9000),
          dec(9100, 800),
          dec(151'000, 90'000),
          dec(49'900, 200),
          dec(-500, 1000),
          dec(3500, 4000),
          dec(4500, 3000),
          Value::Int(at / 86'400'000),
          Value::Int(at / 3'600'000 % 24),
          Value::Int(at / 60'000 % 60),
          Value::Bool(key % 3 == 0),
          Value::Bool(key % 7 != 0),
          Value::Time(at),
          key % 50 == 0 ? Value::Null() : Value::Time(at + 17)};
}

// User and system time of a process so far.
double CpuSeconds(int pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  size_t at = text.rfind(')');
  for (int field = 0; field < 12; ++field) at = text.find(' ', at + 1);
  char* next = nullptr;
  const double user = std::strtod(text.c_str() + at, &next);
  return (user + std::strtod(next, nullptr)) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Bench {
  sink::PostgresSink& sink;
  int backend;
  sink::SinkPosition position;

  void Run(const char* name, int64_t batches, int64_t size,
           const std::function<KeyedChange(int64_t batch, int64_t row)>& change) {
    double client = 0;
    MonoDuration took = Millis(0);
    const double server_before = CpuSeconds(backend);
    for (int64_t batch = 0; batch < batches; ++batch) {
      std::vector<KeyedChange> changes;
      for (int64_t row = 0; row < size; ++row) changes.push_back(change(batch, row));
      position.sources["grid.monitoring"].next[0] += size;
      const MonoTime began = runtime::SystemNow();
      const MonoDuration cpu = runtime::ThreadCpuTime();
      const Status written = sink.Write(changes, position);
      STROM_CHECK(written.ok()) << written.ToString();
      client += static_cast<double>((runtime::ThreadCpuTime() - cpu).nanos());
      took = took + (runtime::SystemNow() - began);
    }
    const double server = CpuSeconds(backend) - server_before;
    const double rows = static_cast<double>(batches * size);
    fmt::print(
        "{{\"bench\": \"{}\", \"rows_a_batch\": {}, \"client_us_a_row\": {:.2f}, "
        "\"server_us_a_row\": {:.2f}, \"write_us\": {:.0f}}}\n",
        name, size, client / rows / 1e3, server / rows * 1e6,
        static_cast<double>(took.nanos()) / 1e3 / static_cast<double>(batches));
  }
};

void Main(int64_t batches) {
  testing::PostgresServer server({.logical = false});
  const runtime::RealClock clock;
  const sink::SinkTable table = Monitoring();
  STROM_CHECK(server.Psql(Ddl(table)).ok());
  auto sink = sink::PostgresSink::Open({.host = server.host(),
                                        .port = server.port(),
                                        .database = server.database(),
                                        .user = server.user(),
                                        .password = server.password(),
                                        .application_name = "bench"},
                                       clock, table, "bench", {.group = "bench", .epoch = 1});
  STROM_CHECK(sink.ok()) << sink.status().ToString();
  STROM_CHECK((*sink)->Begin().ok());
  const std::string pid =
      server.Psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'bench'").value();
  Bench bench{.sink = **sink, .backend = std::atoi(pid.c_str()), .position = {}};
  bench.position.sources["grid.monitoring"].table_id = 7;

  const auto upsert = [](int64_t key, int64_t turn) {
    return KeyedChange{true, Reading(key, turn)};
  };
  // Every key once, in an order that is not the key's.
  const auto spread = [](int64_t n) { return n * 7919 % kKeys; };
  bench.Run("insert", kKeys / 1000, 1000,
            [&](int64_t batch, int64_t row) { return upsert(batch * 1000 + row, 0); });
  (void)server.Psql("VACUUM ANALYZE monitoring");
  bench.Run("update", batches, 1000, [&](int64_t batch, int64_t row) {
    return upsert(spread(batch * 1000 + row), batch + 1);
  });
  (void)server.Psql("VACUUM monitoring");
  bench.Run("update", batches * 10, 10, [&](int64_t batch, int64_t row) {
    return upsert(spread(batch * 10 + row), batch + 1000);
  });
  bench.Run("update", batches * 10, 1,
            [&](int64_t batch, int64_t) { return upsert(spread(batch), batch + 5000); });
  bench.Run("delete", kKeys / 2000, 1000, [&](int64_t batch, int64_t row) {
    return KeyedChange{false, Reading(spread(batch * 1000 + row), 0)};
  });
}

}  // namespace
}  // namespace strom

int main(int argc, char** argv) {
  strom::Main(argc > 1 ? std::atoll(argv[1]) : 100);
  return 0;
}
