#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>

#include <fmt/core.h>

namespace strom {

// A number that means one thing: ids and offsets of different kinds cannot be swapped by accident.
template <class Tag, class Rep>
class StrongId {
 public:
  using rep = Rep;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }
  // The next id; for a LogOffset, the offset of the next record.
  constexpr StrongId Next() const { return StrongId(value_ + 1); }

  friend constexpr auto operator<=>(StrongId, StrongId) = default;
  friend std::ostream& operator<<(std::ostream& out, StrongId id) { return out << +id.value_; }
  template <class H>
  friend H AbslHashValue(H h, StrongId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  Rep value_ = 0;
};

using ServerId = StrongId<struct ServerIdTag, int32_t>;
using TableId = StrongId<struct TableIdTag, int64_t>;
using PartitionId = StrongId<struct PartitionIdTag, int64_t>;
using BucketId = StrongId<struct BucketIdTag, int32_t>;
using SchemaId = StrongId<struct SchemaIdTag, int16_t>;    // From 1.
using LogOffset = StrongId<struct LogOffsetTag, int64_t>;  // Position of a record, from 0.
using WriterId = StrongId<struct WriterIdTag, int64_t>;    // kNoWriter: not idempotent.
using BatchSequence =
    StrongId<struct BatchSequenceTag, int32_t>;                // From 0, wraps to 0 after 2^31-1.
using LeaderEpoch = StrongId<struct LeaderEpochTag, int32_t>;  // +1 per leader change.
using BucketEpoch = StrongId<struct BucketEpochTag, int32_t>;  // +1 per leader-and-ISR change.
using CoordinatorEpoch = StrongId<struct CoordinatorEpochTag, int32_t>;  // +1 per leadership.

inline constexpr WriterId kNoWriter{-1};
inline constexpr BatchSequence kNoSequence{-1};
inline constexpr LeaderEpoch kNoLeaderEpoch{-1};
inline constexpr ServerId kNoServer{-1};

}  // namespace strom

template <class Tag, class Rep>
struct std::hash<strom::StrongId<Tag, Rep>> {
  size_t operator()(strom::StrongId<Tag, Rep> id) const { return std::hash<Rep>()(id.value()); }
};

template <class Tag, class Rep>
struct fmt::formatter<strom::StrongId<Tag, Rep>> {
  constexpr auto parse(format_parse_context& ctx) { return ctx.begin(); }
  template <class Context>
  auto format(strom::StrongId<Tag, Rep> id, Context& ctx) const {
    return fmt::format_to(ctx.out(), "{}", id.value());
  }
};
