#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strom::cdc {

// Builds messages of the replication protocol by hand: big-endian integers, NUL-ended strings.
class WireBytes {
 public:
  explicit WireBytes(char tag) : bytes_(1, tag) {}

  WireBytes& I8(uint8_t v) { return Big(v, 1); }
  WireBytes& I16(uint16_t v) { return Big(v, 2); }
  WireBytes& I32(uint32_t v) { return Big(v, 4); }
  WireBytes& I64(uint64_t v) { return Big(v, 8); }
  WireBytes& Tag(char c) { return I8(static_cast<uint8_t>(c)); }
  WireBytes& Str(std::string_view text) {
    bytes_ += text;
    bytes_ += '\0';
    return *this;
  }
  WireBytes& Raw(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  // A tuple: "\x01" stands for NULL, "\x02" for an unchanged value, all else for itself.
  WireBytes& Tuple(const std::vector<std::string_view>& fields) {
    I16(static_cast<uint16_t>(fields.size()));
    for (const std::string_view field : fields) {
      if (field == "\x01") {
        Tag('n');
      } else if (field == "\x02") {
        Tag('u');
      } else {
        Tag('t').I32(static_cast<uint32_t>(field.size())).Raw(field);
      }
    }
    return *this;
  }

  operator std::string() const { return bytes_; }  // NOLINT(google-explicit-constructor)
  const std::string& bytes() const { return bytes_; }

 private:
  WireBytes& Big(uint64_t v, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
      bytes_ += static_cast<char>(v >> shift & 0xff);
    }
    return *this;
  }

  std::string bytes_;
};

inline constexpr std::string_view kNullField = "\x01";
inline constexpr std::string_view kUnchangedField = "\x02";

inline WireBytes BeginBytes(uint64_t commit_lsn, uint32_t xid = 7) {
  return WireBytes('B').I64(commit_lsn).I64(1000000).I32(xid);
}

inline WireBytes CommitBytes(uint64_t commit_lsn, uint64_t end_lsn) {
  return WireBytes('C').I8(0).I64(commit_lsn).I64(end_lsn).I64(1000000);
}

// A relation of schema "public" whose columns are text, those in `key` part of the identity.
inline WireBytes RelationBytes(uint32_t oid, std::string_view name, char identity,
                               const std::vector<std::string_view>& columns,
                               const std::vector<std::string_view>& key) {
  WireBytes out = WireBytes('R').I32(oid).Str("public").Str(name).Tag(identity).I16(
      static_cast<uint16_t>(columns.size()));
  for (const std::string_view column : columns) {
    bool is_key = identity == 'f';
    for (const std::string_view k : key) is_key = is_key || k == column;
    out.I8(is_key ? 1 : 0).Str(column).I32(25).I32(0xffffffff);
  }
  return out;
}

}  // namespace strom::cdc
