#pragma once

#include <compare>
#include <cstdint>

namespace strom {

// A span of monotonic time, in nanoseconds. May be negative.
class MonoDuration {
 public:
  constexpr MonoDuration() = default;
  static constexpr MonoDuration FromNanos(int64_t ns) { return MonoDuration(ns); }
  static constexpr MonoDuration Max() { return MonoDuration(INT64_MAX); }

  constexpr int64_t nanos() const { return ns_; }
  constexpr int64_t micros() const { return ns_ / 1000; }
  constexpr int64_t millis() const { return ns_ / 1000000; }

  friend constexpr auto operator<=>(MonoDuration, MonoDuration) = default;
  friend constexpr MonoDuration operator+(MonoDuration a, MonoDuration b) {
    return MonoDuration(a.ns_ + b.ns_);
  }
  friend constexpr MonoDuration operator-(MonoDuration a, MonoDuration b) {
    return MonoDuration(a.ns_ - b.ns_);
  }
  friend constexpr MonoDuration operator*(MonoDuration a, int64_t n) {
    return MonoDuration(a.ns_ * n);
  }

 private:
  constexpr explicit MonoDuration(int64_t ns) : ns_(ns) {}
  int64_t ns_ = 0;
};

constexpr MonoDuration Micros(int64_t n) { return MonoDuration::FromNanos(n * 1000); }
constexpr MonoDuration Millis(int64_t n) { return MonoDuration::FromNanos(n * 1000000); }
constexpr MonoDuration Seconds(int64_t n) { return MonoDuration::FromNanos(n * 1000000000); }

// A point on the monotonic clock of this process: for deadlines and intervals, never stored.
class MonoTime {
 public:
  constexpr MonoTime() = default;
  constexpr explicit MonoTime(int64_t ns) : ns_(ns) {}
  static constexpr MonoTime Infinite() { return MonoTime(INT64_MAX); }

  constexpr int64_t nanos() const { return ns_; }

  friend constexpr auto operator<=>(MonoTime, MonoTime) = default;
  // Saturates: a deadline far away stays far away.
  friend constexpr MonoTime operator+(MonoTime t, MonoDuration d) {
    if (d.nanos() > 0 && t.ns_ > INT64_MAX - d.nanos()) return Infinite();
    return MonoTime(t.ns_ + d.nanos());
  }
  friend constexpr MonoDuration operator-(MonoTime a, MonoTime b) {
    return MonoDuration::FromNanos(a.ns_ - b.ns_);
  }

 private:
  int64_t ns_ = 0;
};

// Milliseconds since the Unix epoch: what commit timestamps and stored times hold.
using WallMillis = int64_t;

}  // namespace strom
