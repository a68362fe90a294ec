#include "pipeline/cdc/postgres/postgres_source.h"

#include <utility>

#include "pipeline/cdc/postgres/postgres_stream.h"
#include "pipeline/cdc/postgres/preflight.h"
#include "pipeline/cdc/postgres/publication.h"
#include "pipeline/cdc/postgres/slot.h"
#include "pipeline/cdc/postgres/table_snapshot.h"

namespace strom::cdc {
namespace {

class PostgresSession final : public SourceSession {
 public:
  // `options` outlives it.
  PostgresSession(const PostgresSource::Options& options,
                  std::unique_ptr<postgres::PgConnection> sql, const runtime::Clock& clock)
      : options_(options), sql_(std::move(sql)), clock_(clock) {}

  Status CheckServer() override { return cdc::CheckServer(*sql_); }
  Status CheckTable(const SourceTable& table) override { return cdc::CheckTable(*sql_, table); }
  Status EnsurePublication(
      const std::vector<std::shared_ptr<const SourceTable>>& tables) override {
    return cdc::EnsurePublication(*sql_, options_.publication, tables);
  }
  Result<EnsuredSlot> EnsureSlot() override {
    return cdc::EnsureSlot(options_.endpoint, clock_, options_.slot, options_.slot_timeout);
  }
  Status DropSlot() override {
    return cdc::DropSlot(*sql_, clock_, options_.slot, options_.slot_timeout);
  }
  Status DropPublication() override {
    return cdc::DropPublication(*sql_, options_.publication);
  }

 private:
  const PostgresSource::Options& options_;
  const std::unique_ptr<postgres::PgConnection> sql_;
  const runtime::Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<SourceSession>> PostgresSource::Connect(const runtime::Clock& clock) {
  STROM_ASSIGN_OR_RETURN(
      std::unique_ptr<postgres::PgConnection> sql,
      postgres::PgConnection::Open(options_.endpoint, postgres::PgSession::kSql, clock));
  return std::unique_ptr<SourceSession>(
      std::make_unique<PostgresSession>(options_, std::move(sql), clock));
}

Result<std::unique_ptr<TableRows>> PostgresSource::ReadTable(
    std::shared_ptr<const SourceTable> table, const runtime::Clock& clock) {
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<TableSnapshot> snapshot,
                         TableSnapshot::Open(options_.endpoint, std::move(table), clock,
                                             options_.slot_timeout));
  return std::unique_ptr<TableRows>(std::move(snapshot));
}

Result<std::unique_ptr<ReplicationSession>> PostgresSource::Stream(const runtime::Clock& clock) {
  STROM_ASSIGN_OR_RETURN(std::unique_ptr<PostgresStream> stream,
                         PostgresStream::Open({.endpoint = options_.endpoint,
                                               .slot = options_.slot,
                                               .publication = options_.publication,
                                               .takeover_timeout = options_.takeover_timeout},
                                              Lsn(), clock));
  return std::unique_ptr<ReplicationSession>(std::move(stream));
}

}  // namespace strom::cdc
