#pragma once

#include <span>

#include "common/types/value.h"

// The bucket key of tables that follow Hudi: not the key's values but a hash of them, which is why
// it cannot be decoded and why such tables encode their primary keys in the compacted form. Used by
// KeyEncoder; pure functions.
//
//   4 bytes big-endian   h, from 1: for each column h = 31 * h + hash of the value's text, where
//   the
//                        hash of a text, from 0, is 31 * hash + each UTF-16 unit (Java's hash
//                        codes)
//
// Texts are Java's: true, -5 (DATE: day number, TIME: milliseconds), 1.5E10, -123.45 (never with an
// exponent), 2023-10-25T12:01:13.182, and with Z at the end for TIMESTAMP_LTZ. A NULL is the text
// __null__ if it is the only column, else its hash is 0.
// Same bytes as Fluss 1.0: HudiKeyEncoder.java.
namespace strom::internal {

// Whether a key column may have this type: all but BINARY, BYTES and nested types.
bool IsHudiKeyType(const DataType& type);

// The hash of Java's String of this text. Errors: kCorruptRecord if it is no UTF-8.
Result<uint32_t> JavaStringHash(std::string_view text);

// Appends the hash of row[columns[i]], of types[i].
// Errors: kCorruptRecord naming the column if a value does not fit its type, if a text of a key of
// several columns has a comma or is __null__ or __empty__ (Hudi could not tell them apart), or if a
// timestamp is outside of the years 0 to 9999.
Status AppendHudiKey(Bytes& out, const Row& row, std::span<const size_t> columns,
                     std::span<const DataType> types);

}  // namespace strom::internal
