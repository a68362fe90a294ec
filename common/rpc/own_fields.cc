#include "common/rpc/own_fields.h"

#include <set>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace strom::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool CanHold(const Descriptor* type, std::set<const Descriptor*>& seen) {
  if (!seen.insert(type).second) return false;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->number() >= kFirstOwnField) return true;
    if (field->message_type() && CanHold(field->message_type(), seen)) return true;
  }
  return false;
}

}  // namespace

bool CanHoldOwnField(const Descriptor& type) {
  std::set<const Descriptor*> seen;  // Types may contain themselves.
  return CanHold(&type, seen);
}

const FieldDescriptor* FindOwnField(const Message& message) {
  std::vector<const FieldDescriptor*> set_fields;
  const auto* reflection = message.GetReflection();
  reflection->ListFields(message, &set_fields);
  for (const FieldDescriptor* field : set_fields) {
    if (field->number() >= kFirstOwnField) return field;
    if (!field->message_type()) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const Message& child = field->is_repeated()
                                 ? reflection->GetRepeatedMessage(message, field, i)
                                 : reflection->GetMessage(message, field);
      if (const FieldDescriptor* found = FindOwnField(child)) return found;
    }
  }
  return nullptr;
}

}  // namespace strom::rpc
