#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/bytes.h"

namespace strom {

// One recorded call between an official client or server and an official server.
struct Capture {
  int line;  // In the file, from 1.
  int16_t api_key;
  int16_t api_version;
  std::string name;    // "PRODUCE_LOG".
  std::string client;  // "java", "pyfluss" (the Rust client) or "server".
  uint8_t response_type;
  Bytes request;   // Message only, without length and header.
  Bytes response;  // Message only; an ErrorResponse if response_type is not 0.

  std::string ToString() const;
};

// All of tests/data/captures.jsonl, each frame cut into header and message with its header checked
// against the other columns. Fails the running test if the file is not as expected.
std::vector<Capture> LoadCaptures();

}  // namespace strom
