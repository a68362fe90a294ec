#pragma once

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace strom::rpc {

// In a message of Fluss, fields from this number on are ours alone; Fluss will hardly get there.
inline constexpr int kFirstOwnField = 1000;

// True if a message of this type can hold a field of ours, at any depth.
bool CanHoldOwnField(const google::protobuf::Descriptor& type);

// A field of ours that is set in `message`, at any depth; null if there is none.
const google::protobuf::FieldDescriptor* FindOwnField(const google::protobuf::Message& message);

}  // namespace strom::rpc
