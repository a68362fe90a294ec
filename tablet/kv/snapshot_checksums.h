#pragma once

#include <map>
#include <string>

#include "common/remote/object_store.h"

namespace strom::tablet {

// What `_CHECKSUMS` beside a snapshot's `_METADATA` holds, ours alone: what every byte of the
// snapshot has to be.
struct SnapshotChecksums {
  remote::ObjectSum metadata;                      // Of `_METADATA` itself.
  std::map<std::string, remote::ObjectSum> files;  // By location, shared and private ones.

  friend bool operator==(const SnapshotChecksums&, const SnapshotChecksums&) = default;
};

// {"version":1,"metadata":{"size":616,"crc32c":305419896},
//  "files":[{"path":"/r/kv/db/t-7/0/shared/…","size":4096,"crc32c":1},…]}, by path.
std::string ToJson(const SnapshotChecksums& checksums);
// Total. Errors: kKvSnapshotNotExist naming the key that is missing or wrong.
Result<SnapshotChecksums> SnapshotChecksumsFromJson(BytesView json);

}  // namespace strom::tablet
