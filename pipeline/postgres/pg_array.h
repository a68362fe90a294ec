#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/bytes.h"
#include "common/base/endian.h"

namespace strom::postgres {

// Types of an array's elements: PostgreSQL's own numbers for them, which never change.
enum class PgElement : uint32_t {
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kFloat4 = 700,
  kFloat8 = 701,
  kBpchar = 1042,
  kVarchar = 1043,
  kDate = 1082,
  kTime = 1083,
  kTimestamp = 1114,
  kTimestamptz = 1184,
  kNumeric = 1700,
};

// An array of one dimension in PostgreSQL's binary form, made element by element: a parameter that
// neither side has to print or parse.
//
// Layout, all numbers big-endian (array_recv in arrayfuncs.c): int32 dimensions (1), int32 whether
// there are NULLs, uint32 element type, int32 count, int32 first index (1); then of each element
// int32 size in bytes, -1 for NULL, and the bytes.
//
// Who adds elements calls the Add… of the array's type; the server refuses what does not fit.
class PgArray {
 public:
  explicit PgArray(PgElement element);

  size_t size() const { return size_; }
  // The parameter; until the next Add or Clear.
  const Bytes& Finish();
  // Back to no elements. Keeps the memory, unless it was a large array.
  void Clear();

  void AddNull();
  void AddBool(bool value);
  void AddInt2(int16_t value) { AddNumber(value); }
  void AddInt4(int32_t value) { AddNumber(value); }
  void AddInt8(int64_t value) { AddNumber(value); }
  void AddFloat4(float value) { AddNumber(value); }
  void AddFloat8(double value) { AddNumber(value); }
  // kText, kVarchar, kBpchar (UTF-8, without NUL characters: the server looks), kBytea.
  void AddBytes(BytesView value);
  // unscaled / 10^scale, 0 <= scale <= 38.
  void AddNumeric(__int128 unscaled, int scale);
  // The server has no room for all dates and times that an int64_t has: it refuses those it lacks
  // (SQLSTATE 22008).
  void AddDate(int64_t days);                            // Since 1970.
  void AddTime(int64_t millis);                          // Of the day.
  void AddTimestamp(int64_t millis, int32_t nanos = 0);  // Since 1970; kTimestamptz, too.

 private:
  template <FixedWidth T>
  void AddNumber(T value) {
    char raw[4 + sizeof(T)];
    StoreBig<int32_t>(raw, sizeof(T));
    StoreBig(raw + 4, value);
    bytes_.append(raw, sizeof(raw));
    ++size_;
  }

  const PgElement element_;
  Bytes bytes_;
  size_t size_ = 0;
  bool has_nulls_ = false;
};

}  // namespace strom::postgres
