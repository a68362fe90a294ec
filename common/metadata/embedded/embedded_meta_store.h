#pragma once

#include <memory>
#include <string>

#include "common/kv/kv_store.h"
#include "common/metadata/meta_store.h"

namespace strom::metadata {

// Metadata of a cluster that is one process: ZooKeeper's semantics in memory, every change made
// durable in a KV store (with a write-ahead log, synced) before it is answered.
//
// What it cannot have, being one process: expiry (sessions end when their MetaStore is destroyed,
// all of them at restart) and lost replies. A change that cannot be written answers kStorage, is
// not applied, and every later change is refused likewise until the process restarts.
//
// `stores` must outlive the factory, and the factory the stores it hands out. Changes block the
// calling thread for one synced write: callers are control planes.
//
// Errors: as KvStoreFactory::Open, and kCorruptRecord for content that is no metadata tree.
Result<std::unique_ptr<MetaStoreFactory>> OpenEmbeddedMetaStore(kv::KvStoreFactory& stores,
                                                                const std::string& path);

}  // namespace strom::metadata
