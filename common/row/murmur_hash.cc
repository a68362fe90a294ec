#include "common/row/murmur_hash.h"

#include <bit>

#include "common/base/endian.h"

namespace strom {
namespace {

uint32_t MixWord(uint32_t word) { return std::rotl(word * 0xcc9e2d51U, 15) * 0x1b873593U; }

uint32_t MixHash(uint32_t hash, uint32_t mixed_word) {
  return std::rotl(hash ^ mixed_word, 13) * 5 + 0xe6546b64U;
}

uint32_t Finish(uint32_t hash) {
  hash = (hash ^ hash >> 16) * 0x85ebca6bU;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
  return hash ^ hash >> 16;
}

// Mixes all whole words; returns the hash and leaves the up to three bytes after them in `bytes`.
uint32_t MixWholeWords(BytesView& bytes, uint32_t hash) {
  while (bytes.size() >= sizeof(uint32_t)) {
    hash = MixHash(hash, MixWord(LoadLittle<uint32_t>(bytes.data())));
    bytes.remove_prefix(sizeof(uint32_t));
  }
  return hash;
}

}  // namespace

uint32_t FlussMurmur(BytesView bytes, uint32_t seed) {
  const auto size = static_cast<uint32_t>(bytes.size());
  uint32_t hash = MixWholeWords(bytes, seed);
  for (const char byte : bytes) {
    hash = MixHash(hash, MixWord(static_cast<uint32_t>(static_cast<int8_t>(byte))));
  }
  return Finish(hash ^ size);
}

int32_t FlussMurmurAgain(uint32_t hash) {
  const uint32_t mixed = Finish(MixHash(0, MixWord(hash)) ^ sizeof(hash));
  const auto number = static_cast<int32_t>(mixed);
  if (number >= 0) return number;
  return number == INT32_MIN ? 0 : -number;
}

uint32_t Murmur3(BytesView bytes, uint32_t seed) {
  const auto size = static_cast<uint32_t>(bytes.size());
  uint32_t hash = MixWholeWords(bytes, seed);
  uint32_t tail = 0;
  for (size_t i = bytes.size(); i > 0; --i) tail = tail << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return Finish(hash ^ MixWord(tail) ^ size);
}

}  // namespace strom
