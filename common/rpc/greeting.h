#pragma once

#include "proto/pb.h"
#include "proto/types.pb.h"

namespace strom::rpc {

// What a connection begins with, and the question that changes nothing: whoever answers is there.
inline pb::ApiVersionsRequest Greeting() {
  pb::ApiVersionsRequest request;
  request.set_client_software_name("strom");
  request.set_client_software_version("0.1.0");
  return request;
}

}  // namespace strom::rpc
