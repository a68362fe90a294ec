#pragma once

#include "common/arrow/compression.h"
#include "common/base/check.h"
#include "common/types/table_properties.h"

namespace strom::record {

// How the ARROW batches of a table with these properties are compressed.
inline arrow::Compression CompressionOf(const TableProperties& properties) {
  switch (properties.arrow_compression) {
    case ArrowCompression::kNone:
      return {.codec = arrow::Codec::kNone};
    case ArrowCompression::kLz4Frame:
      return {.codec = arrow::Codec::kLz4Frame};
    case ArrowCompression::kZstd:
      return {.codec = arrow::Codec::kZstd, .zstd_level = properties.zstd_level};
  }
  STROM_UNREACHABLE();
}

}  // namespace strom::record
