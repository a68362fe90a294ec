#include "common/metadata/zk/zk_error.h"

#include <catch2/catch_test_macros.hpp>
#include <zookeeper/zookeeper.h>

#include "common/metadata/zk/zk_log.h"

namespace strom::metadata {

TEST_CASE("a refusal is told from an outcome that is unknown", "[zookeeper]") {
  CHECK(CodeOfZooKeeper(ZOK) == MetaCode::kOk);
  CHECK(CodeOfZooKeeper(ZNONODE) == MetaCode::kNoNode);
  CHECK(CodeOfZooKeeper(ZNODEEXISTS) == MetaCode::kNodeExists);
  CHECK(CodeOfZooKeeper(ZBADVERSION) == MetaCode::kBadVersion);
  CHECK(CodeOfZooKeeper(ZNOTEMPTY) == MetaCode::kNotEmpty);
  CHECK(CodeOfZooKeeper(ZNOCHILDRENFOREPHEMERALS) == MetaCode::kNoChildrenForEphemerals);
  CHECK(CodeOfZooKeeper(ZBADARGUMENTS) == MetaCode::kInvalidPath);
  CHECK(CodeOfZooKeeper(ZRUNTIMEINCONSISTENCY) == MetaCode::kRolledBack);
  for (const int rc :
       {ZSESSIONEXPIRED, ZINVALIDSTATE, ZAUTHFAILED, ZSESSIONCLOSEDREQUIRESASLAUTH}) {
    CHECK(CodeOfZooKeeper(rc) == MetaCode::kSessionExpired);
  }
  for (const int rc : {ZNOAUTH, ZINVALIDACL, ZNOTREADONLY, ZTHROTTLEDOP, ZUNIMPLEMENTED}) {
    CHECK(CodeOfZooKeeper(rc) == MetaCode::kStorage);
  }
  for (const int rc : {int{ZCONNECTIONLOSS}, int{ZOPERATIONTIMEOUT}, int{ZSESSIONMOVED},
                       int{ZCLOSING}, int{ZMARSHALLINGERROR}, int{ZAPIERROR}, -999, 1}) {
    CHECK(CodeOfZooKeeper(rc) == MetaCode::kConnectionLoss);
  }
}

TEST_CASE("a line of the library's log is cut down to what it says", "[zookeeper]") {
  CHECK(ZooKeeperLogMessage("2026-11-25 00:44:02,123:77(0x7f):ZOO_ERROR@handle@2491: no: luck") ==
        "no: luck");
  CHECK(ZooKeeperLogMessage("anything: else") == "anything: else");
  CHECK(ZooKeeperLogMessage(":ZOO_WARN@cut") == ":ZOO_WARN@cut");
  CHECK(ZooKeeperLogMessage("") == "");
}

}  // namespace strom::metadata
