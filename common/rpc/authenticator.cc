#include "common/rpc/authenticator.h"

#include <algorithm>
#include <vector>

namespace strom::rpc {
namespace {

// Protocol names come from outside and go into messages.
std::string_view Short(std::string_view text) { return text.substr(0, 64); }

// Debian's Abseil has a string_view of its own, so its string functions do not take ours.
bool SameIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string_view> SplitAtNul(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t nul; (nul = text.find('\0')) != std::string_view::npos; text.remove_prefix(nul + 1)) {
    parts.push_back(text.substr(0, nul));
    if (parts.size() > 3) break;  // One too many already.
  }
  parts.push_back(text);
  return parts;
}

// Takes the same time wherever the first difference is.
bool SameSecret(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < b.size(); ++i) {
    difference |= static_cast<unsigned char>((i < a.size() ? a[i] : 0) ^ b[i]);
  }
  return difference == 0;
}

}  // namespace

Result<Principal> PlaintextAuthenticator::Authenticate(std::string_view protocol,
                                                       BytesView /*token*/) const {
  if (!SameIgnoringCase(protocol, "PLAINTEXT")) {
    return Error(ErrorCode::kAuthenticate, "the listener speaks PLAINTEXT, not {}",
                 Short(protocol));
  }
  return Principal{};
}

Result<Principal> SaslPlainAuthenticator::Authenticate(std::string_view protocol,
                                                       BytesView token) const {
  if (!SameIgnoringCase(protocol, "PLAIN")) {
    return Error(ErrorCode::kAuthenticate, "the listener takes SASL mechanism PLAIN, not {}",
                 Short(protocol));
  }
  const std::vector<std::string_view> parts = SplitAtNul(token);
  if (parts.size() != 3) {
    return Error(ErrorCode::kAuthenticate, "a PLAIN token has 3 parts, not {}", parts.size());
  }
  const std::string_view authzid = parts[0], user = parts[1], password = parts[2];
  if (user.empty() || password.empty() || (!authzid.empty() && authzid != user)) {
    return Error(ErrorCode::kAuthenticate, "PLAIN token without user or password, or for another");
  }
  const auto known = users_.find(user);
  if (known == users_.end() || !SameSecret(password, known->second)) {
    return Error(ErrorCode::kAuthenticate, "wrong user name or password");
  }
  return Principal{std::string(user), "User"};
}

}  // namespace strom::rpc
