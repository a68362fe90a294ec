#include "common/metadata/meta_store.h"

namespace strom::metadata {

std::string_view MetaCodeName(MetaCode code) {
  switch (code) {
    case MetaCode::kOk:
      return "ok";
    case MetaCode::kNoNode:
      return "no such node";
    case MetaCode::kNodeExists:
      return "node exists";
    case MetaCode::kBadVersion:
      return "version does not match";
    case MetaCode::kNotEmpty:
      return "node has children";
    case MetaCode::kNoChildrenForEphemerals:
      return "parent is ephemeral";
    case MetaCode::kInvalidPath:
      return "invalid path";
    case MetaCode::kDataTooLarge:
      return "data too large";
    case MetaCode::kConnectionLoss:
      return "connection lost, outcome unknown";
    case MetaCode::kSessionExpired:
      return "session expired";
    case MetaCode::kRolledBack:
      return "rolled back";
    case MetaCode::kStorage:
      return "storage failure";
  }
  return "unknown";
}

Status MetaError(MetaCode code, std::string_view operation, std::string_view path) {
  // A question may be asked again; of a change, nobody knows what became of it.
  const bool away = code == MetaCode::kConnectionLoss || code == MetaCode::kSessionExpired;
  return Error(away ? ErrorCode::kNetwork : ErrorCode::kUnknownServerError, "metadata: {} {}: {}",
               operation, path, MetaCodeName(code));
}

}  // namespace strom::metadata
