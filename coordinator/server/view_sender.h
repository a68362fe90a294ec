#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "common/service/cluster_view.h"
#include "proto/metadata.pb.h"
#include "proto/pb.h"

namespace strom::coordinator {

// What one server knows of the published views, and what has to be sent so that it knows the
// newest: tables that changed, and markers for those that are gone. Pure bookkeeping for
// ServerNotifier; at most one message is under way.
//
// Right after a lost answer too: what was in a message that nobody acknowledged counts as maybe
// known.
class ViewSender {
 public:
  explicit ViewSender(CoordinatorEpoch epoch) : epoch_(epoch) {}

  // A newer view; versions ascend from 1.
  void Set(uint64_t version, std::shared_ptr<const service::ClusterView> view);

  bool due() const { return known_version_ < version_; }
  // The message that brings the server to the newest view. Something is due.
  pb::UpdateMetadataRequest Take();
  // The server has acknowledged what was taken last.
  void OnAcknowledged();
  // Another process of the server may listen from now on, which has to be told everything. What is
  // acknowledged of before does not count.
  void OnConnection();

  // The newest view that the server is known to have; 0: none.
  uint64_t known_version() const { return known_version_; }

 private:
  using Tables = std::map<TablePath, std::shared_ptr<const service::TableView>>;

  const CoordinatorEpoch epoch_;
  uint64_t version_ = 0;
  std::shared_ptr<const service::ClusterView> view_;
  uint64_t known_version_ = 0;
  std::shared_ptr<const service::ClusterView> known_ =
      std::make_shared<const service::ClusterView>();
  uint64_t taken_version_ = 0;
  std::shared_ptr<const service::ClusterView> taken_;
  // Tables in messages since `known_`, as there or as gone: the server has heard of them, or not.
  Tables maybe_known_;
};

}  // namespace strom::coordinator
