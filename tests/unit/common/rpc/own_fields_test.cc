#include "common/rpc/own_fields.h"

#include <catch2/catch_test_macros.hpp>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>

namespace strom::rpc {
namespace {

namespace pbuf = google::protobuf;

// Fluss's part of `Request` is its fields below 1000; `Node` contains itself.
constexpr char kFile[] = R"(
  name: "own.proto" syntax: "proto2"
  message_type { name: "Plain" field { name: "a" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL } }
  message_type { name: "Bucket" field { name: "epoch" number: 1000 type: TYPE_INT32 label: LABEL_OPTIONAL }
                                field { name: "b" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL } }
  message_type { name: "Request" field { name: "a" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
                                 field { name: "one" number: 2 type: TYPE_MESSAGE type_name: "Bucket" label: LABEL_OPTIONAL }
                                 field { name: "many" number: 3 type: TYPE_MESSAGE type_name: "Bucket" label: LABEL_REPEATED } }
  message_type { name: "Node" field { name: "next" number: 1 type: TYPE_MESSAGE type_name: "Node" label: LABEL_OPTIONAL } }
)";

class OwnFields {
 public:
  OwnFields() {
    pbuf::FileDescriptorProto file;
    REQUIRE(pbuf::TextFormat::ParseFromString(kFile, &file));
    REQUIRE(pool_.BuildFile(file) != nullptr);
  }
  const pbuf::Descriptor& Type(const char* name) { return *pool_.FindMessageTypeByName(name); }
  std::string Found(const char* type, const char* text) {
    const std::unique_ptr<pbuf::Message> message(factory_.GetPrototype(&Type(type))->New());
    REQUIRE(pbuf::TextFormat::ParseFromString(text, message.get()));
    const pbuf::FieldDescriptor* field = FindOwnField(*message);
    return field ? field->full_name() : "";
  }

 private:
  pbuf::DescriptorPool pool_;
  pbuf::DynamicMessageFactory factory_;
};

}  // namespace

TEST_CASE("types that can hold a field of ours are known, at any depth", "[rpc]") {
  OwnFields own;
  CHECK_FALSE(CanHoldOwnField(own.Type("Plain")));
  CHECK(CanHoldOwnField(own.Type("Bucket")));
  CHECK(CanHoldOwnField(own.Type("Request")));
  CHECK_FALSE(CanHoldOwnField(own.Type("Node")));
}

TEST_CASE("a field of ours is found only where it is set", "[rpc]") {
  OwnFields own;
  CHECK(own.Found("Plain", "a: 1").empty());
  CHECK(own.Found("Request", "a: 1 one { b: 2 } many { b: 3 }").empty());
  CHECK(own.Found("Bucket", "epoch: 0") == "Bucket.epoch");
  CHECK(own.Found("Request", "one { epoch: 5 }") == "Bucket.epoch");
  CHECK(own.Found("Request", "many { b: 1 } many { b: 2 epoch: 5 }") == "Bucket.epoch");
}

}  // namespace strom::rpc
