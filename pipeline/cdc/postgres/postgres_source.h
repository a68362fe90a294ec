#pragma once

#include <memory>
#include <string>

#include "pipeline/cdc/source_database.h"
#include "pipeline/postgres/pg_connection.h"

namespace strom::cdc {

// A PostgreSQL database as a source of changes.
class PostgresSource final : public SourceDatabase {
 public:
  struct Options {
    postgres::PgEndpoint endpoint;
    std::string slot;
    std::string publication;
    // Making a slot, for good or for a copy, waits for all transactions that run.
    MonoDuration slot_timeout = Seconds(60);
    // How long to wait for a session that still streams from the slot (ReleaseSlot).
    MonoDuration takeover_timeout = Seconds(90);
  };
  explicit PostgresSource(Options options) : options_(std::move(options)) {}

  std::string ToString() const override { return options_.endpoint.ToString(); }
  std::string slot() const override { return options_.slot; }
  Result<std::unique_ptr<SourceSession>> Connect(const runtime::Clock& clock) override;
  Result<std::unique_ptr<TableRows>> ReadTable(std::shared_ptr<const SourceTable> table,
                                               const runtime::Clock& clock) override;
  Result<std::unique_ptr<ReplicationSession>> Stream(const runtime::Clock& clock) override;

 private:
  const Options options_;
};

}  // namespace strom::cdc
