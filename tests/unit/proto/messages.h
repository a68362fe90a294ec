#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <google/protobuf/message.h>

#include "common/base/bytes.h"

namespace strom {

// The message types of one method, as default instances that live as long as the process.
struct MethodMessages {
  int16_t api_key;
  const google::protobuf::Message* request;
  const google::protobuf::Message* response;
};

// One entry per line of common/rpc/methods.inc.
const std::vector<MethodMessages>& AllMethodMessages();
// Fails the running test for a key without a method.
const MethodMessages& MessagesOf(int16_t api_key);

// Names of all fields of `message`, at any depth, that hold something its type does not know:
// "buckets_resp.partition_id 17" for number 17 inside it. Empty if all is known.
std::vector<std::string> UnknownFields(const google::protobuf::Message& message);

// `bytes`, a valid encoding of a message of type `type`, without the packed fields that hold no
// element, at any depth: what Java writes and the protobuf library does not. Lengths of the
// messages around them shrink accordingly; nothing else changes, not even the order.
Bytes WithoutEmptyPackedFields(BytesView bytes, const google::protobuf::Descriptor& type);

}  // namespace strom
