#include "pipeline/postgres/pg_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>

#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "pipeline/postgres/pg_error.h"
#include "pipeline/postgres/pg_result.h"

namespace strom::postgres {
namespace {

// What text looks like must not depend on the defaults of the role or the database; and nothing of
// theirs may end our sessions while they wait.
constexpr const char* kPinnedSettings =
    "-c datestyle=ISO,YMD -c intervalstyle=postgres -c extra_float_digits=3 -c bytea_output=hex "
    "-c timezone=UTC -c client_encoding=UTF8 -c standard_conforming_strings=on -c lc_monetary=C "
    "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 "
    "-c row_security=off";

// The SQLSTATE in "FATAL:  28P01: password authentication failed", a message in verbose form.
std::string SqlStateIn(std::string_view message) {
  for (size_t colon = message.find(":  "); colon != std::string_view::npos;
       colon = message.find(":  ", colon + 1)) {
    const std::string_view state = message.substr(colon + 3, 5);
    const bool is_state = state.size() == 5 && std::ranges::all_of(state, [](char c) {
                            return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
                          });
    if (is_state && message.substr(colon + 8, 2) == ": ") return std::string(state);
  }
  return "";
}

void ReplaceAll(std::string& text, std::string_view what, std::string_view by) {
  if (what.empty()) return;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

std::string PgEndpoint::ToString() const {
  return fmt::format("postgres://{}@{}:{}/{}", user, host, port, database);
}

Result<std::string> PgRows::Single(std::string_view what) const {
  if (rows.size() != 1 || rows[0].empty() || !rows[0][0]) {
    return Error(ErrorCode::kExternalSystem, "{}: the server answered with {} rows and no value",
                 what, rows.size());
  }
  return *rows[0][0];
}

void PgCopyData::Free::operator()(char* data) const { PQfreemem(data); }

PgConnection::PgConnection(PgEndpoint endpoint, const runtime::Clock& clock)
    : endpoint_(std::move(endpoint)), clock_(clock), handle_(std::make_unique<Handle>()) {}

PgConnection::~PgConnection() = default;

int PgConnection::server_version() const { return PQserverVersion(handle_->conn); }

int PgConnection::backend_pid() const { return PQbackendPID(handle_->conn); }

Result<std::unique_ptr<PgConnection>> PgConnection::Open(const PgEndpoint& endpoint,
                                                         PgSession session,
                                                         const runtime::Clock& clock) {
  std::unique_ptr<PgConnection> connection(new PgConnection(endpoint, clock));
  STROM_RETURN_IF_ERROR(connection->Connect(session));
  return connection;
}

Status PgConnection::Connect(PgSession session) {
  const std::string port = std::to_string(endpoint_.port);
  // As arrays, so that nothing in a name or password can become another parameter. A keyword with
  // an empty value counts as not given.
  const char* const keys[] = {"host",
                              "port",
                              "dbname",
                              "user",
                              "password",
                              "application_name",
                              "options",
                              "replication",
                              "keepalives",
                              "keepalives_idle",
                              "keepalives_interval",
                              "keepalives_count",
                              "tcp_user_timeout",
                              "target_session_attrs",
                              nullptr};
  const char* const values[] = {endpoint_.host.c_str(),
                                port.c_str(),
                                endpoint_.database.c_str(),
                                endpoint_.user.c_str(),
                                endpoint_.password.c_str(),
                                endpoint_.application_name.c_str(),
                                kPinnedSettings,
                                session == PgSession::kReplication ? "database" : "",
                                "1",
                                "30",
                                "10",
                                "3",
                                "30000",
                                "primary",
                                nullptr};
  static_assert(std::size(keys) == std::size(values));
  const MonoTime deadline = clock_.Now() + endpoint_.connect_timeout;
  handle_->conn = PQconnectStartParams(keys, values, /*expand_dbname=*/0);
  PGconn* conn = handle_->conn;
  if (conn == nullptr || PQstatus(conn) == CONNECTION_BAD) return ConnectionError("connecting");
  PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);  // The only way to a SQLSTATE without a result.
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) return ConnectionError("connecting");
    STROM_ASSIGN_OR_RETURN(const bool ready, WaitSocket(state == PGRES_POLLING_READING,
                                                        state == PGRES_POLLING_WRITING, deadline));
    if (!ready) {
      return Error(ErrorCode::kExternalSystemUnavailable, "{}: no connection within {} ms",
                   endpoint_.ToString(), endpoint_.connect_timeout.millis());
    }
    state = PQconnectPoll(conn);
  }
  PQsetNoticeProcessor(
      conn, [](void*, const char*) {}, nullptr);
  if (PQsetnonblocking(conn, 1) != 0) return ConnectionError("connecting");
  // As our own connections do (common/rpc/framed); a unix socket or an old kernel goes without.
  ::setsockopt(PQsocket(conn), IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
  return Status::Ok();
}

Result<bool> PgConnection::WaitSocket(bool reading, bool writing, MonoTime deadline) {
  while (true) {
    pollfd socket{.fd = PQsocket(handle_->conn), .events = 0, .revents = 0};
    if (socket.fd < 0) return ConnectionError("waiting");
    if (reading) socket.events |= POLLIN;
    if (writing) socket.events |= POLLOUT;
    int64_t left_ms = -1;
    if (deadline != MonoTime::Infinite()) {
      // Rounded up: at the deadline, not a turn or two before it.
      const int64_t left_ns = std::max<int64_t>(0, (deadline - clock_.Now()).nanos());
      left_ms = std::min<int64_t>((left_ns + 999999) / 1000000, 3600 * 1000);
    }
    const int ready = ::poll(&socket, 1, static_cast<int>(left_ms));
    if (ready > 0) return true;  // Also on POLLERR and POLLHUP: libpq then finds out why.
    if (ready < 0 && errno != EINTR) {
      return Error(ErrorCode::kExternalSystemUnavailable, "{}: poll: {}", endpoint_.ToString(),
                   std::strerror(errno));
    }
    if (clock_.Now() >= deadline) return false;
  }
}

Status PgConnection::SendAll(MonoTime deadline) {
  while (true) {
    const int unsent = PQflush(handle_->conn);
    if (unsent == 0) return Status::Ok();
    if (unsent < 0) return ConnectionError("sending");
    STROM_ASSIGN_OR_RETURN(const bool ready, WaitSocket(true, true, deadline));
    if (!ready) {
      return Error(ErrorCode::kExternalSystemUnavailable, "{}: the server takes no more bytes",
                   endpoint_.ToString());
    }
    // The server may wait for us to read before it reads.
    if (PQconsumeInput(handle_->conn) == 0) return ConnectionError("sending");
  }
}

Status PgConnection::AwaitResult(std::string_view doing, MonoTime deadline) {
  while (PQisBusy(handle_->conn)) {
    STROM_ASSIGN_OR_RETURN(const bool ready, WaitSocket(true, false, deadline));
    if (!ready) {
      return Error(ErrorCode::kExternalSystemUnavailable, "{}: {}: no answer in time",
                   endpoint_.ToString(), doing);
    }
    if (PQconsumeInput(handle_->conn) == 0) return ConnectionError(doing);
  }
  return Status::Ok();
}

Result<PgRows> PgConnection::ReadResults(std::string_view doing, MonoTime deadline, bool& copying) {
  const std::string context = fmt::format("{}: {}", endpoint_.ToString(), doing);
  PgRows rows;
  Status error;
  while (true) {
    STROM_RETURN_IF_ERROR(AwaitResult(doing, deadline));
    const ResultPtr result(PQgetResult(handle_->conn));
    if (result == nullptr) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY:
        break;
      case PGRES_TUPLES_OK:
        rows = ToRows(result.get());
        break;
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        copying = true;
        copy_both_ = PQresultStatus(result.get()) == PGRES_COPY_BOTH;
        return rows;
      case PGRES_COPY_IN:
        // A server that shuts down ends a stream politely and still waits for our end of it.
        if (PQputCopyEnd(handle_->conn, nullptr) < 0) return ConnectionError(doing);
        STROM_RETURN_IF_ERROR(SendAll(deadline));
        break;
      default:
        if (error.ok()) error = ResultError(context, result.get(), last_sqlstate_);
    }
  }
  if (!error.ok()) return error;
  if (PQstatus(handle_->conn) != CONNECTION_OK) return ConnectionError(doing);
  return rows;
}

