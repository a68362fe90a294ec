#include "tests/sim/checkers/metadata_checkers.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/metadata/zk_json.h"
#include "common/metadata/zk_paths.h"

namespace strom::sim {
namespace {

const metadata::ZkPaths kPaths("/fluss");

std::vector<std::string> ChildrenOf(const FinalMetadata& end, const std::string& path) {
  std::vector<std::string> names;
  const std::string prefix = path + "/";
  for (auto it = end.nodes.lower_bound(prefix); it != end.nodes.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    std::string name = it->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) names.push_back(std::move(name));
  }
  return names;
}

const std::string* NodeAt(const FinalMetadata& end, const std::string& path) {
  const auto found = end.nodes.find(path);
  return found == end.nodes.end() ? nullptr : &found->second;
}

// The replicas of all buckets of all tables there are, as far as that can be read.
class Tables {
 public:
  Tables(const FinalMetadata& end, Violations* found) : end_(end), found_(*found) {
    for (const std::string& database : ChildrenOf(end, kPaths.Databases())) {
      for (const std::string& table : ChildrenOf(end, kPaths.Tables(database))) {
        CheckTable({database, table});
      }
    }
    for (const std::string& name : ChildrenOf(end, kPaths.TableAssignments())) {
      if (!ids_.contains(name)) Say("assignment {} belongs to no table", name);
    }
  }

  const std::map<TableBucket, std::set<ServerId>>& replicas() const { return replicas_; }
  const std::set<std::string>& NamesIn(const std::string& database) { return names_[database]; }

 private:
  template <class... Args>
  void Say(fmt::format_string<Args...> text, Args&&... args) {
    found_.push_back("S17 " + fmt::format(text, std::forward<Args>(args)...));
  }

  void CheckTable(const TablePath& path) {
    const auto table = metadata::TableRegistrationFromJson(*NodeAt(end_, kPaths.Table(path)));
    if (!table.ok()) return Say("{}: {}", path, table.status().ToString());
    names_[path.database].insert(path.table);
    if (!ids_.insert(fmt::format("{}", table->id)).second) {
      Say("{}: another table has its id {}", path, table->id);
    }
    const std::string* counter = NodeAt(end_, kPaths.TableIds());
    const Result<int64_t> next =
        counter ? metadata::CounterFromBytes(*counter) : Result<int64_t>(int64_t{0});
    if (!next.ok() || *next <= table->id.value()) {
      Say("{}: its id {} will be given once more", path, table->id);
    }
    if (ChildrenOf(end_, kPaths.Schemas(path)).empty()) Say("{} has no schema", path);
    const std::string* node = NodeAt(end_, kPaths.TableAssignment(table->id));
    if (!node) return Say("{}, id {}, has no assignment", path, table->id);
    const auto assignment = metadata::AssignmentFromJson(*node);
    if (!assignment.ok()) return Say("{}: {}", path, assignment.status().ToString());
    for (const auto& [number, servers] : *assignment) {
      CheckBucket({.table = table->id, .partition = {}, .bucket = number}, servers);
    }
  }

  void CheckBucket(const TableBucket& bucket, const std::vector<ServerId>& servers) {
    std::set<ServerId>& replicas = replicas_[bucket];
    replicas.insert(servers.begin(), servers.end());
    const std::string* node = NodeAt(end_, kPaths.LeaderAndIsr(bucket));
    if (!node) return Say("{} never had a leader", bucket);
    const auto now = metadata::LeaderAndIsrFromJson(*node);
    if (!now.ok()) return Say("{}: {}", bucket, now.status().ToString());
    if (std::ranges::find(now->isr, now->leader) == now->isr.end()) {
      Say("{}: its leader {} is not in its ISR {}", bucket, now->leader, fmt::join(now->isr, " "));
    }
    for (const ServerId member : now->isr) {
      if (!replicas.contains(member)) Say("{}: {}, in its ISR, has no replica", bucket, member);
    }
  }

  const FinalMetadata& end_;
  Violations& found_;
  std::set<std::string> ids_;
  std::map<std::string, std::set<std::string>> names_;
  std::map<TableBucket, std::set<ServerId>> replicas_;
};

}  // namespace

Violations CheckMetadata(const FinalMetadata& end) {
  Violations found;
  Tables tables(end, &found);
  for (const auto& [bucket, servers] : tables.replicas()) {
    for (const ServerId server : servers) {
      const auto logs = end.logs.find(server);
      if (logs == end.logs.end() || !logs->second.contains(bucket)) {
        found.push_back(fmt::format("S17 {}: server {} has no log of it", bucket, server));
      }
    }
  }
  for (const auto& [server, logs] : end.logs) {
    for (const TableBucket& bucket : logs) {
      const auto replicas = tables.replicas().find(bucket);
      if (replicas == tables.replicas().end() || !replicas->second.contains(server)) {
        found.push_back(fmt::format("S17 {}: server {} has a log that is nobody's", bucket, server));
      }
    }
  }
  if (const auto& stored = tables.NamesIn(end.database); stored != end.listed) {
    found.push_back(fmt::format("S17 {} has the tables {}, a client is told of {}", end.database,
                                fmt::join(stored, " "), fmt::join(end.listed, " ")));
  }
  return found;
}

Violations CheckAdminOps(const std::vector<AdminOp>& operations, const FinalMetadata& end,
                         MonoDuration late) {
  Violations found;
  std::map<std::string, std::vector<AdminOp>> by_table;
  for (const AdminOp& op : operations) by_table[op.table].push_back(op);
  for (const auto& [table, ops] : by_table) {
    // Whoever was refused saw what it would have brought about.
    const auto known = [](const AdminOp& op) { return op.answer != AdminOp::Answer::kUnknown; };
    const auto last = std::find_if(ops.rbegin(), ops.rend(), known);
    std::set<bool> possible{last != ops.rend() && last->kind == AdminOp::Kind::kCreate};
    for (const AdminOp& op : ops) {
      if (known(op) || (last != ops.rend() && op.time.invoked + late < last->time.invoked)) continue;
      possible.insert(op.kind == AdminOp::Kind::kCreate);
    }
    const bool there = NodeAt(end, kPaths.Table({end.database, table})) != nullptr;
    if (!possible.contains(there)) {
      found.push_back(fmt::format("S18 table {} is {}, against its last operation of {}", table,
                                  there ? "there" : "not there", ops.size()));
    }
  }
  return found;
}

}  // namespace strom::sim
