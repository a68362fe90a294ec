#include "common/metadata/zk/zk_error.h"

#include <zookeeper/zookeeper.h>

namespace strom::metadata {

MetaCode CodeOfZooKeeper(int rc) {
  switch (rc) {
    case ZOK:
      return MetaCode::kOk;
    case ZNONODE:
      return MetaCode::kNoNode;
    case ZNODEEXISTS:
      return MetaCode::kNodeExists;
    case ZBADVERSION:
      return MetaCode::kBadVersion;
    case ZNOTEMPTY:
      return MetaCode::kNotEmpty;
    case ZNOCHILDRENFOREPHEMERALS:
      return MetaCode::kNoChildrenForEphemerals;
    case ZBADARGUMENTS:
      return MetaCode::kInvalidPath;
    case ZRUNTIMEINCONSISTENCY:  // Of an operation of a multi.
      return MetaCode::kRolledBack;
    case ZSESSIONEXPIRED:
    case ZINVALIDSTATE:  // The handle's session has expired, or was refused.
    case ZAUTHFAILED:
    case ZSESSIONCLOSEDREQUIRESASLAUTH:
      return MetaCode::kSessionExpired;
    // Refused by the service, or never sent: not applied.
    case ZNOAUTH:
    case ZINVALIDACL:
    case ZNOTREADONLY:
    case ZTHROTTLEDOP:
    case ZEPHEMERALONLOCALSESSION:
    case ZUNIMPLEMENTED:
      return MetaCode::kStorage;
    default:  // ZCONNECTIONLOSS, ZOPERATIONTIMEOUT, ZSESSIONMOVED, ZMARSHALLINGERROR, ZCLOSING, …
      return MetaCode::kConnectionLoss;
  }
}

}  // namespace strom::metadata
