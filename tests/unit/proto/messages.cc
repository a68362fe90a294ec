#include "tests/unit/proto/messages.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <fmt/core.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/wire_format_lite.h>

#include "common/rpc/methods.h"
#include "proto/acl.pb.h"
#include "proto/admin.pb.h"
#include "proto/cluster.pb.h"
#include "proto/kv.pb.h"
#include "proto/lake.pb.h"
#include "proto/log.pb.h"
#include "proto/metadata.pb.h"
#include "proto/strom.pb.h"
#include "proto/types.pb.h"

namespace strom {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

void CollectUnknownFields(const Message& message, const std::string& path,
                          std::vector<std::string>& found) {
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    found.push_back(fmt::format("{} {}", path, unknown.field(i).number()));
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string inner = path + "." + field->name();
    if (!field->is_repeated()) {
      CollectUnknownFields(message.GetReflection()->GetMessage(message, field), inner, found);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      CollectUnknownFields(message.GetReflection()->GetRepeatedMessage(message, field, i), inner,
                           found);
    }
  }
}

// Copies a field that is not length-delimited from `in` to `out`.
void CopyPlainField(CodedInputStream& in, uint32_t tag, CodedOutputStream& out) {
  REQUIRE(WireFormatLite::SkipField(&in, tag, &out));
}

}  // namespace

const std::vector<MethodMessages>& AllMethodMessages() {
  static const std::vector<MethodMessages> kAll = {
#define STROM_METHOD(name, key, version_min, version_max, visibility, role) \
  {key, &pb::name##Request::default_instance(), &pb::name##Response::default_instance()},
#include "common/rpc/methods.inc"
#undef STROM_METHOD
  };
  return kAll;
}

const MethodMessages& MessagesOf(int16_t api_key) {
  const auto found = std::ranges::find(AllMethodMessages(), api_key, &MethodMessages::api_key);
  INFO("api key " << api_key);
  REQUIRE(found != AllMethodMessages().end());
  return *found;
}

std::vector<std::string> UnknownFields(const Message& message) {
  std::vector<std::string> found;
  CollectUnknownFields(message, message.GetDescriptor()->name(), found);
  return found;
}

Bytes WithoutEmptyPackedFields(BytesView bytes, const Descriptor& type) {
  Bytes result;
  StringOutputStream result_stream(&result);
  CodedOutputStream out(&result_stream);
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  while (const uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      CopyPlainField(in, tag, out);
      continue;
    }
    uint32_t size = 0;
    Bytes content;
    REQUIRE(in.ReadVarint32(&size));
    REQUIRE(in.ReadString(&content, static_cast<int>(size)));
    const FieldDescriptor* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (field != nullptr && field->is_packed() && size == 0) continue;
    if (field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      content = WithoutEmptyPackedFields(content, *field->message_type());
    }
    out.WriteTag(tag);
    out.WriteVarint32(static_cast<uint32_t>(content.size()));
    out.WriteString(content);
  }
  out.Trim();
  return result;
}

}  // namespace strom