Result<PgRows> PgConnection::Query(std::string_view doing, const std::string& sql) {
  return Query(doing, sql, endpoint_.answer_timeout);
}

Result<PgRows> PgConnection::Query(std::string_view doing, const std::string& sql,
                                   MonoDuration timeout) {
  STROM_CHECK(copying_.empty()) << doing << " during " << copying_;
  const MonoTime deadline = clock_.Now() + timeout;
  last_sqlstate_.clear();
  if (PQsendQuery(handle_->conn, sql.c_str()) == 0) return ConnectionError(doing);
  STROM_RETURN_IF_ERROR(SendAll(deadline));
  bool copying = false;
  Result<PgRows> rows = ReadResults(doing, deadline, copying);
  STROM_CHECK(!copying) << doing << ": a COPY needs StartCopy";
  return rows;
}

Status PgConnection::StartCopy(std::string_view doing, const std::string& sql) {
  STROM_CHECK(copying_.empty()) << doing << " during " << copying_;
  const MonoTime deadline = clock_.Now() + endpoint_.answer_timeout;
  last_sqlstate_.clear();
  if (PQsendQuery(handle_->conn, sql.c_str()) == 0) return ConnectionError(doing);
  STROM_RETURN_IF_ERROR(SendAll(deadline));
  bool copying = false;
  if (Result<PgRows> rows = ReadResults(doing, deadline, copying); !rows.ok()) {
    return rows.status();
  }
  STROM_CHECK(copying) << doing << ": " << sql << " is no COPY";
  copying_ = doing;
  return Status::Ok();
}

