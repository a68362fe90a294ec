// The synchronous face of the client, with its own threads, over real sockets of 127.0.0.1.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "client/include/strom/strom.h"
#include "common/runtime/thread_pool.h"
#include "tests/unit/client/real_server.h"
#include "tests/unit/client/sim_client.h"

namespace strom::client {
TEST_CASE("the synchronous client writes and reads over real sockets", "[client]") {
  const Carrier carrier = GENERATE(Carrier::kFramed, Carrier::kGrpc);
  RealServer server(carrier);
  auto connection = Connection::Open({.bootstrap_servers = {server.listener->endpoint().ToString()},
                                      .carrier = carrier})
                        .value();
  REQUIRE(connection->admin().CreateTable(kOrders, Orders(2)).Get().ok());

  auto writer = connection->NewAppendWriter(kOrders, {.buffer_bytes_max = size_t{4} << 20}).value();
  std::atomic<int64_t> acknowledged = 0;
  constexpr int64_t kRows = 20000;
  for (int64_t i = 0; i < kRows; ++i) {
    REQUIRE(writer
                ->Append(Order(i),
                         [&](const Result<AppendResult>& result) { acknowledged += result.ok(); })
                .ok());
  }
  REQUIRE(writer->Close().Get().ok());
  CHECK(acknowledged == kRows);

  int64_t sum = 0;
  int64_t count = 0;
  const Status scanned =
      ScanToEnd(*connection, kOrders, {.columns = {"id"}}, [&](LogRecord record) {
        ++count;
        sum += *record.row[0].get_if<int64_t>();
        return Status::Ok();
      });
  CHECK(scanned.ToString() == "OK");
  CHECK(count == kRows);
  CHECK(sum == kRows * (kRows - 1) / 2);
  const Status stopped = ScanToEnd(*connection, kOrders, {}, [](const LogRecord&) {
    return Error(ErrorCode::kInvalidConfig, "enough");
  });
  CHECK(stopped.message() == "enough");
}

TEST_CASE("the synchronous client writes, finds and reads rows with keys", "[client]") {
  const Carrier carrier = GENERATE(Carrier::kFramed, Carrier::kGrpc);
  RealServer server(carrier);
  auto connection = Connection::Open({.bootstrap_servers = {server.listener->endpoint().ToString()},
                                      .carrier = carrier})
                        .value();
  REQUIRE(connection->admin().CreateTable(kUsers, Users(2)).Get().ok());
  auto writer = connection->NewUpsertWriter(kUsers).value();
  for (int64_t i = 0; i < 500; ++i) REQUIRE(writer->Upsert(User(i, std::to_string(i))).ok());
  REQUIRE(writer->Delete(User(17)).ok());
  REQUIRE(writer->DeleteKey({Value::Int(18)}).ok());
  REQUIRE(writer->Close().Get().ok());

  auto lookup = connection->NewLookup(kUsers, {.columns = {"name"}}).value();
  std::vector<Future<std::optional<Row>>> rows;
  for (int64_t i = 0; i < 500; ++i) rows.push_back(lookup->Get({Value::Int(i)}));
  for (int64_t i = 0; i < 500; ++i) {
    const std::optional<Row> row = rows[static_cast<size_t>(i)].Get().value();
    REQUIRE(row.has_value() == (i != 17 && i != 18));
    if (row) CHECK(*row == Row{Value::String(std::to_string(i))});
  }

  int64_t sum = 0;
  const Status read = ReadTable(*connection, kUsers, {.columns = {"id"}}, [&](TableRow row) {
    sum += *row.row[0].get_if<int64_t>();
    return Status::Ok();
  });
  CHECK(read.ToString() == "OK");
  CHECK(sum == 500 * 499 / 2 - 17 - 18);
  const Status stopped = ReadTable(*connection, kUsers, {}, [](const TableRow&) {
    return Error(ErrorCode::kInvalidConfig, "enough");
  });
  CHECK(stopped.message() == "enough");
}

TEST_CASE("an append waits while the buffer is full, and stops when the writer closes",
          "[client]") {
  RealServer server(Carrier::kFramed);
  auto connection =
      Connection::Open({.bootstrap_servers = {server.listener->endpoint().ToString()}}).value();
  REQUIRE(connection->admin().CreateTable(kOrders, Orders(1)).Get().ok());
  auto writer =
      connection->NewAppendWriter(kOrders, {.batch_bytes_max = 1000, .buffer_bytes_max = 2000})
          .value();
  for (int64_t i = 0; i < 500; ++i) REQUIRE(writer->Append(Order(i)).ok());
  REQUIRE(writer->Flush().Get().ok());
  CHECK(server.cluster.RecordCount(kOrders, BucketId(0)) == 500);

  server.cluster.hold_produce = true;
  runtime::Notification refused;
  Status status;
  server.pool.Post([&] {
    while (status.ok()) status = writer->Append(Order(1));
    refused.Notify();
  });
  CHECK_FALSE(refused.WaitFor(Millis(50)));
  Future<void> closed = writer->Close();
  REQUIRE(refused.WaitFor(Seconds(30)));
  CHECK(status.code() == ErrorCode::kOperationNotAttempted);
  writer = nullptr;
  CHECK(closed.Get().code() == ErrorCode::kNetwork);
}

TEST_CASE("several threads append at once, each in its order", "[client]") {
  RealServer server(Carrier::kFramed);
  auto connection =
      Connection::Open({.bootstrap_servers = {server.listener->endpoint().ToString()}}).value();
  REQUIRE(connection->admin().CreateTable(kOrders, Orders(3, {"name"})).Get().ok());
  constexpr int kThreads = 4;
  constexpr int64_t kRows = 2000;
  auto writer =
      connection->NewAppendWriter(kOrders, {.batch_bytes_max = 4000, .buffer_bytes_max = 50000})
          .value();
  runtime::ThreadPool appenders({.name = "appenders", .threads = kThreads});
  std::atomic<int> refused = 0;
  std::vector<std::unique_ptr<runtime::Notification>> finished;
  for (int t = 0; t < kThreads; ++t) {
    finished.push_back(std::make_unique<runtime::Notification>());
    appenders.Post([&, t, done = finished.back().get()] {
      const std::string name = "thread " + std::to_string(t);
      for (int64_t i = 0; i < kRows; ++i) {
        refused += !writer->Append({Value::Int(i), Value::String(name)}).ok();
      }
      done->Notify();
    });
  }
  for (const auto& done : finished) done->Wait();
  REQUIRE(writer->Close().Get().ok());
  CHECK(refused == 0);

  std::map<std::string, int64_t> next;
  const Status scanned = ScanToEnd(*connection, kOrders, {}, [&](LogRecord record) {
    CHECK(*record.row[0].get_if<int64_t>() == next[*record.row[1].get_if<Bytes>()]++);
    return Status::Ok();
  });
  CHECK(scanned.ok());
  CHECK(next.size() == kThreads);
  for (const auto& [name, count] : next) CHECK(count == kRows);
}

TEST_CASE("nobody at the address is an error", "[client]") {
  std::string address;
  {
    RealServer server(Carrier::kFramed);
    address = server.listener->endpoint().ToString();
  }
  const auto connection =
      Connection::Open({.bootstrap_servers = {address}, .request_timeout = Seconds(5)});
  CHECK(connection.status().code() == ErrorCode::kNetwork);
}

}  // namespace strom::client
