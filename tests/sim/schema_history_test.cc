// S19: what was written under an older schema is read by its own schema for ever, in the columns of
// the newest.
#include <map>
#include <optional>
#include <set>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "common/base/logging.h"
#include "common/metadata/zk_paths.h"
#include "common/types/json_codec.h"
#include "tests/sim/driven_cluster.h"

namespace strom::sim {
namespace {

constexpr int kBuckets = 2;
constexpr int64_t kKeys = 6;

struct Format {
  const char* name;
  bool keyed;
  PropertyMap properties;
};

// One of each way to store a row.
std::vector<Format> Formats() {
  return {{"log_arrow", false, {{"table.log.format", "ARROW"}}},
          {"log_indexed", false, {{"table.log.format", "INDEXED"}}},
          {"log_compacted", false, {{"table.log.format", "COMPACTED"}}},
          {"rows_compacted", true, {{"table.kv.format", "COMPACTED"}}},
          {"rows_indexed", true, {{"table.kv.format", "INDEXED"}}},
          {"rows_all_indexed",
           true,
           {{"table.kv.format", "INDEXED"}, {"table.log.format", "INDEXED"}}},
          {"rows_log_compacted",
           true,
           {{"table.kv.format", "COMPACTED"}, {"table.log.format", "COMPACTED"}}}};
}

SimConfig Shape() {
  SimConfig config;
  config.segment_size_bytes = 4096;
  config.snapshot_interval = Seconds(1);
  return config;
}

// "+I 3 30 NULL"
std::string Text(const client::LogRecord& record) {
  std::string text(client::ToSymbol(record.change_type));
  for (const Value& value : record.row) text += " " + value.ToString();
  return text;
}

// A table of each format whose schema grows, and everything that was written to them.
class Growing {
 public:
  explicit Growing(uint64_t seed) : driven_(seed, Shape()) {
    driven_.StartAll();
    REQUIRE(Succeeds([&] { return driven_.Await(driven_.admin().CreateDatabase("db", {})).ok(); }));
    for (const Format& format : Formats()) {
      TableDescriptor descriptor = PairsTable(format.keyed, kBuckets);
      for (const auto& [key, value] : format.properties) descriptor.properties[key] = value;
      const auto made = driven_.Await(driven_.admin().CreateTable(PathOf(format), descriptor));
      INFO(format.name << ": " << made.ToString());
      REQUIRE(made.ok());
      tables_.push_back({format, Info(format), {}, {}});
    }
  }

  // One more column in all tables, as ALTER TABLE leaves it in the metadata, and all servers anew.
  void Widen(bool power_failed) {
    runtime::Strand strand(driven_.client().executor());
    const auto session = driven_.client().sessions().Connect(strand, [](auto) {}).value();
    for (Table& table : tables_) {
      const std::string name = fmt::format("c{}", table.info.schema_id.value());
      const Schema wider = table.info.descriptor.schema
                               .WithColumn({.name = name, .type = DataType::BigInt()})
                               .value();
      const std::string path =
          metadata::ZkPaths("/fluss").Schema(PathOf(table.format), table.info.schema_id.Next());
      std::optional<metadata::MetaCode> code;
      session->Create(path, ToJson(wider), metadata::CreateMode::kPersistent,
                      [&](auto result) { code = result.code; });
      REQUIRE(driven_.scheduler().RunUntil([&] { return code.has_value(); }, Seconds(30)));
      REQUIRE(code == metadata::MetaCode::kOk);
    }
    Restart(power_failed);
    for (Table& table : tables_) {
      table.former.push_back(table.info);
      table.info = Info(table.format);
      REQUIRE(table.info.schema_id == table.former.back().schema_id.Next());
    }
  }

  void Restart(bool power_failed) {
    driven_.KillAll(power_failed);
    driven_.StartAll();
  }

  // A row for each key, with a value of its own in each column there is.
  void WriteAll() {
    for (Table& table : tables_) WriteTo(table, table.info);
  }
  // The same by somebody who has not heard of the newest column.
  void WriteAllAsBefore() {
    for (Table& table : tables_) WriteTo(table, table.former.back());
  }

  void CheckAll() {
    for (const Table& table : tables_) {
      INFO(table.format.name);
      CHECK(Log(table.info) == Widened(table, table.info));
      if (!table.former.empty()) {
        CHECK(Log(table.former.front()) == Widened(table, table.former.front()));
      }
      if (!table.format.keyed) continue;
      const auto lookup = driven_.connection().NewLookup(table.info).value();
      for (const auto& [key, values] : table.rows) {
        std::optional<Row> found;
        REQUIRE(Succeeds([&] {
          auto answer = driven_.Await(lookup->Get({Value::Int(key)}));
          if (answer.ok()) found = *std::move(answer);
          return answer.ok();
        }));
        REQUIRE(found);
        CHECK(*found == RowOf(values, table.info));
      }
    }
  }

