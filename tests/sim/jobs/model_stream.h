#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/jobs/model_source.h"

namespace strom::sim {

// A session that streams from the model source's slot: the messages of PostgreSQL's protocol, a few
// at a time.
class ModelStream final : public cdc::ReplicationSession {
 public:
  // At the server, which outlives it: takes the slot, from whoever streams from it.
  ModelStream(ModelSource& source, std::string host);
  ~ModelStream() override;

  cdc::Lsn start() const override { return start_; }
  cdc::Lsn server_end() const override { return server_end_; }
  Result<bool> TryRead(absl::FunctionRef<Status(BytesView)> take) override;
  Status WaitFor(MonoTime deadline) override;
  Status Send(BytesView message) override;

 private:
  Status CheckAlive() const;
  // The messages of the next transaction, or what the server says of itself while there is none.
  void Produce();
  void Frame(const std::string& payload);
  void SendChange(const ModelChange& change);

  ModelSource& source_;
  const std::string host_;
  const uint64_t session_;
  const uint64_t generation_;
  cdc::Lsn start_;
  cdc::Lsn server_end_;
  size_t next_ = 0;             // Of the log's transactions.
  cdc::Lsn told_;               // The server's newest word how far it is.
  std::set<size_t> described_;  // Tables whose columns were told.
  std::deque<std::string> messages_;
};

// The model source as a host sees it.
class ModelView final : public cdc::SourceDatabase {
 public:
  ModelView(ModelSource& source, std::string host) : source_(source), host_(std::move(host)) {}

  std::string ToString() const override { return source_.name(); }
  std::string slot() const override { return ModelSource::Slot(); }
  Result<std::unique_ptr<cdc::SourceSession>> Connect(const runtime::Clock& clock) override;
  Result<std::unique_ptr<cdc::TableRows>> ReadTable(std::shared_ptr<const cdc::SourceTable> table,
                                                    const runtime::Clock& clock) override;
  Result<std::unique_ptr<cdc::ReplicationSession>> Stream(const runtime::Clock& clock) override;

 private:
  ModelSource& source_;
  const std::string host_;
};

}  // namespace strom::sim
