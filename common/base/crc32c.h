#pragma once

#include "common/base/bytes.h"

namespace strom {

// CRC-32C (Castagnoli, reflected 0x82F63B78, initial value and final xor all ones): the checksum of
// log and KV batches. Crc32c("123456789") == 0xe3069283.
uint32_t Crc32c(BytesView bytes);

// Continues: Crc32c(a + b) == ExtendCrc32c(Crc32c(a), b).
uint32_t ExtendCrc32c(uint32_t crc, BytesView bytes);

// The table-driven variant, for machines without SSE 4.2 and for the test that compares the two.
uint32_t ExtendCrc32cPortable(uint32_t crc, BytesView bytes);

}  // namespace strom
