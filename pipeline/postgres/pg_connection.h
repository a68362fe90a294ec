#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/runtime/clock.h"

namespace strom::postgres {

// Where a source database is, and who we are to it. TLS as libpq has it by default (prefer) or from
// its environment: PGSSLMODE, PGSSLROOTCERT.
struct PgEndpoint {
  std::string host;  // Name or address; a path: the directory of a unix socket.
  uint16_t port = 5432;
  std::string database;
  std::string user;
  std::string password;
  std::string application_name = "strom-cdc";  // By it we know our own sessions (slot.h).
  MonoDuration connect_timeout = Seconds(10);
  MonoDuration answer_timeout = Seconds(60);  // For a query, and for each piece of a COPY.

  // "postgres://user@host:port/database": for messages.
  std::string ToString() const;
};

enum class PgSession {
  kSql,
  kReplication,  // replication=database: replication commands and simple queries.
};

// The answer to a query: its rows as text, NULL as nullopt. Of several statements: the last one's.
struct PgRows {
  std::vector<std::vector<std::optional<std::string>>> rows;

  // The only row's first field. Errors: kExternalSystem if there is none or it is NULL.
  Result<std::string> Single(std::string_view what) const;
};

// The value of a parameter $n. Does not own it.
struct PgParameter {
  const std::string* value = nullptr;  // nullptr: NULL.
  bool binary = false;                 // In the binary form of its type (pg_array.h), or as text.
};

// A statement with the values of its parameters. Does not own its texts.
struct PgStatement {
  std::string_view doing;  // Begins the message of an error.
  std::string_view sql;
  std::vector<PgParameter> parameters;
};

// One message of a COPY, in libpq's buffer.
class PgCopyData {
 public:
  BytesView bytes() const { return BytesView(data_.get(), size_); }

 private:
  friend class PgConnection;
  struct Free {
    void operator()(char* data) const;
  };
  std::unique_ptr<char, Free> data_;
  size_t size_ = 0;
};

// One session of PostgreSQL. One thread at a time; every call that waits does so in poll(2) on the
// socket, up to a deadline by `clock` (a real one).
//
// All sessions have the same pinned settings (DateStyle, TimeZone, bytea_output, ...), so that the
// stream and the snapshot write a value the same way, whatever the role's or database's defaults.
//
// Errors of all calls: see PgError; messages begin with the endpoint and never hold the password.
// After kExternalSystemUnavailable the session is to be given up.
class PgConnection {
 public:
  static Result<std::unique_ptr<PgConnection>> Open(const PgEndpoint& endpoint, PgSession session,
                                                    const runtime::Clock& clock);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  const PgEndpoint& endpoint() const { return endpoint_; }
  int server_version() const;  // 150020 is 15.20.
  int backend_pid() const;
  // Of the last call that failed; empty if the server gave none.
  const std::string& last_sqlstate() const { return last_sqlstate_; }

  // Runs statements by the simple protocol. `doing` begins the message of an error.
  Result<PgRows> Query(std::string_view doing, const std::string& sql);
  Result<PgRows> Query(std::string_view doing, const std::string& sql, MonoDuration timeout);
  // Runs one statement with parameters $1, $2, …, as text; nullopt: NULL. A statement that was run
  // before on this connection is not parsed again; so there are few different ones. Errors:
  // kExternalSystem, too, for a parameter with a NUL character.
  Result<PgRows> QueryParams(std::string_view doing, const std::string& sql,
                             const std::vector<std::optional<std::string>>& parameters);
  // Runs statements, one or more, in one round trip and, unless a transaction is open, in one
  // transaction, which is over afterwards: after an error of kExternalSystem none has had an
  // effect, after kExternalSystemUnavailable nobody knows. Each is kept prepared as by QueryParams.
  // Errors: that of the first that failed; those behind it were not run.
  Status Transact(const std::vector<PgStatement>& statements);
  // Of the last Transact that failed with an answer of the server: which statement did; their count
  // if all went well, but not the commit.
  size_t failed_statement() const { return failed_statement_; }

  // Begins COPY ... TO STDOUT (kSql) or START_REPLICATION (kReplication).
  Status StartCopy(std::string_view doing, const std::string& sql);
  // The next message that is here already, without waiting; nullopt if there is none yet.
  // At the end of the COPY: a message without bytes if it ended well and was a COPY OUT. The end
  // of a replication stream is an error: kExternalSystemUnavailable when the server shut down.
  Result<std::optional<PgCopyData>> TryReadCopy();
  // The same, but waits up to the endpoint's answer_timeout; nullopt at the end of a COPY OUT.
  Result<std::optional<PgCopyData>> ReadCopy();
  // Sends one message of a COPY BOTH. What the socket does not take now goes out later.
  Status SendCopy(BytesView bytes);
  // Returns when bytes came in (or the connection broke), or at `deadline`.
  Status WaitForCopy(MonoTime deadline);

 private:
  struct Handle;
  PgConnection(PgEndpoint endpoint, const runtime::Clock& clock);

  Status Connect(PgSession session);
  // Waits until the socket can be read (or written, if `writing`): false at `deadline`.
  Result<bool> WaitSocket(bool reading, bool writing, MonoTime deadline);
  Status SendAll(MonoTime deadline);
  Status AwaitResult(std::string_view doing, MonoTime deadline);
  // Reads results up to the end of the command, or up to the COPY it begins.
  Result<PgRows> ReadResults(std::string_view doing, MonoTime deadline, bool& copying);
  Status ConnectionError(std::string_view doing);

  // Of pg_statements.cc. One message of the extended protocol that was sent.
  struct Sent {
    size_t statement = 0;
    std::string prepares;  // The name of the prepared statement it makes; empty: it runs one.
  };
  Result<PgRows> Run(const std::vector<PgStatement>& statements);
  Result<std::vector<Sent>> Send(const std::vector<PgStatement>& statements);
  // Reads the answer to one message; true: it was the sync, the last one. `error`: the first of the
  // server's errors, and stays. Errors: of the connection, which is lost.
  Result<bool> ReadAnswer(std::string_view doing, size_t statement, PgRows& rows, Status& error);

  const PgEndpoint endpoint_;
  const runtime::Clock& clock_;
  std::unique_ptr<Handle> handle_;
  std::string last_sqlstate_;
  std::map<std::string, std::string, std::less<>> prepared_;  // Names of statements, by text.
  size_t names_ = 0;                                          // That were given so far.
  size_t failed_statement_ = 0;
  std::string copying_;  // What the COPY is doing; empty: there is none.
  bool copy_both_ = false;
};

}  // namespace strom::postgres
