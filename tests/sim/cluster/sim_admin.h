#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/include/strom/connection.h"
#include "tests/sim/checkers/metadata_checkers.h"
#include "tests/sim/cluster/sim_config.h"
#include "tests/sim/cluster/sim_host.h"

namespace strom::sim {

// Creates and drops tables that nobody writes, of a few names, with the production client: one
// operation after the other, each once, whatever came of the one before.
class SimAdmin {
 public:
  // `make` gives the descriptor of the next table to be created.
  SimAdmin(SimWorld& world, const SimConfig& config, const std::vector<std::string>& addresses,
           std::string database, std::function<TableDescriptor(bool keyed)> make);
  ~SimAdmin();

  void Start() { GoOnLater(); }
  // Begins nothing more; what is open goes on.
  void Finish() { finished_ = true; }
  bool busy() const { return busy_; }
  const std::vector<AdminOp>& operations() const { return operations_; }
  // Asks, as often as it takes, which tables there are.
  void List(std::optional<std::vector<std::string>>* tables);
  SimHost& host() { return host_; }

 private:
  void GoOnLater();
  void GoOn();
  void OnAnswer(const Status& status);

  const std::string database_;
  const std::function<TableDescriptor(bool keyed)> make_;
  SimHost host_;
  std::unique_ptr<client::Connection> connection_;
  std::vector<AdminOp> operations_;
  bool busy_ = false;
  bool finished_ = false;
};

}  // namespace strom::sim
