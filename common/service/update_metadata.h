#pragma once

#include "common/base/result.h"
#include "common/service/cluster_view.h"
#include "proto/metadata.pb.h"
#include "proto/pb.h"

// The coordinator's view of the cluster on its way to the tablet servers (UpdateMetadata, api key
// 1013): all live servers, which replace those the receiver knew, and tables, which are put into
// what it knew. A table that is gone comes as a marker: its real path with the table id -2, or its
// real id with the path `__UNKNOWN__`.`__delete__`. Same rules as Fluss:
// fluss-server-semantics.md, section 6.
namespace strom::service {

// All of `view`, and a marker for each table of `before`, an older view, that is not in it any
// more. The sender keeps as `before` the newest view that the receiver has acknowledged, or the
// empty one for a receiver that knows nothing yet.
pb::UpdateMetadataRequest MakeUpdateMetadata(const ClusterView& view, const ClusterView& before,
                                             CoordinatorEpoch epoch);

// What the receiver knows after `request`. `before` is what it knew; the empty view if the request
// is the first one with this coordinator epoch, because a new coordinator cannot know which tables
// an older one told of, and sends all there are. Epochs are compared by the caller, which holds the
// highest one seen.
// Errors: kCorruptMessage or kInvalidTable, naming the server or table that is no such thing;
// nothing of the request counts then.
Result<ClusterView> ApplyUpdateMetadata(const ClusterView& before,
                                        const pb::UpdateMetadataRequest& request);

}  // namespace strom::service
