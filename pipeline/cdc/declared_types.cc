#include <algorithm>

#include "pipeline/cdc/value_text.h"

namespace strom::cdc {
namespace {

using enum TypeKind;

template <class... Kinds>
constexpr uint32_t Set(Kinds... kinds) {
  return ((1U << static_cast<uint32_t>(kinds)) | ...);
}

// Which kinds a built-in type may be declared as. Oids: PostgreSQL's pg_type.dat.
struct TypeRule {
  uint32_t oid;
  uint32_t kinds;
};

constexpr TypeRule kRules[] = {
    {16, Set(kBoolean)},                                              // bool
    {17, Set(kBytes, kBinary)},                                       // bytea
    {20, Set(kBigInt, kDecimal, kString)},                            // int8
    {21, Set(kSmallInt, kInt, kBigInt, kDecimal, kDouble, kString)},  // int2
    {23, Set(kInt, kBigInt, kDecimal, kDouble, kString)},             // int4
    {26, Set(kBigInt, kDecimal, kString)},                            // oid
    {700, Set(kFloat, kDouble, kString)},                             // float4
    {701, Set(kDouble, kString)},                                     // float8
    {1082, Set(kDate, kString)},                                      // date
    {1083, Set(kTime, kString)},                                      // time
    {1114, Set(kTimestamp, kString)},                                 // timestamp
    {1184, Set(kTimestampLtz, kString)},                              // timestamptz
    {1700, Set(kDecimal, kDouble, kString)},                          // numeric
};

}  // namespace

bool MayDeclare(uint32_t type_oid, uint32_t element_oid, const DataType& type) {
  if (element_oid != 0) {
    if (type.kind() == kString) return true;
    if (type.kind() != kArray) return false;
    // An array type does not say how many dimensions its values have.
    const DataType* element = &type.element();
    while (element->kind() == kArray) element = &element->element();
    return MayDeclare(element_oid, 0, *element);
  }
  const auto* rule = std::ranges::find(kRules, type_oid, &TypeRule::oid);
  const uint32_t kinds = rule == std::end(kRules) ? Set(kString, kChar) : rule->kinds;
  return (kinds & Set(type.kind())) != 0;
}

}  // namespace strom::cdc
