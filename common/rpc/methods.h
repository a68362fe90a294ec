#pragma once

#include <span>
#include <string_view>

#include "common/rpc/method.h"
#include "proto/pb.h"

// Declared only, so that this header costs nothing: who calls a method includes the generated
// header of its messages too ("proto/log.pb.h").
namespace strom::v1 {
#define STROM_METHOD(name, key, version_min, version_max, visibility, role) \
  class name##Request;                                                      \
  class name##Response;
#include "common/rpc/methods.inc"
#undef STROM_METHOD
}  // namespace strom::v1

namespace strom::rpc {

// The gRPC service that holds the methods of a role; proto/services.proto says the same.
constexpr std::string_view ServiceOf(Role role) {
  switch (role) {
    case Role::kCoordinator:
      return "CoordinatorService";
    case Role::kTablet:
      return "TabletService";
    case Role::kBoth:
      return "CommonService";
  }
  return {};
}

// kApiVersions, kCreateDatabase, … kListKvSnapshots: one constant for each method of Fluss's API;
// kRegisterJob, … of our own.
#define STROM_METHOD(name, key, version_min, version_max, visibility, role)   \
  inline constexpr Method<pb::name##Request, pb::name##Response> k##name{     \
      key,        version_min,           version_max, Visibility::visibility, \
      Role::role, ServiceOf(Role::role), #name};
#include "common/rpc/methods.inc"
#undef STROM_METHOD

// All of the constants above, ascending by api key. Lives as long as the process.
std::span<const MethodInfo> AllMethods();

}  // namespace strom::rpc