 private:
  using Values = std::vector<int64_t>;  // Of the columns there were.
  struct Table {
    Format format;
    TableInfo info;
    std::vector<TableInfo> former;
    // In the order in which they were written, which each bucket keeps.
    std::vector<std::pair<const char*, Values>> records;
    std::map<int64_t, Values> rows = {};
  };

  static TablePath PathOf(const Format& format) { return {"db", format.name}; }

  TableInfo Info(const Format& format) {
    std::optional<TableInfo> info;
    REQUIRE(Succeeds([&] {
      auto answer = driven_.Await(driven_.admin().GetTable(PathOf(format)));
      if (answer.ok()) info = *std::move(answer);
      return answer.ok();
    }));
    return *info;
  }

  template <class Try>
  bool Succeeds(Try attempt) {
    const MonoTime end = driven_.scheduler().now() + Seconds(60);
    while (driven_.scheduler().now() < end) {
      if (attempt()) return true;
      driven_.Run(Millis(100));
    }
    return false;
  }

  static Row RowOf(const Values& values, const TableInfo& as) {
    Row row;
    for (size_t i = 0; i < as.descriptor.schema.columns().size(); ++i) {
      row.push_back(i < values.size() ? Value::Int(values[i]) : Value::Null());
    }
    return row;
  }

  void WriteTo(Table& table, const TableInfo& as) {
    INFO(table.format.name << " as of schema " << as.schema_id);
    std::vector<Values> written;
    for (int64_t key = 0; key < kKeys; ++key) {
      Values& values = written.emplace_back(Values{key});
      for (size_t i = 1; i < as.descriptor.schema.columns().size(); ++i) values.push_back(next_++);
    }
    if (table.format.keyed) {
      const auto writer = driven_.connection().NewUpsertWriter(as).value();
      for (const Values& values : written) REQUIRE(writer->TryUpsert(RowOf(values, as)).ok());
      REQUIRE(driven_.Await(writer->Close()).ok());
    } else {
      const auto writer = driven_.connection().NewAppendWriter(as).value();
      for (const Values& values : written) REQUIRE(writer->TryAppend(RowOf(values, as)).ok());
      REQUIRE(driven_.Await(writer->Close()).ok());
    }
    for (Values& values : written) Note(table, std::move(values));
  }

  // What the changelog says of it.
  static void Note(Table& table, Values values) {
    if (!table.format.keyed) return table.records.emplace_back("+A", std::move(values)), void();
    const auto [row, inserted] = table.rows.try_emplace(values[0], values);
    if (inserted) return table.records.emplace_back("+I", std::move(values)), void();
    table.records.emplace_back("-U", row->second);
    row->second = values;
    table.records.emplace_back("+U", std::move(values));
  }

  // As readers of `as` see it, sorted: buckets have no order between them.
  static std::multiset<std::string> Widened(const Table& table, const TableInfo& as) {
    std::multiset<std::string> all;
    for (const auto& [symbol, values] : table.records) {
      std::string text(symbol);
      for (const Value& value : RowOf(values, as)) text += " " + value.ToString();
      all.insert(std::move(text));
    }
    return all;
  }

  std::multiset<std::string> Log(const TableInfo& as) {
    const auto scanner = driven_.connection().NewLogScanner(as).value();
    REQUIRE(scanner->SubscribeAll(client::OffsetSpec::Earliest()).ok());
    std::multiset<std::string> all;
    for (int quiet = 0; quiet < 3;) {
      const auto records = driven_.Await(scanner->PollAsync(Seconds(1)));
      INFO(records.status().ToString());
      REQUIRE(records.ok());
      quiet = records->empty() ? quiet + 1 : 0;
      for (const client::LogRecord& record : *records) all.insert(Text(record));
    }
    return all;
  }

  DrivenCluster driven_;
  std::vector<Table> tables_;
  int64_t next_ = 100;
};

}  // namespace

TEST_CASE("S19: rows of every schema a table ever had are read, in every format", "[sim]") {
  SetLogLevel(LogLevel::kOff);
  Growing tables(static_cast<uint64_t>(GENERATE(range(1, 4))));
  const bool power_fails = GENERATE(false, true);
  tables.WriteAll();
  tables.CheckAll();
  for (int i = 0; i < 2; ++i) {
    tables.Widen(power_fails);
    tables.CheckAll();
    tables.WriteAll();
    tables.CheckAll();
  }
  // Stores are made anew of snapshots and changelogs in which all schemas are.
  tables.Restart(power_fails);
  tables.CheckAll();
}

TEST_CASE("S19: who knows an older schema writes on: rows without the columns it does not know",
          "[sim]") {
  SetLogLevel(LogLevel::kOff);
  Growing tables(static_cast<uint64_t>(GENERATE(range(1, 3))));
  tables.WriteAll();
  tables.Widen(/*power_failed=*/false);
  tables.WriteAll();
  tables.WriteAllAsBefore();
  tables.CheckAll();
  tables.Restart(/*power_failed=*/true);
  tables.CheckAll();
}

}  // namespace strom::sim
