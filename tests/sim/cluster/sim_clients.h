#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/include/strom/connection.h"
#include "tests/sim/cluster/sim_config.h"
#include "tests/sim/cluster/sim_host.h"
#include "tests/sim/logs/log_reader.h"

namespace strom::sim {

struct SimTable {
  TableInfo info;
  record::RecordSchema schema;
  bool keyed() const { return info.descriptor.has_primary_key(); }
};

// Called when a client is told that the log of a bucket is committed below `end`.
using Told = std::function<void(const TableBucket& bucket, LogOffset end)>;

// What was found of primary-key tables.
struct FoundRows {
  // Of each key, and of each group.
  std::map<TableId, std::map<int64_t, std::optional<int64_t>>> rows;
  std::map<TableId, std::map<int64_t, std::vector<SeenRow>>> groups;

  // How many keys and groups.
  size_t count() const;
  friend bool operator==(const FoundRows&, const FoundRows&) = default;
};

// When retention has taken all batches of a writer, a server whose log began anew behind them has
// not heard of it: then it cannot be told whether a batch that is sent again was one of them. Its
// writer gives it up after this: long after all faults are over.
inline constexpr MonoDuration kForgottenAfter = Seconds(800);

// Writes rows with the production client: to each log table (writer, number), to each primary-key
// table (key, value) or a delete, whole or a part of the columns (sim_rows.h), one after the other
// without waiting for answers. The client repeats what fails until it is answered; it never gives a
// row up while the run lasts.
class SimWriter {
 public:
  SimWriter(SimWorld& world, const SimConfig& config, int number,
            const std::vector<std::string>& addresses, const std::vector<SimTable>& tables,
            History* history, Told told);
  ~SimWriter();

  void Start() { WriteLater(); }
  // Writes nothing more; what is open goes on.
  void Finish() { finished_ = true; }
  // How many writes have no answer yet.
  int open_count() const { return open_; }
  SimHost& host() { return host_; }

 private:
  void WriteLater();
  void Write();
  // Nobody knows what became of it. Whether that was wrong is for the checkers.
  void GiveUp(const Status& why, std::string* error);
  void Append(size_t table);
  void Upsert(size_t table);
  Bytes Padding();
  std::vector<std::optional<int64_t>> MoreOf(std::optional<size_t> only,
                                             std::optional<int64_t> value);

  struct Upserter {
    std::optional<size_t> only;  // The one part it writes; none: whole rows.
    std::unique_ptr<client::UpsertWriter> writer;
  };

  const SimConfig& config_;
  const int64_t number_;
  const std::vector<SimTable>& tables_;
  History* const history_;
  const Told told_;
  SimHost host_;
  std::unique_ptr<client::Connection> connection_;
  std::map<size_t, std::unique_ptr<client::AppendWriter>> appenders_;  // By table.
  std::map<size_t, std::vector<Upserter>> upserters_;
  int64_t next_ = 1;
  int open_ = 0;
  bool finished_ = false;
  bool forgotten_ = false;  // By a server: kForgottenAfter.
};

// Reads every bucket of every table, and looks keys and groups up with the production client. Of
// tables that are `followed`, which jobs write, it only reads the logs.
class SimReader {
 public:
  SimReader(SimWorld& world, const SimConfig& config, int number,
            const std::vector<std::string>& addresses, const std::vector<SimTable>& tables,
            const std::vector<SimTable>& followed, std::function<int(ServerId)> process_of,
            History* history, const Told& told);
  ~SimReader();

  void Start();
  // Looks up much more often for a while: somebody else leads, and who looks up right now may be
  // told what is no longer so.
  void Hurry();
  // Ends looking up at random; reads straight on.
  void Finish();
  const std::vector<std::shared_ptr<LogReader>>& logs() const { return logs_; }
  // Looks all keys and groups up, as often as it takes; `found` is complete once it has as many.
  void FindAll(FoundRows* found);
  // Why one of them did not work the last time, if one did not.
  const std::string& find_error() const { return find_error_; }
  SimHost& host() { return host_; }

 private:
  void ReadLogs(const SimTable& table, const std::function<int(ServerId)>& process_of,
                const Told& told);
  void LookUpLater();
  // `found`, if not null, gets the answer; and then it asks until there is one.
  void LookUp(size_t table, int64_t key, FoundRows* found);
  void LookUpGroup(size_t table, int64_t group, FoundRows* found);
  void AskAgain(const Status& status, std::function<void()> ask);

  const SimConfig& config_;
  const std::vector<SimTable>& tables_;
  History* const history_;
  SimHost host_;
  std::unique_ptr<client::Connection> connection_;
  std::shared_ptr<client::Cluster> cluster_;
  std::map<size_t, std::unique_ptr<client::Lookup>> lookups_;
  std::vector<std::shared_ptr<LogReader>> logs_;
  std::string find_error_;
  MonoTime hurries_until_;
  bool finished_ = false;
};

}  // namespace strom::sim
