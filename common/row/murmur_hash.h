#pragma once

#include "common/base/bytes.h"

namespace strom {

inline constexpr uint32_t kMurmurSeed = 42;

// The hash Fluss and Paimon take of encoded bucket keys. Like MurmurHash3_x86_32 but for the tail:
// each of the up to three last bytes is mixed as a word of its own, sign-extended.
// Same function as Fluss: MurmurHashUtils.java.
uint32_t FlussMurmur(BytesView bytes, uint32_t seed = kMurmurSeed);

// Fluss's second round, over the hash itself, made non-negative.
int32_t FlussMurmurAgain(uint32_t hash);

// MurmurHash3_x86_32 by the book: Iceberg's bucket hash (with seed 0).
uint32_t Murmur3(BytesView bytes, uint32_t seed);

}  // namespace strom
