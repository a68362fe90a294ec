#include "coordinator/server/tablet_server_watch.h"

#include <utility>
#include <vector>

#include "common/base/logging.h"
#include "common/metadata/recipes.h"
#include "common/metadata/zk_json.h"

namespace strom::coordinator {

struct TabletServerWatch::Reading {
  std::string name;
  metadata::MetaResult<metadata::Node> node;
};

TabletServerWatch::TabletServerWatch(metadata::MetaStore& store, metadata::ZkPaths paths,
                                     std::string internal_listener)
    : store_(store), paths_(std::move(paths)), internal_listener_(std::move(internal_listener)) {}

void TabletServerWatch::Start(absl::AnyInvocable<void(LiveServers)> on_servers,
                              absl::AnyInvocable<void(Status)> on_error) {
  on_servers_ = std::move(on_servers);
  on_error_ = std::move(on_error);
  Read();
}

void TabletServerWatch::Read() {
  if (reading_) {
    changed_ = true;
    return;
  }
  reading_ = true;
  changed_ = false;
  store_.Children(
      paths_.TabletServerIds(), [this](metadata::WatchEvent) { Read(); },
      [this](metadata::MetaResult<std::vector<std::string>> names) {
        if (!names.ok()) {
          return on_error_(
              metadata::MetaError(names.code, "list tablet servers", paths_.TabletServerIds()));
        }
        ReadNodes(std::move(names.value));
      });
}

void TabletServerWatch::ReadNodes(std::vector<std::string> names) {
  const size_t count = names.size();
  metadata::Gather<Reading>(
      count,
      [this, names = std::move(names)](size_t i, absl::AnyInvocable<void(Reading)> done) {
        store_.Get(paths_.TabletServerIds() + "/" + names[i], nullptr,
                   [name = names[i],
                    done = std::move(done)](metadata::MetaResult<metadata::Node> node) mutable {
                     done({std::move(name), std::move(node)});
                   });
      },
      [this](std::vector<Reading> readings) { OnRead(std::move(readings)); });
}

void TabletServerWatch::OnRead(std::vector<Reading> readings) {
  LiveServers servers;
  for (Reading& reading : readings) {
    // Gone meanwhile: the watch has fired, or will.
    if (reading.node.code == metadata::MetaCode::kNoNode) continue;
    const std::string path = paths_.TabletServerIds() + "/" + reading.name;
    if (!reading.node.ok()) {
      return on_error_(metadata::MetaError(reading.node.code, "read", path));
    }
    const std::optional<int64_t> id = metadata::NumberFromName(reading.name);
    auto registration = metadata::TabletServerRegistrationFromJson(reading.node.value.data);
    if (!id || *id < 0 || *id > INT32_MAX || !registration.ok()) {
      STROM_LOG(kError, "{} is no registration of a tablet server: {}", path,
                registration.status().ToString());
      continue;
    }
    if (!registration->listeners.contains(internal_listener_)) {
      STROM_LOG(kError, "tablet server {} has no listener {} for the coordinator; it is left out",
                *id, internal_listener_);
      continue;
    }
    const ServerId server(static_cast<int32_t>(*id));
    const int64_t start_epoch = registration->start_epoch.value_or(0);
    std::string directory_id = registration->directory_id.value_or("");
    servers[server] = {.info = metadata::ServerInfoOf(server, *std::move(registration)),
                       .registration = reading.node.value.stat.created_zxid,
                       .start_epoch = start_epoch,
                       .directory_id = std::move(directory_id)};
  }
  reading_ = false;
  on_servers_(std::move(servers));
  if (changed_) Read();
}

}  // namespace strom::coordinator
