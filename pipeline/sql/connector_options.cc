#include "pipeline/sql/connector_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "common/base/nearest_name.h"
#include "common/base/units.h"
#include "pipeline/sql/token.h"

namespace strom::sql {
namespace {

constexpr std::array<std::string_view, 8> kCdcNames = {"connector",   "hostname",  "port",
                                                       "username",    "password",  "database-name",
                                                       "schema-name", "table-name"};
constexpr std::array<std::string_view, 8> kCdcIgnored = {
    "slot.name",       "decoding.plugin.name", "changelog-mode",       "heartbeat.interval.ms",
    "connect.timeout", "connect.max-retries",  "connection.pool.size", "scan.startup.mode"};
constexpr std::array<std::string_view, 9> kJdbcNames = {"connector",
                                                        "url",
                                                        "table-name",
                                                        "username",
                                                        "password",
                                                        "driver",
                                                        "sink.buffer-flush.max-rows",
                                                        "sink.buffer-flush.interval",
                                                        "sink.max-retries"};
constexpr std::array<std::string_view, 4> kJdbcIgnored = {
    "driver", "sink.parallelism", "connection.max-retry-timeout", "scan.fetch-size"};

bool Among(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::count(names, name) > 0;
}

// Reads one table's options; errors carry the table's place.
class OptionReader {
 public:
  explicit OptionReader(const TableDefinition& table) : table_(table) {}

  Status Fail(std::string_view message) const {
    return ErrorAt(table_.name.at, fmt::format("table {}: {}", ToText(table_.name), message));
  }

  // Every option is known, or ignored, or begins with one of `prefixes` (ignored too).
  Result<std::vector<std::string>> CheckNames(std::span<const std::string_view> known,
                                              std::span<const std::string_view> ignored,
                                              std::span<const std::string_view> prefixes) const {
    std::vector<std::string> out;
    for (const auto& [key, value] : table_.options) {
      const bool prefixed = std::ranges::any_of(
          prefixes, [&key = key](std::string_view prefix) { return key.starts_with(prefix); });
      if (Among(ignored, key) || prefixed) {
        out.push_back(key);
      } else if (!Among(known, key)) {
        std::vector<std::string_view> names(known.begin(), known.end());
        names.insert(names.end(), ignored.begin(), ignored.end());
        const std::string_view nearest = NearestName(key, names);
        return Fail(
            fmt::format("there is no option '{}'{}", key,
                        nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest)));
      }
    }
    return out;
  }

  Status Text(std::string_view key, std::string& out, bool required) const {
    const auto it = table_.options.find(std::string(key));
    if (it != table_.options.end()) {
      out = it->second;
    } else if (required) {
      return Fail(fmt::format("option '{}' is missing", key));
    }
    return Status::Ok();
  }

  template <class Integer>
  Status Number(std::string_view key, Integer& out, int64_t low, int64_t high) const {
    std::string text;
    STROM_RETURN_IF_ERROR(Text(key, text, false));
    if (text.empty()) return Status::Ok();
    if (text.find("${") != std::string::npos) return Status::Ok();  // Filled in when it runs.
    int64_t number = 0;
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, number).ptr != end || number < low || number > high) {
      return Fail(fmt::format("'{}' = '{}' is no number from {} to {}", key, text, low, high));
    }
    out = static_cast<Integer>(number);
    return Status::Ok();
  }

 private:
  const TableDefinition& table_;
};

// jdbc:postgresql://host:port/database?currentSchema=x.
Status ReadUrl(const OptionReader& reader, std::string_view url, JdbcOptions& out) {
  static constexpr std::string_view kPostgres = "jdbc:postgresql://";
  static constexpr std::string_view kMysql = "jdbc:mysql://";
  static constexpr std::string_view kMariadb = "jdbc:mariadb://";
  std::string_view rest = url;
  if (url.starts_with(kPostgres)) {
    rest.remove_prefix(kPostgres.size());
  } else if (url.starts_with(kMysql) || url.starts_with(kMariadb)) {
    out.kind = JdbcKind::kMysql;
    out.port = 3306;
    rest.remove_prefix(url.starts_with(kMysql) ? kMysql.size() : kMariadb.size());
  } else {
    return reader.Fail(
        fmt::format("'url' = '{}' begins with none of {}, {}", url, kPostgres, kMysql));
  }
  const size_t question = std::min(rest.find('?'), rest.size());
  std::string_view query = rest.substr(std::min(question + 1, rest.size()));
  rest = rest.substr(0, question);
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) {
    return reader.Fail(fmt::format("'url' = '{}' is not …//host:port/database", url));
  }
  out.database = rest.substr(slash + 1);
  const std::string_view address = rest.substr(0, slash);
  const size_t colon = address.rfind(':');
  out.host = address.substr(0, colon);
  out.server = colon == std::string_view::npos ? fmt::format("{}:{}", address, out.port) : address;
  if (colon != std::string_view::npos && address.find("${") == std::string_view::npos) {
    const std::string_view port = address.substr(colon + 1);
    const char* end = port.data() + port.size();
    if (std::from_chars(port.data(), end, out.port).ptr != end || out.port < 1 ||
        out.port > 65535) {
      return reader.Fail(fmt::format("'url' = '{}': '{}' is no port", url, port));
    }
  } else if (colon != std::string_view::npos) {
    out.host = address;
  }
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    static constexpr std::string_view kSchema = "currentSchema=";
    if (pair.starts_with(kSchema)) {
      out.schema = pair.substr(kSchema.size());
    } else {
      out.ignored.push_back(fmt::format("url: {}", pair.substr(0, pair.find('='))));
    }
    query = query.substr(std::min(end + 1, query.size()));
  }
  return Status::Ok();
}

}  // namespace

