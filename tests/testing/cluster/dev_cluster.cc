#include "tests/testing/cluster/dev_cluster.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/runtime/notification.h"
#include "common/runtime/system_clock.h"

namespace strom::testing {
namespace {

std::string Text(const Row& row) { return Value::Struct(row).ToString(); }

}  // namespace

bool Eventually(absl::FunctionRef<bool()> is_so) {
  const MonoTime end = runtime::SystemNow() + Seconds(60);
  const runtime::Notification never;
  while (runtime::SystemNow() < end) {
    if (is_so()) return true;
    (void)never.WaitFor(Millis(10));
  }
  return false;
}

Column ColumnOf(std::string name, DataType type) {
  return {.name = std::move(name), .type = std::move(type), .comment = {}, .aggregate = {}};
}

DevCluster::DevCluster(std::vector<std::string> options)
    : options_([&options] {
        options.push_back("strom.worker.slots=0");
        return std::move(options);
      }()) {
  Start();
}
DevCluster::~DevCluster() { Stop(); }

void DevCluster::Restart() {
  Stop();
  Start();
}

void DevCluster::Start() {
  cli::DevOptions options{.data_dir = dir_.path(),
                          .config = config::Config::Parse("", options_).value(),
                          .listeners = {}};
  directory_.emplace(cli::DevDirectory::Open(files_, dir_.path()).value());
  server_ = cli::DevServer::Create(options, *directory_).value();
  STROM_CHECK(Eventually([this] { return server_->Ready().value(); })) << "the cluster is not up";
  endpoints_ = server_->Endpoints();
  connection_ =
      client::Connection::Open({.bootstrap_servers = {grpc()}, .carrier = client::Carrier::kGrpc})
          .value();
}

void DevCluster::Stop() {
  connection_.reset();
  STROM_CHECK(server_->Stop().ok());
  server_.reset();
  directory_.reset();
}

TableInfo DevCluster::MakeTable(const TablePath& path, std::vector<Column> columns,
                                std::vector<std::string> primary_key, int32_t buckets,
                                PropertyMap properties) {
  client::Admin& admin = connection_->admin();
  STROM_CHECK(admin.CreateDatabase(path.database, {}, client::IfExists::kIgnore).Get().ok());
  const TableDescriptor descriptor{
      .schema = Schema::Make({.columns = std::move(columns),
                              .primary_key = std::move(primary_key),
                              .auto_increment_column = {}})
                    .value(),
      .comment = {},
      .partition_keys = {},
      .distribution = TableDistribution{.bucket_keys = {}, .bucket_count = buckets},
      .properties = std::move(properties),
      .custom_properties = {}};
  const Status made = admin.CreateTable(path, descriptor).Get();
  STROM_CHECK(made.ok()) << made.ToString();
  return admin.GetTable(path).Get().value();
}

std::vector<std::string> DevCluster::Rows(const TablePath& path) {
  std::vector<std::string> rows;
  const Status read = client::ReadTable(*connection_, path, {}, [&](client::TableRow row) {
    rows.push_back(Text(row.row));
    return Status::Ok();
  });
  STROM_CHECK(read.ok()) << read.ToString();
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<std::string> DevCluster::Changelog(const TablePath& path) {
  std::map<BucketId, std::vector<std::string>> buckets;
  const Status read = client::ScanToEnd(*connection_, path, {}, [&](client::LogRecord record) {
    buckets[record.bucket].push_back(std::string(ToSymbol(record.change_type)) + " " +
                                     Text(record.row));
    return Status::Ok();
  });
  STROM_CHECK(read.ok()) << read.ToString();
  std::vector<std::string> log;
  for (auto& [bucket, lines] : buckets) log.insert(log.end(), lines.begin(), lines.end());
  return log;
}

}  // namespace strom::testing
