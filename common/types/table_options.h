#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/result.h"

namespace strom {

// Choices a table makes through its properties (table_properties.h). Each has its names as Fluss
// writes them; they are read in any case.

enum class LogFormat : uint8_t { kArrow, kIndexed, kCompacted };
enum class KvFormat : uint8_t { kCompacted, kIndexed };
enum class ArrowCompression : uint8_t { kNone, kLz4Frame, kZstd };

// How a primary-key table combines a new row with the old one of the same key.
enum class MergeEngine : uint8_t {
  kLastRow,      // Not set: the new row wins.
  kFirstRow,     // The old row stays.
  kVersioned,    // The row with the larger version wins; the new one if they are equal.
  kAggregation,  // Every column has its AggregateFunction.
};

// What an acknowledged write (acks=-1) of a table has been through. A property of our own.
enum class Durability : uint8_t {
  kDurable,     // On the disks of the whole in-sync set.
  kReplicated,  // In the page caches of the whole in-sync set.
  kLeader,      // In the leader's page cache.
};

// What a delete on a primary-key table does: it happens, is skipped, or fails.
enum class DeleteBehavior : uint8_t { kAllow, kIgnore, kDisable };

// Whether the changelog of a primary-key table has old images (-U) or not.
enum class ChangelogImage : uint8_t { kFull, kWal };

// Lake whose key encoding and bucket function a table follows.
enum class LakeFormat : uint8_t { kPaimon, kLance, kIceberg, kHudi };

// The unit of time one automatic partition covers.
enum class PartitionTimeUnit : uint8_t { kYear, kQuarter, kMonth, kDay, kHour };

// "ARROW", "LZ4_FRAME", "FIRST_ROW", "paimon", "DAY": the name in properties.
std::string_view ToName(LogFormat value);
std::string_view ToName(KvFormat value);
std::string_view ToName(ArrowCompression value);
std::string_view ToName(MergeEngine value);
std::string_view ToName(Durability value);
std::string_view ToName(DeleteBehavior value);
std::string_view ToName(ChangelogImage value);
std::string_view ToName(LakeFormat value);
std::string_view ToName(PartitionTimeUnit value);

// Reads one of those names, in any case: ParseOption<LogFormat>("arrow"). kLastRow has no name.
// Errors: kInvalidConfig naming the text and what is possible. Defined for the enums above.
template <class Enum>
Result<Enum> ParseOption(std::string_view text);

}  // namespace strom
