#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/bytes.h"
#include "common/rpc/request_context.h"

namespace strom::rpc {

// How the connections of a listener prove who they are. Shared by all of them: stateless,
// thread-safe, never blocks. All our mechanisms need one message (Authenticate, api key 1038).
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // True if nothing but ApiVersions and Authenticate is answered before a successful Authenticate.
  virtual bool required() const = 0;

  // Who the caller is. Errors: kAuthenticate, for a mechanism or a token that is not accepted.
  virtual Result<Principal> Authenticate(std::string_view protocol, BytesView token) const = 0;
};

// Everybody is User ANONYMOUS. Accepts an Authenticate for PLAINTEXT, which no client needs to
// send.
class PlaintextAuthenticator final : public Authenticator {
 public:
  bool required() const override { return false; }
  Result<Principal> Authenticate(std::string_view protocol, BytesView token) const override;
};

// SASL/PLAIN: the token is authzid NUL user NUL password, in UTF-8; authzid is empty or the user.
class SaslPlainAuthenticator final : public Authenticator {
 public:
  // Passwords by user name.
  explicit SaslPlainAuthenticator(std::map<std::string, std::string, std::less<>> users)
      : users_(std::move(users)) {}

  bool required() const override { return true; }
  Result<Principal> Authenticate(std::string_view protocol, BytesView token) const override;

 private:
  const std::map<std::string, std::string, std::less<>> users_;
};

}  // namespace strom::rpc
