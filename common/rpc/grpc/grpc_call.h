#pragma once

#include "common/base/status.h"

namespace strom::rpc {

// A call or session stream that is open, at either end: an item of an OpenSet. Any thread.
class GrpcCall {
 public:
  virtual ~GrpcCall() = default;

  // Ends it in peace: what is in flight is answered first.
  virtual void Drain() = 0;
  // Ends it now.
  virtual void Abort(const Status& why) = 0;
};

}  // namespace strom::rpc
