// How a term begins: one coordinator after another claims the node of the active one, raises the
// epoch, so that an older one can write nothing any more, and reads what the older ones left.
#include <utility>

#include "common/base/logging.h"
#include "common/metadata/recipes.h"
#include "coordinator/server/catalog_loader.h"
#include "coordinator/server/term.h"

namespace strom::coordinator {

using metadata::MetaCode;
using metadata::MetaError;
using metadata::MetaResult;

void Term::Start(runtime::Task on_leading) {
  on_leading_ = std::move(on_leading);
  metadata::EnsureNodes(*store_, catalog_.paths().FixedNodes(),
                        [this](Result<std::monostate> made) {
                          if (!made.ok()) return Lose(made.status());
                          ClaimActive();
                        });
}

void Term::ClaimActive() {
  const std::string path = catalog_.paths().CoordinatorActive();
  const MonoTime asked = world_.clock.Now();
  store_->Create(path, ToJson(metadata::CoordinatorAddress{options_.id, listeners_}),
                 metadata::CreateMode::kEphemeral,
                 [this, path, asked](MetaResult<std::string> created) {
                   if (lost_) return;
                   if (created.code == MetaCode::kNodeExists) return AwaitVacancy();
                   if (!created.ok()) return Lose(MetaError(created.code, "create", path));
                   leases_.Begin(world_.clock.Now());
                   OnContact(asked);
                   RaiseEpoch();
                 });
}

// The watch is set only if the node is there, and then fires once: when the node goes, or the other
// coordinator writes it anew.
void Term::AwaitVacancy() {
  const std::string path = catalog_.paths().CoordinatorActive();
  store_->Get(
      path,
      [this](metadata::WatchEvent) {
        world_.views.Forget();
        ClaimActive();
      },
      [this, path](MetaResult<metadata::Node> node) {
        if (node.code == MetaCode::kNoNode) return ClaimActive();
        if (!node.ok()) return Lose(MetaError(node.code, "read", path));
        const auto holder = metadata::CoordinatorAddressFromJson(node.value.data);
        if (holder.ok() && !listeners_.empty() && holder->listeners == listeners_) {
          return RemoveFormerSelf(path, node.value.stat.version);
        }
        world_.views.StandBy();
        STROM_LOG(kInfo, "coordinator {} stands by: another one is active", options_.id);
      });
}

// The process that had our addresses before us is gone, since we are bound to them; its session
// would keep the place until its timeout. The watch sees the node go.
void Term::RemoveFormerSelf(const std::string& path, int32_t version) {
  STROM_LOG(kInfo, "coordinator {} takes the place of the process before it", options_.id);
  store_->Delete(path, version, [this, path](MetaResult<std::monostate> removed) {
    const bool settled =
        removed.ok() || removed.code == MetaCode::kNoNode || removed.code == MetaCode::kBadVersion;
    if (!lost_ && !settled) Lose(MetaError(removed.code, "delete", path));
  });
}

void Term::RaiseEpoch() {
  catalog_.BecomeLeader([this](Result<CoordinatorEpoch> epoch) {
    if (!epoch.ok()) return Lose(epoch.status());
    epoch_ = *epoch;
    const std::string fluss(metadata::kDefaultDatabase);
    catalog_.EnsureDatabase(fluss, world_.clock.WallNow(), [this](Result<std::monostate> made) {
      if (!made.ok()) return Lose(made.status());
      AddEvent([this](runtime::Task finished) { LoadJobs(std::move(finished)); });
    });
  });
}

// A record that cannot be read is as bad as none: nobody could tell whether the disk is the same.
void Term::LoadDirectories(runtime::Task finished) {
  using NodeTexts = std::map<std::string, std::string>;
  metadata::ReadChildren(
      *store_, catalog_.paths().DirectoryIds(),
      [this, finished = std::move(finished)](Result<NodeTexts> nodes) mutable {
        if (!nodes.ok()) return Lose(nodes.status().WithContext("cannot load directory ids"));
        for (const auto& [name, text] : *nodes) {
          const std::optional<int64_t> server = metadata::NumberFromName(name);
          Result<metadata::DirectoryRecord> record = metadata::DirectoryRecordFromJson(text);
          if (!server || !record.ok()) {
            return Lose(Error(ErrorCode::kUnknownServerError, "node {} is no directory id: {}",
                              name, record.status().ToString()));
          }
          state_.LoadDirectory(ServerId(static_cast<int32_t>(*server)),
                               std::move(record->directory_id));
        }
        Load(std::move(finished));
      });
}

// The first event goes on here. Servers that come or go meanwhile are the next one.
void Term::Load(runtime::Task finished) {
  LoadCatalog(catalog_, [this,
                         finished = std::move(finished)](Result<LoadedCatalog> loaded) mutable {
    if (!loaded.ok()) return Lose(loaded.status().WithContext("cannot load tables"));
    for (LoadedCatalog::Table& table : loaded->tables) {
      state_.LoadTable(std::move(table.info), std::move(table.replicas));
      for (auto& [bucket, leadership] : table.leaderships) {
        state_.LoadLeadership(bucket, std::move(leadership));
      }
    }
    unreadable_ = std::move(loaded->unreadable);
    for (const auto& [table, replicas] : loaded->orphans) {
      state_.RemoveReplicas(table, replicas);
      FinishRemoval(table);
    }
    watch_.Start(
        [this, finished = std::move(finished)](LiveServers servers) mutable {
          if (lost_) return;
          if (!finished) return OnServers(std::move(servers));
          OnLoaded(std::move(servers), std::exchange(finished, nullptr));
        },
        [this](Status why) { Lose(std::move(why)); });
  });
}

void Term::OnLoaded(LiveServers servers, runtime::Task finished) {
  BeginJobs();
  TakeDirectories(servers, [this, servers, finished = std::move(finished)]() mutable {
    std::set<ServerId> live;
    for (const auto& [id, server] : servers) {
      AddServer(server);
      live.insert(id);
    }
    Apply(state_.Start(std::move(live)), [this, finished = std::move(finished)]() mutable {
      STROM_LOG(kInfo, "coordinator {} leads: epoch {}, {} tables, {} tablet servers", options_.id,
                epoch_, state_.tables().size(), servers_.size());
      leading_ = true;
      std::exchange(on_leading_, nullptr)();
      finished();
    });
  });
}

}  // namespace strom::coordinator
