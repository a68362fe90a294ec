#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/io/file_system.h"

namespace strom::remote {

// What tells one content from another.
struct ObjectSum {
  uint64_t size_bytes = 0;
  uint32_t crc32c = 0;

  void Add(BytesView bytes);
  // "4096 bytes with CRC-32C 1a2b3c4d".
  std::string ToString() const;

  friend bool operator==(const ObjectSum&, const ObjectSum&) = default;
};

// One entry of a list.
struct ListedObject {
  std::string key;
  // False: a Put that is under way, or was cut off by a crash; to be deleted, not to be read.
  bool finished = true;

  friend bool operator==(const ListedObject&, const ListedObject&) = default;
};

// Fills a front part of `out` and returns its size; 0: there is no more.
using ByteSource = absl::FunctionRef<Result<size_t>(std::span<char> out)>;
// Takes the next bytes; an error ends the transfer and becomes its result.
using ByteSink = absl::FunctionRef<Status(BytesView bytes)>;

// Objects that all servers of a cluster share and that outlive each of them: KV snapshots, later
// log segments. Real: a directory that all can reach (directory_object_store.h); simulated: the
// same with faults (tests/sim/world/sim_object_store.h).
//
// A key is made of names with '/' between them: "kv/db/t-7/0/snap-1/_METADATA". An object is
// written once as a whole, and never seen half written.
//
// Any thread may call; every function blocks as long as the transfer takes, so calls belong on the
// blocking executor. Two calls that change the same key at the same time are a mistake of ours.
//
// Errors of every call: kDiskWriteLocked if the store is full, else kStorage, naming store and key;
// also for a key that is none. Whether an object is missing is asked with Size.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Stores what `source` gives, in place of what was there. Others see the old object or the whole
  // new one; once this has returned OK, the new one, also after a power failure. After an error it
  // may be either, and something unfinished may be left, which Delete removes.
  virtual Status Put(const std::string& key, ByteSource source) = 0;
  // Of a finished object; none: there is none.
  virtual Result<std::optional<uint64_t>> Size(const std::string& key) const = 0;
  // Gives the whole object to `sink`, piece by piece. Errors: also if there is none, and those of
  // `sink`.
  virtual Status Read(const std::string& key, ByteSink sink) const = 0;
  // Everything whose key begins with `folder` and a '/', by key; nothing if there is nothing.
  virtual Result<std::vector<ListedObject>> List(const std::string& folder) const = 0;
  // Removes what is under the key, finished or not. OK if there is nothing.
  virtual Status Delete(const std::string& key) = 0;

  // What comes before a key in a location: "/var/strom/remote". Never ends with '/'.
  virtual const std::string& root() const = 0;

  // Where other programs find the object, as Fluss writes it into its metadata:
  // "/var/strom/remote/kv/db/t-7/0/snap-1/_METADATA".
  std::string LocationOf(std::string_view key) const;
  // The key of a location read from outside. Errors: kStorage if it is not of this store.
  Result<std::string> KeyOf(std::string_view location) const;

  // Transfers that say what went through --------------------------------------------------------

  Result<ObjectSum> PutFile(const std::string& key, const io::File& source);
  Result<ObjectSum> PutBytes(const std::string& key, BytesView bytes);
  // Appends to `target`, which is not synced. After an error a part may be there.
  Result<ObjectSum> GetFile(const std::string& key, io::File& target) const;
  // Errors: also for an object larger than `size_limit_bytes`, looked at before memory is taken.
  Result<Bytes> GetBytes(const std::string& key, uint64_t size_limit_bytes) const;
  // Of what the store gives back: reads all of it.
  Result<ObjectSum> Sum(const std::string& key) const;
  // Deletes everything List(folder) tells, in the order of the keys. OK if there is nothing.
  Status DeleteFolder(const std::string& folder);
};

// Errors: kStorage unless `key` is made of names (neither empty, nor "." or "..", no NUL byte, none
// that ends as unfinished objects do) with '/' between them.
Status CheckObjectKey(std::string_view key);

// How the names of unfinished objects end, in stores that keep them beside the finished ones.
inline constexpr std::string_view kUnfinishedSuffix = ".unfinished";

}  // namespace strom::remote
