#include "common/metadata/znode_tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/check.h"

namespace strom::metadata {
namespace {

// Why there is no node of this name.
MetaCode NotFound(std::string_view path) {
  return IsValidPath(path) ? MetaCode::kNoNode : MetaCode::kInvalidPath;
}

}  // namespace

std::string ParentPath(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool IsValidPath(std::string_view path) {
  if (path == "/") return true;
  if (path.empty() || path.front() != '/' || path.back() == '/') return false;
  size_t start = 1;
  while (start <= path.size()) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    const bool clean = std::none_of(part.begin(), part.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
    });
    if (!clean) return false;
    start = end + 1;
  }
  return true;
}

ZnodeTree::ZnodeTree() { nodes_["/"] = {}; }

ZnodeTree::SessionId ZnodeTree::OpenSession() {
  const SessionId id = next_session_++;
  sessions_[id] = {};
  return id;
}

const ZnodeTree::StoredNode* ZnodeTree::Find(const std::string& path) const {
  const auto it = nodes_.find(path);
  return it == nodes_.end() ? nullptr : &it->second;
}

void ZnodeTree::Restore(const std::string& path, StoredNode node) {
  STROM_CHECK(IsValidPath(path)) << path;
  STROM_CHECK(path == "/" || nodes_.contains(ParentPath(path))) << "no parent of " << path;
  zxid_ = std::max(zxid_, node.stat.modified_zxid);
  node.stat.num_children = 0;
  nodes_[path] = std::move(node);
  if (path != "/") ++nodes_[ParentPath(path)].stat.num_children;
}

std::vector<std::string> ZnodeTree::ChildrenOf(const std::string& path) const {
  const std::string prefix = path == "/" ? "/" : path + "/";
  std::vector<std::string> names;
  auto it = nodes_.lower_bound(prefix);
  while (it != nodes_.end() && it->first.starts_with(prefix)) {
    const std::string_view rest = std::string_view(it->first).substr(prefix.size());
    const size_t slash = rest.find('/');
    if (rest.empty()) {  // The root itself.
      ++it;
    } else if (slash == std::string_view::npos) {
      names.emplace_back(rest);
      ++it;
    } else {  // Jump over a child's descendants: '0' follows '/'.
      it = nodes_.lower_bound(prefix + std::string(rest.substr(0, slash)) + "0");
    }
  }
  return names;
}

void ZnodeTree::Fire(Watches& watches, const std::string& path, WatchEvent event, Commit& commit) {
  const auto it = watches.find(path);
  if (it == watches.end()) return;
  for (auto& [session, watch] : it->second) {
    commit.fired.push_back({session, std::move(watch), event});
  }
  watches.erase(it);
}

void ZnodeTree::FireFor(const std::vector<std::pair<std::string, WatchEvent>>& events,
                        Commit& commit) {
  for (const auto& [path, event] : events) {
    Fire(data_watches_, path, event, commit);
    if (event == WatchEvent::kDataChanged) continue;
    if (event == WatchEvent::kDeleted) Fire(child_watches_, path, event, commit);
    if (path != "/") Fire(child_watches_, ParentPath(path), WatchEvent::kChildrenChanged, commit);
  }
}

MetaCode ZnodeTree::Create(SessionId session, const CreateOp& op, Commit& commit,
                           std::vector<std::function<void()>>& undo) {
  const bool sequential =
      op.mode == CreateMode::kPersistentSequential || op.mode == CreateMode::kEphemeralSequential;
  const bool ephemeral =
      op.mode == CreateMode::kEphemeral || op.mode == CreateMode::kEphemeralSequential;
  // A sequential name may be the number alone: "/a/" creates "/a/0000000000".
  if (!IsValidPath(sequential ? op.path + "0" : op.path)) return MetaCode::kInvalidPath;
  if (op.data.size() > kDataSizeMax) return MetaCode::kDataTooLarge;
  if (!sequential && nodes_.contains(op.path)) return MetaCode::kNodeExists;
  const std::string parent = ParentPath(sequential ? op.path + "0" : op.path);
  const auto parent_it = nodes_.find(parent);
  if (parent_it == nodes_.end()) return MetaCode::kNoNode;
  StoredNode& parent_node = parent_it->second;
  if (parent_node.stat.ephemeral_owner != 0) return MetaCode::kNoChildrenForEphemerals;

  const std::string path =
      sequential ? fmt::format("{}{:010}", op.path, parent_node.next_sequence) : op.path;
  if (nodes_.contains(path)) return MetaCode::kNodeExists;
  StoredNode node{.data = op.data, .stat = {}, .next_sequence = 0};
  node.stat.created_zxid = node.stat.modified_zxid = zxid_;
  node.stat.ephemeral_owner = ephemeral ? session : 0;
  nodes_[path] = std::move(node);
  if (ephemeral) sessions_[session].insert(path);
  ++parent_node.stat.num_children;
  ++parent_node.next_sequence;
  undo.push_back([this, path, parent, session, ephemeral] {
    nodes_.erase(path);
    if (ephemeral) sessions_[session].erase(path);
    StoredNode& node = nodes_[parent];
    --node.stat.num_children;
    --node.next_sequence;
  });
  events_.emplace_back(path, WatchEvent::kCreated);
  commit.changed.push_back(path);
  commit.result.paths.push_back(path);
  return MetaCode::kOk;
}

