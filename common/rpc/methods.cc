#include "common/rpc/methods.h"

#include <algorithm>
#include <functional>

namespace strom::rpc {
namespace {

constexpr MethodInfo kMethods[] = {
#define STROM_METHOD(name, key, version_min, version_max, visibility, role) MethodInfo::Of(k##name),
#include "common/rpc/methods.inc"
#undef STROM_METHOD
};

static_assert(std::ranges::adjacent_find(kMethods, std::ranges::greater_equal{},
                                         &MethodInfo::api_key) == std::ranges::end(kMethods),
              "methods.inc: api keys ascend, so none is there twice");
static_assert(std::ranges::all_of(kMethods,
                                  [](const MethodInfo& method) {
                                    return method.version_min >= 0 &&
                                           method.version_min <= method.version_max;
                                  }),
              "methods.inc: version_min <= version_max");

}  // namespace

std::span<const MethodInfo> AllMethods() { return kMethods; }

}  // namespace strom::rpc