Result<std::optional<PgCopyData>> PgConnection::TryReadCopy() {
  STROM_CHECK(!copying_.empty()) << "there is no COPY";
  for (int attempt = 0;; ++attempt) {
    char* data = nullptr;
    const int size = PQgetCopyData(handle_->conn, &data, /*async=*/1);
    if (size > 0) {
      PgCopyData out;
      out.data_.reset(data);
      out.size_ = static_cast<size_t>(size);
      return std::optional(std::move(out));
    }
    if (size == -2) return ConnectionError(copying_);
    if (size == 0) {
      if (attempt > 0) return std::optional<PgCopyData>();
      if (PQconsumeInput(handle_->conn) == 0) return ConnectionError(copying_);
      continue;
    }
    // The end: its result says why.
    const std::string doing = std::exchange(copying_, "");
    last_sqlstate_.clear();
    bool copying = false;
    const MonoTime deadline = clock_.Now() + endpoint_.answer_timeout;
    if (Result<PgRows> rows = ReadResults(doing, deadline, copying); !rows.ok()) {
      return rows.status();
    }
    if (!copy_both_) return std::optional(PgCopyData());
    return Error(ErrorCode::kExternalSystemUnavailable, "{}: {}: the server ended the stream",
                 endpoint_.ToString(), doing);
  }
}

Result<std::optional<PgCopyData>> PgConnection::ReadCopy() {
  const MonoTime deadline = clock_.Now() + endpoint_.answer_timeout;
  while (true) {
    STROM_ASSIGN_OR_RETURN(auto data, TryReadCopy());
    if (data) return data->bytes().empty() ? std::nullopt : std::optional(*std::move(data));
    STROM_ASSIGN_OR_RETURN(const bool ready, WaitSocket(true, false, deadline));
    if (!ready) {
      return Error(ErrorCode::kExternalSystemUnavailable, "{}: {}: no data for {} ms",
                   endpoint_.ToString(), copying_, endpoint_.answer_timeout.millis());
    }
  }
}

Status PgConnection::SendCopy(BytesView bytes) {
  STROM_CHECK(!copying_.empty() && copy_both_) << "there is no COPY BOTH";
  const int sent = PQputCopyData(handle_->conn, bytes.data(), static_cast<int>(bytes.size()));
  // 0: libpq's buffer is full, which takes a server that has not read for long.
  if (sent == 0) {
    return Error(ErrorCode::kExternalSystemUnavailable, "{}: {}: the server takes no more bytes",
                 endpoint_.ToString(), copying_);
  }
  if (sent < 0 || PQflush(handle_->conn) < 0) return ConnectionError(copying_);
  return Status::Ok();
}

Status PgConnection::WaitForCopy(MonoTime deadline) {
  const int unsent = PQflush(handle_->conn);
  if (unsent < 0) return ConnectionError(copying_);
  return WaitSocket(true, /*writing=*/unsent > 0, deadline).status();
}

// What libpq knows of a connection that could not be made or broke.
Status PgConnection::ConnectionError(std::string_view doing) {
  std::string text = handle_->conn == nullptr ? "out of memory" : PQerrorMessage(handle_->conn);
  last_sqlstate_ = SqlStateIn(text);
  if (const size_t where = text.find("\nLOCATION:"); where != std::string::npos) {
    text.resize(where);
  }
  ReplaceAll(text, endpoint_.password, "***");
  return PgError(fmt::format("{}: {}", endpoint_.ToString(), doing), last_sqlstate_, text);
}

}  // namespace strom::postgres
