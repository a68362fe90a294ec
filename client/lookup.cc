#include "client/include/strom/lookup.h"

#include <utility>

#include "client/lookup_core.h"
#include "client/promise.h"

namespace strom::client {

Lookup::Lookup(std::shared_ptr<LookupCore> core) : core_(std::move(core)) {
  ++core_->cluster()->open_handles();
}

Lookup::~Lookup() {
  core_->Close();
  --core_->cluster()->open_handles();
}

const std::vector<Column>& Lookup::columns() const { return core_->values().columns(); }

Future<std::optional<Row>> Lookup::Get(const Row& key) {
  Result<EncodedKey> encoded = core_->table().KeyOf(key);
  if (!encoded.ok()) return Ready<std::optional<Row>>(encoded.status());
  Promise<std::optional<Row>> promise;
  Future<std::optional<Row>> future = promise.future();
  core_->Ask(LookupKind::kKey, *std::move(encoded),
             [promise = std::move(promise)](Result<std::vector<Row>> rows) mutable {
               if (!rows.ok()) return promise.Set(rows.status());
               promise.Set(rows->empty() ? std::optional<Row>()
                                         : std::optional<Row>(std::move(rows->front())));
             });
  return future;
}

Future<std::vector<Row>> Lookup::GetByPrefix(const Row& bucket_key) {
  Result<EncodedKey> encoded = core_->table().PrefixOf(bucket_key);
  if (!encoded.ok()) return Ready<std::vector<Row>>(encoded.status());
  Promise<std::vector<Row>> promise;
  Future<std::vector<Row>> future = promise.future();
  core_->Ask(LookupKind::kPrefix, *std::move(encoded),
             [promise = std::move(promise)](Result<std::vector<Row>> rows) mutable {
               promise.Set(std::move(rows));
             });
  return future;
}

}  // namespace strom::client
