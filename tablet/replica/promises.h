#pragma once

#include <map>
#include <span>

#include "common/runtime/time.h"
#include "common/types/ids.h"

// Promises of followers, under which a leader shows rows of a primary-key table while no
// coordinator grants it a lease (ReadLease).
//
// Only a member of the ISR can follow a leader. So while every member but the leader has promised
// that, elected, it would neither acknowledge upserts nor show rows nor let others into the ISR,
// nobody else has newer rows. A leader sends the time of its clock with what its followers fetch;
// a follower promises when it takes that, for a second by its own clock, and says so with its next
// fetch, by sending the time back. The leader counts from that time, which was before, and less: so
// its right ends first. Both clocks run on while a process is stopped or a machine asleep.
//
// Pure bookkeeping: no I/O, no locks, no clock of its own. The owning Replica calls it on the
// bucket's strand.
namespace strom::tablet {

// A leader fetched from at least this often keeps its right.
inline constexpr MonoDuration kPromiseHeld = Millis(900);
// And so long its follower keeps the promise: clocks may differ by a tenth.
inline constexpr MonoDuration kPromiseGiven = Seconds(1);

// What a leader holds, under one leader epoch.
class HeldPromises {
 public:
  // `follower` has taken, under this epoch, what was sent at `sent`. Older news change nothing.
  void OnPromise(ServerId follower, MonoTime sent);

  // Until when nobody else serves, if the next leader is one of `others`: for ever if there are
  // none.
  MonoTime Until(std::span<const ServerId> others) const;

 private:
  std::map<ServerId, MonoTime> sent_;
};

// What a replica has promised to the leaders it followed.
class GivenPromises {
 public:
  // What it promised before `since`, to whomever, it does not know any more.
  explicit GivenPromises(MonoTime forgotten_since) : forgotten_since_(forgotten_since) {}

  // To the leader under this epoch. Times ascend.
  void Promise(LeaderEpoch under, MonoTime now);

  // When this replica may serve as a leader, if all leaders under `ended_since` and later epochs
  // are known to lead no more.
  MonoTime FreeAt(LeaderEpoch ended_since) const;

 private:
  const MonoTime forgotten_since_;
  std::map<LeaderEpoch, MonoTime> last_;  // When, to each; none is over for long.
};

}  // namespace strom::tablet
