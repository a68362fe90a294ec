#include "pipeline/postgres/pg_array.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/base/check.h"

namespace strom::postgres {
namespace {

constexpr size_t kHeaderSize = 20;
constexpr size_t kHasNullsAt = 4;
constexpr size_t kCountAt = 12;
constexpr size_t kKeptBytesMax = 64 << 10;

// PostgreSQL counts days and microseconds from 2000-01-01.
constexpr int64_t kEpochDays = 10'957;
constexpr int64_t kEpochMillis = kEpochDays * 86'400'000;

// A date or time that is not there becomes the nearest that is neither there nor an infinity, which
// are the ends of T's range.
template <class T>
T Finite(__int128 value) {
  return static_cast<T>(std::clamp<__int128>(value, std::numeric_limits<T>::min() + 1,
                                             std::numeric_limits<T>::max() - 1));
}

// Groups of four decimal digits, lowest first.
struct Groups {
  std::array<int16_t, 11> digits;  // 38 digits, and a group that the point cuts.
  size_t count = 0;
};

template <class Unsigned>
void Split(Unsigned value, Groups& groups) {
  for (; value != 0; value /= 10'000) {
    groups.digits[groups.count++] = static_cast<int16_t>(value % 10'000);
  }
}

}  // namespace

PgArray::PgArray(PgElement element) : element_(element) { Clear(); }

void PgArray::Clear() {
  if (bytes_.capacity() > kKeptBytesMax) bytes_ = Bytes();
  bytes_.clear();
  AppendBig<int32_t>(bytes_, 1);
  AppendBig<int32_t>(bytes_, 0);
  AppendBig(bytes_, static_cast<uint32_t>(element_));
  AppendBig<int32_t>(bytes_, 0);
  AppendBig<int32_t>(bytes_, 1);
  STROM_CHECK(bytes_.size() == kHeaderSize);
  size_ = 0;
  has_nulls_ = false;
}

const Bytes& PgArray::Finish() {
  StoreBig<int32_t>(bytes_.data() + kHasNullsAt, has_nulls_ ? 1 : 0);
  StoreBig(bytes_.data() + kCountAt, static_cast<int32_t>(size_));
  return bytes_;
}

void PgArray::AddNull() {
  AppendBig<int32_t>(bytes_, -1);
  has_nulls_ = true;
  ++size_;
}

void PgArray::AddBool(bool value) { AddNumber<int8_t>(value ? 1 : 0); }

void PgArray::AddBytes(BytesView value) {
  AppendBig(bytes_, static_cast<int32_t>(value.size()));
  bytes_.append(value);
  ++size_;
}

// int16 count of groups, int16 weight (of the first: a power of 10,000), uint16 sign, int16 digits
// behind the point, and the groups, highest first (numeric_recv in numeric.c).
void PgArray::AddNumeric(__int128 unscaled, int scale) {
  using Wide = unsigned __int128;
  STROM_CHECK(scale >= 0 && scale <= 38) << scale;
  const bool negative = unscaled < 0;
  Wide rest = negative ? Wide{0} - static_cast<Wide>(unscaled) : static_cast<Wide>(unscaled);
  Groups groups;
  constexpr std::array<int, 4> kPowers = {1, 10, 100, 1000};
  if (const int cut = scale % 4; cut != 0 && rest != 0) {  // The last group ends in zeros.
    const auto low = static_cast<int>(rest % static_cast<Wide>(kPowers[cut]));
    groups.digits[groups.count++] = static_cast<int16_t>(low * kPowers[4 - cut]);
    rest /= static_cast<Wide>(kPowers[cut]);
  }
  if (rest <= std::numeric_limits<uint64_t>::max()) {
    Split(static_cast<uint64_t>(rest), groups);
  } else {
    Split(rest, groups);
  }
  const int behind = (scale + 3) / 4;  // Groups behind the point.
  std::array<char, 4 + 8 + sizeof(groups.digits)> raw;
  char* at = raw.data();
  const auto put = [&at](auto value) {
    StoreBig(at, value);
    at += sizeof(value);
  };
  put(static_cast<int32_t>(8 + 2 * groups.count));
  put(static_cast<int16_t>(groups.count));
  put(static_cast<int16_t>(groups.count == 0 ? 0 : static_cast<int>(groups.count) - 1 - behind));
  put(static_cast<uint16_t>(negative ? 0x4000 : 0));
  put(static_cast<int16_t>(scale));
  for (size_t i = groups.count; i > 0; --i) put(groups.digits[i - 1]);
  bytes_.append(raw.data(), static_cast<size_t>(at - raw.data()));
  ++size_;
}

void PgArray::AddDate(int64_t days) { AddInt4(Finite<int32_t>(__int128{days} - kEpochDays)); }

void PgArray::AddTime(int64_t millis) { AddInt8(Finite<int64_t>(__int128{millis} * 1000)); }

void PgArray::AddTimestamp(int64_t millis, int32_t nanos) {
  AddInt8(Finite<int64_t>((__int128{millis} - kEpochMillis) * 1000 + nanos / 1000));
}

}  // namespace strom::postgres
