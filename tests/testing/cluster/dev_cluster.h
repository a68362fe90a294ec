#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/dev_directory.h"
#include "cli/dev_server.h"
#include "client/include/strom/connection.h"
#include "common/io/posix_file_system.h"
#include "tests/testing/temp_dir.h"

namespace strom::testing {

// A cluster of one coordinator and one tablet server in this process, as `strom dev` runs them,
// without workers: for tests of what talks to a cluster. Broken set-ups end the process.
class DevCluster {
 public:
  // `options`: key=value of the configuration.
  explicit DevCluster(std::vector<std::string> options = {});
  ~DevCluster();

  // Stops everything and starts it again over the same data; connections are made anew.
  void Restart();

  client::Connection& connection() { return *connection_; }
  // Where gRPC is served.
  const std::string& grpc() const { return endpoints_.at("STROM_GRPC"); }
  const std::string& fluss() const { return endpoints_.at("STROM_SERVER"); }

  // Makes a table; the database too. `columns` end in the primary key's, if there is one.
  TableInfo MakeTable(const TablePath& path, std::vector<Column> columns,
                      std::vector<std::string> primary_key, int32_t buckets = 2,
                      PropertyMap properties = {});

  // The rows of a primary-key table as text, sorted.
  std::vector<std::string> Rows(const TablePath& path);
  // Its changelog: "+I (1, 'a')", in the order of each bucket, one bucket after the other.
  std::vector<std::string> Changelog(const TablePath& path);

 private:
  void Start();
  void Stop();

  const TempDir dir_;
  const std::vector<std::string> options_;
  io::PosixFileSystem files_;
  std::optional<cli::DevDirectory> directory_;
  std::unique_ptr<cli::DevServer> server_;
  std::map<std::string, std::string> endpoints_;
  std::unique_ptr<client::Connection> connection_;
};

// Asks again and again, for up to a minute, until it is so; false if it never was.
bool Eventually(absl::FunctionRef<bool()> is_so);

Column ColumnOf(std::string name, DataType type);

}  // namespace strom::testing
