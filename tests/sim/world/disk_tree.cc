#include "tests/sim/world/disk_tree.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "common/base/check.h"
#include "common/io/storage_error.h"

namespace strom::sim {
namespace {

// "a//./b/" is a, b.
Result<std::vector<std::string>> Split(std::string_view path, std::string_view what) {
  if (path.empty()) return io::StorageError(ENOENT, what);
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (name.empty() || name == ".") continue;
    if (name == "..") return io::StorageError(EINVAL, what);  // Nobody needs it.
    names.emplace_back(name);
  }
  return names;
}

// Calls `visit` with every node below `node`, in the order of names.
template <class Visitor>
void VisitBelow(const DiskNode& node, DiskNode::Names DiskNode::*names, Visitor visit) {
  for (const auto& [name, child] : node.*names) {
    visit(child);
    VisitBelow(*child, names, visit);
  }
}

}  // namespace

Result<DiskTree::Place> DiskTree::Find(std::string_view path, std::string_view what) const {
  STROM_ASSIGN_OR_RETURN(const std::vector<std::string> names, Split(path, what));
  Place place{.node = root_};
  for (const std::string& name : names) {
    if (place.node == nullptr) return io::StorageError(ENOENT, what);
    if (!place.node->is_directory) return io::StorageError(ENOTDIR, what);
    place.directory = std::exchange(place.node, nullptr);
    place.name = name;
    const auto found = place.directory->names.find(name);
    if (found != place.directory->names.end()) place.node = found->second;
  }
  return place;
}

Result<DiskNodeRef> DiskTree::Get(std::string_view path, std::string_view what) const {
  STROM_ASSIGN_OR_RETURN(const Place place, Find(path, what));
  if (place.node == nullptr) return io::StorageError(ENOENT, what);
  return place.node;
}

DiskNodeRef DiskTree::FindSynced(std::string_view path) const {
  const auto names = Split(path, path);
  if (!names.ok()) return nullptr;
  DiskNodeRef node = root_;
  for (const std::string& name : *names) {
    const auto found = node->durable_names.find(name);
    if (found == node->durable_names.end()) return nullptr;
    node = found->second;
  }
  return node;
}

DiskNodeRef DiskTree::Add(const Place& place, bool directory) {
  STROM_CHECK(place.directory != nullptr && place.node == nullptr) << place.name;
  const auto node = std::make_shared<DiskNode>(directory);
  Record({.node = node, .to = place.directory, .to_name = place.name});
  return node;
}

void DiskTree::Remove(const Place& place) {
  STROM_CHECK(place.directory != nullptr && place.node != nullptr) << place.name;
  Record({.node = place.node, .from = place.directory, .from_name = place.name});
}

void DiskTree::Move(const Place& from, const Place& to) {
  STROM_CHECK(from.directory != nullptr && from.node != nullptr && to.directory != nullptr);
  Record({.node = from.node,
          .from = from.directory,
          .from_name = from.name,
          .to = to.directory,
          .to_name = to.name});
}

bool DiskTree::Holds(const DiskNodeRef& ancestor, const DiskNodeRef& node) {
  bool holds = ancestor == node;
  VisitBelow(*ancestor, &DiskNode::names,
             [&](const DiskNodeRef& below) { holds |= below == node; });
  return holds;
}

void DiskTree::Record(Change change) {
  Apply(change, &DiskNode::names);
  unsynced_.push_back(std::move(change));
}

void DiskTree::Apply(const Change& change, DiskNode::Names DiskNode::*names) {
  if (change.from != nullptr) {
    // On the disk another node may have that name, if the change that made way for this was lost.
    const auto found = (change.from.get()->*names).find(change.from_name);
    const bool there = found != (change.from.get()->*names).end();
    if (there && found->second == change.node) (change.from.get()->*names).erase(found);
  }
  if (change.to != nullptr) (change.to.get()->*names)[change.to_name] = change.node;
}

void DiskTree::Sync(const DiskNodeRef& directory) {
  // Backwards: a rename between two directories brings along what happened before in the other.
  std::set<DiskNodeRef> synced = {directory};  // Asked for members, never walked.
  std::vector<Change> kept;
  std::vector<Change> pending;
  while (!unsynced_.empty()) {
    Change change = std::move(unsynced_.back());
    unsynced_.pop_back();
    const bool touched = synced.contains(change.from) || synced.contains(change.to);
    if (touched && change.from != nullptr) synced.insert(change.from);
    if (touched && change.to != nullptr) synced.insert(change.to);
    (touched ? kept : pending).push_back(std::move(change));
  }
  unsynced_.assign(std::make_move_iterator(pending.rbegin()),
                   std::make_move_iterator(pending.rend()));
  for (auto change = kept.rbegin(); change != kept.rend(); ++change) {
    Apply(*change, &DiskNode::durable_names);
  }
}

void DiskTree::PowerFail(runtime::Random& random) {
  for (const Change& change : std::exchange(unsynced_, {})) {
    bool reachable = change.to == nullptr || change.to == root_;
    VisitBelow(*root_, &DiskNode::durable_names,
               [&](const DiskNodeRef& node) { reachable |= node == change.to; });
    if (random.Chance(0.5) && reachable) Apply(change, &DiskNode::durable_names);
  }
  root_->names = root_->durable_names;
  VisitBelow(*root_, &DiskNode::durable_names, [&](const DiskNodeRef& node) {
    node->names = node->durable_names;
    node->file.PowerFail(random);
  });
  Unlock();
}

void DiskTree::Unlock() {
  VisitBelow(*root_, &DiskNode::names, [](const DiskNodeRef& node) { node->locked = false; });
}

uint64_t DiskTree::UsedBytes() const {
  uint64_t used = 0;
  VisitBelow(*root_, &DiskNode::names,
             [&](const DiskNodeRef& node) { used += node->file.cached().size(); });
  return used;
}

}  // namespace strom::sim