std::string ConnectorOf(const TableDefinition& table) {
  const auto it = table.options.find("connector");
  return it == table.options.end() ? "" : it->second;
}

std::string AddressOf(const PostgresCdcOptions& options) {
  return fmt::format("postgres-cdc://{}/{}", options.server, options.database);
}

std::string AddressOf(const JdbcOptions& options) {
  return fmt::format("jdbc:{}://{}/{}",
                     options.kind == JdbcKind::kPostgres ? "postgresql" : "mysql", options.server,
                     options.database);
}

Result<PostgresCdcOptions> ReadPostgresCdcOptions(const TableDefinition& table) {
  static constexpr std::array<std::string_view, 3> kPrefixes = {"debezium.", "scan.incremental.",
                                                                "scan.snapshot."};
  const OptionReader reader(table);
  PostgresCdcOptions out;
  STROM_ASSIGN_OR_RETURN(out.ignored, reader.CheckNames(kCdcNames, kCdcIgnored, kPrefixes));
  STROM_RETURN_IF_ERROR(reader.Text("hostname", out.hostname, true));
  STROM_RETURN_IF_ERROR(reader.Number("port", out.port, 1, 65535));
  std::string port = std::to_string(out.port);
  STROM_RETURN_IF_ERROR(reader.Text("port", port, false));
  out.server = out.hostname + ":" + port;
  STROM_RETURN_IF_ERROR(reader.Text("username", out.username, true));
  STROM_RETURN_IF_ERROR(reader.Text("password", out.password, true));
  STROM_RETURN_IF_ERROR(reader.Text("database-name", out.database, true));
  STROM_RETURN_IF_ERROR(reader.Text("schema-name", out.schema, false));
  STROM_RETURN_IF_ERROR(reader.Text("table-name", out.table, true));
  return out;
}

Result<JdbcOptions> ReadJdbcOptions(const TableDefinition& table) {
  static constexpr std::array<std::string_view, 3> kPrefixes = {"lookup.", "scan.", "properties."};
  const OptionReader reader(table);
  JdbcOptions out;
  STROM_ASSIGN_OR_RETURN(out.ignored, reader.CheckNames(kJdbcNames, kJdbcIgnored, kPrefixes));
  std::string url;
  STROM_RETURN_IF_ERROR(reader.Text("url", url, true));
  STROM_RETURN_IF_ERROR(ReadUrl(reader, url, out));
  STROM_RETURN_IF_ERROR(reader.Text("table-name", out.table, true));
  if (const size_t dot = out.table.find('.'); dot != std::string::npos) {
    out.schema = out.table.substr(0, dot);
    out.table = out.table.substr(dot + 1);
  }
  if (out.schema.empty() && out.kind == JdbcKind::kPostgres) out.schema = "public";
  STROM_RETURN_IF_ERROR(reader.Text("username", out.username, false));
  STROM_RETURN_IF_ERROR(reader.Text("password", out.password, false));
  STROM_RETURN_IF_ERROR(
      reader.Number("sink.buffer-flush.max-rows", out.flush_rows_max, 0, 1000000));
  STROM_RETURN_IF_ERROR(reader.Number("sink.max-retries", out.retries_max, 0, 1000));
  std::string interval;
  STROM_RETURN_IF_ERROR(reader.Text("sink.buffer-flush.interval", interval, false));
  if (!interval.empty() && interval.find("${") == std::string::npos) {
    const Result<int64_t> millis = ParseDurationMillis(interval);
    if (!millis.ok()) return reader.Fail(millis.status().message());
    out.flush_interval_ms = *millis;
  }
  return out;
}

Result<TableDescriptor> ToDescriptor(const TableDefinition& table) {
  const OptionReader reader(table);
  STROM_ASSIGN_OR_RETURN(
      Schema schema, Schema::Make({.columns = table.columns, .primary_key = table.primary_key}));
  TableDescriptor out{.schema = std::move(schema),
                      .comment = table.comment,
                      .partition_keys = table.partition_keys,
                      .distribution = {},
                      .properties = {},
                      .custom_properties = {}};
  TableDistribution distribution;
  int32_t buckets = 0;
  STROM_RETURN_IF_ERROR(reader.Number("bucket.num", buckets, 1, 100000));
  if (buckets > 0) distribution.bucket_count = buckets;
  for (const auto& [key, value] : table.options) {
    if (key == "bucket.key") {
      for (size_t begin = 0; begin <= value.size();) {
        const size_t end = std::min(value.find(',', begin), value.size());
        std::string name = value.substr(begin, end - begin);
        name.erase(0, name.find_first_not_of(' '));
        name.erase(name.find_last_not_of(' ') + 1);
        distribution.bucket_keys.push_back(std::move(name));
        begin = end + 1;
      }
    } else if (key.starts_with("table.")) {
      out.properties[key] = value;
    } else if (key != "bucket.num" && key != "connector") {
      out.custom_properties[key] = value;
    }
  }
  if (distribution != TableDistribution{}) out.distribution = std::move(distribution);
  return out;
}

}  // namespace strom::sql
