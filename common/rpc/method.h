#pragma once

#include <cstdint>
#include <string_view>

namespace strom::rpc {

// Who may call a method: anybody, or only our own servers (and tools that act for them).
enum class Visibility : uint8_t { kPublic, kInternal };

// Which servers serve a method. The values are bits, so a role can be tested with `Serves`.
enum class Role : uint8_t { kCoordinator = 1, kTablet = 2, kBoth = 3 };

// True if a server of role `server` serves a method of role `method`; a combined server is kBoth
// and serves all.
constexpr bool Serves(Role server, Role method) {
  return (static_cast<uint8_t>(server) & static_cast<uint8_t>(method)) != 0;
}

// One entry of the API. The constants of this type (methods.h) drive servers, clients, the
// ApiVersions answer, metric labels and fuzz corpora; nothing else in the project knows a method's
// number.
//
// Always true: 0 <= version_min <= version_max, and (service, name) is unique as api_key is.
template <class Req, class Resp>
struct Method {
  using Request = Req;
  using Response = Resp;

  int16_t api_key;
  int16_t version_min;
  int16_t version_max;
  Visibility visibility;
  Role role;
  std::string_view service;  // Name without package: "TabletService".
  std::string_view name;     // "ProduceLog"; the gRPC path is /strom.v1.TabletService/ProduceLog.
};

// A Method whose message types are forgotten: what tables and loops over all methods hold.
struct MethodInfo {
  int16_t api_key;
  int16_t version_min;
  int16_t version_max;
  Visibility visibility;
  Role role;
  std::string_view service;
  std::string_view name;

  template <class Req, class Resp>
  static constexpr MethodInfo Of(const Method<Req, Resp>& method) {
    return {method.api_key, method.version_min, method.version_max, method.visibility,
            method.role,    method.service,     method.name};
  }
};

}  // namespace strom::rpc