MetaCode ZnodeTree::Delete(const DeleteOp& op, Commit& commit,
                           std::vector<std::function<void()>>& undo) {
  const auto it = nodes_.find(op.path);
  if (it == nodes_.end() || op.path == "/") {
    return op.path == "/" ? MetaCode::kInvalidPath : NotFound(op.path);
  }
  if (op.version != kAnyVersion && op.version != it->second.stat.version) {
    return MetaCode::kBadVersion;
  }
  if (it->second.stat.num_children > 0) return MetaCode::kNotEmpty;
  const std::string path = op.path;
  const std::string parent = ParentPath(path);
  const SessionId owner = it->second.stat.ephemeral_owner;
  undo.push_back([this, path, parent, owner, node = it->second] {
    nodes_[path] = node;
    if (owner != 0) sessions_[owner].insert(path);
    ++nodes_[parent].stat.num_children;
  });
  if (owner != 0) sessions_[owner].erase(path);
  nodes_.erase(it);
  --nodes_[parent].stat.num_children;
  events_.emplace_back(path, WatchEvent::kDeleted);
  commit.changed.push_back(path);
  return MetaCode::kOk;
}

MetaCode ZnodeTree::Apply(SessionId session, const Op& op, Commit& commit,
                          std::vector<std::function<void()>>& undo) {
  if (const auto* create = std::get_if<CreateOp>(&op))
    return Create(session, *create, commit, undo);
  if (const auto* del = std::get_if<DeleteOp>(&op)) return Delete(*del, commit, undo);
  if (const auto* check = std::get_if<CheckOp>(&op)) {
    const StoredNode* node = Find(check->path);
    if (!node) return NotFound(check->path);
    const bool same = check->version == kAnyVersion || check->version == node->stat.version;
    return same ? MetaCode::kOk : MetaCode::kBadVersion;
  }
  const auto& set = std::get<SetOp>(op);
  const auto it = nodes_.find(set.path);
  if (it == nodes_.end()) return NotFound(set.path);
  if (set.data.size() > kDataSizeMax) return MetaCode::kDataTooLarge;
  StoredNode& node = it->second;
  if (set.version != kAnyVersion && set.version != node.stat.version) return MetaCode::kBadVersion;
  undo.push_back([this, path = set.path, data = node.data, version = node.stat.version,
                  zxid = node.stat.modified_zxid] {
    StoredNode& back = nodes_[path];
    back.data = data;
    back.stat.version = version;
    back.stat.modified_zxid = zxid;
  });
  node.data = set.data;
  ++node.stat.version;
  node.stat.modified_zxid = zxid_;
  events_.emplace_back(set.path, WatchEvent::kDataChanged);
  commit.changed.push_back(set.path);
  return MetaCode::kOk;
}

ZnodeTree::Commit ZnodeTree::Multi(SessionId session, const std::vector<Op>& ops) {
  Commit commit;
  if (!IsOpen(session)) {
    commit.result.code = MetaCode::kSessionExpired;
    return commit;
  }
  ++zxid_;
  events_.clear();
  std::vector<std::function<void()>> undo;
  for (size_t i = 0; i < ops.size(); ++i) {
    const MetaCode code = Apply(session, ops[i], commit, undo);
    if (code == MetaCode::kOk) continue;
    for (auto it = undo.rbegin(); it != undo.rend(); ++it) (*it)();
    return Commit{
        .result = {.code = code, .failed_index = i, .paths = {}}, .changed = {}, .fired = {}};
  }
  FireFor(events_, commit);
  return commit;
}

ZnodeTree::Commit ZnodeTree::CloseSession(SessionId session) {
  std::vector<Op> deletes;
  for (const std::string& path : sessions_[session]) deletes.push_back(DeleteOp{path});
  for (Watches* watches : {&data_watches_, &child_watches_}) {
    for (auto& [path, list] : *watches) {
      std::erase_if(list, [&](const auto& entry) { return entry.first == session; });
    }
  }
  Commit commit = Multi(session, deletes);
  sessions_.erase(session);
  return commit;
}

MetaResult<Node> ZnodeTree::Get(SessionId session, const std::string& path, Watch watch) {
  if (!IsOpen(session)) return {.code = MetaCode::kSessionExpired};
  const StoredNode* node = Find(path);
  if (!node) return {.code = NotFound(path)};
  if (watch) data_watches_[path].emplace_back(session, std::move(watch));
  return {.value = {node->data, node->stat}};
}

MetaResult<std::vector<std::string>> ZnodeTree::Children(SessionId session, const std::string& path,
                                                         Watch watch) {
  if (!IsOpen(session)) return {.code = MetaCode::kSessionExpired};
  if (!Find(path)) return {.code = NotFound(path)};
  if (watch) child_watches_[path].emplace_back(session, std::move(watch));
  return {.value = ChildrenOf(path)};
}

MetaResult<Stat> ZnodeTree::Exists(SessionId session, const std::string& path, Watch watch) {
  if (!IsOpen(session)) return {.code = MetaCode::kSessionExpired};
  if (!IsValidPath(path)) return {.code = MetaCode::kInvalidPath};
  if (watch) data_watches_[path].emplace_back(session, std::move(watch));
  const StoredNode* node = Find(path);
  return node ? MetaResult<Stat>{.value = node->stat} : MetaResult<Stat>{.code = MetaCode::kNoNode};
}

}  // namespace strom::metadata
