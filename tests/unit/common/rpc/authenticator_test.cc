#include "common/rpc/authenticator.h"

#include <catch2/catch_test_macros.hpp>

#include "common/rpc/authorizer.h"

namespace strom::rpc {
namespace {

Bytes Token(std::string_view authzid, std::string_view user, std::string_view password) {
  Bytes token(authzid);
  token.push_back('\0');
  token.append(user).push_back('\0');
  return token.append(password);
}

}  // namespace

TEST_CASE("plaintext needs no proof and accepts only its own name", "[rpc]") {
  const PlaintextAuthenticator plaintext;
  CHECK_FALSE(plaintext.required());
  CHECK(plaintext.Authenticate("PlainText", "").value() == Principal{"ANONYMOUS", "User"});
  CHECK(plaintext.Authenticate("PLAIN", "").status().code() == ErrorCode::kAuthenticate);
}

TEST_CASE("SASL PLAIN knows its users", "[rpc]") {
  const SaslPlainAuthenticator sasl({{"alice", "secret"}, {"bob", "b"}});
  CHECK(sasl.required());
  CHECK(sasl.Authenticate("PLAIN", Token("", "alice", "secret")).value() ==
        Principal{"alice", "User"});
  CHECK(sasl.Authenticate("plain", Token("bob", "bob", "b")).value().name == "bob");
}

TEST_CASE("SASL PLAIN refuses everything else with the same code", "[rpc]") {
  const SaslPlainAuthenticator sasl({{"alice", "secret"}, {"empty", ""}});
  const auto refused = [&](std::string_view protocol, BytesView token) {
    return sasl.Authenticate(protocol, token).status().code() == ErrorCode::kAuthenticate;
  };
  CHECK(refused("SCRAM-SHA-256", Token("", "alice", "secret")));
  CHECK(refused("PLAIN", Token("", "alice", "secre")));
  CHECK(refused("PLAIN", Token("", "alice", "secrets")));
  CHECK(refused("PLAIN", Token("", "carol", "secret")));
  CHECK(refused("PLAIN", Token("root", "alice", "secret")));
  CHECK(refused("PLAIN", Token("", "", "secret")));
  CHECK(refused("PLAIN", Token("", "empty", "")));
  CHECK(refused("PLAIN", ""));
  CHECK(refused("PLAIN", "alice"));
  CHECK(refused("PLAIN", Token("", "alice", "secret") + Bytes(1, '\0')));
  CHECK(refused("PLAIN", Bytes(100000, '\0')));
}

TEST_CASE("resources name what a right is about", "[rpc]") {
  CHECK(Resource::Cluster().name() == "fluss-cluster");
  CHECK(Resource::Table("db", "t").name() == "db.t");
  CHECK(Resource::Database("db").type() == Resource::Type::kDatabase);
  const Resource by_id = TableId(7);
  CHECK(by_id.type() == Resource::Type::kTable);
  CHECK(by_id.table_id() == TableId(7));
  CHECK(AllowAll().Check({}, Operation::kWrite, TableId(7)).ok());
}

}  // namespace strom::rpc
