#pragma once

#include <memory>

#include "common/metadata/catalog.h"
#include "common/rpc/authorizer.h"
#include "common/rpc/dispatcher.h"
#include "common/rpc/method.h"
#include "common/rpc/methods.h"
#include "common/runtime/strand.h"

namespace strom::service {

// The read-only calls that coordinators and tablet servers both serve: what databases, tables,
// schemas and partitions there are, read from the metadata store at every call (while it is away,
// tables and their schemas as they were last read: who starts then can open what is there);
// ApiVersions; and GetFileSystemSecurityToken. Same rules as Fluss: fluss-wire-protocol.md,
// section 5.10.
//
// Handlers run on transport threads and hop onto the session's strand. Databases for the system
// alone ("__…") are left out of what official clients list; so is, everywhere, what the caller may
// not describe.
class CatalogService {
 public:
  // `role` is what ApiVersions calls the server: coordinator 1, tablet server 2, and for both in
  // one nothing, so that clients check no role. `strand` is the session's. All arguments outlive
  // the service.
  CatalogService(rpc::Role role, metadata::Catalog& catalog, runtime::Strand& strand,
                 const rpc::Authorizer& authorizer);

  // On the strand, or when nothing runs on it any more; after the dispatcher's listeners, and in
  // one go with the catalog and its store. Calls still queued on the strand then answer an error.
  ~CatalogService();
  CatalogService(const CatalogService&) = delete;
  CatalogService& operator=(const CatalogService&) = delete;

  // Once. `dispatcher` outlives the service's last call.
  void Register(rpc::Dispatcher& dispatcher);

 private:
  class Handlers;
  std::shared_ptr<Handlers> handlers_;
};

}  // namespace strom::service
