#pragma once

// The messages of proto/*.proto are generated into ::strom::v1; the project calls them pb::X.
// Include the generated header too ("proto/log.pb.h"): this one declares no message.
namespace strom {

namespace v1 {}  // namespace v1
namespace pb = v1;

}  // namespace strom
