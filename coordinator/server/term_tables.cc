// Tables that are created and dropped.
#include <utility>

#include "coordinator/server/term.h"

namespace strom::coordinator {

void Term::CreateTable(NewTable table, bool ignore_if_exists, MonoTime deadline, Answer answer) {
  Enqueue(
      [this, table = std::move(table), ignore_if_exists, deadline](Answer answer,
                                                                   runtime::Task finished) mutable {
        const TableInfo* existing = state_.Find(table.path);
        if (!existing) {
          return PlaceTable(std::move(table), deadline, std::move(answer), std::move(finished));
        }
        if (!ignore_if_exists) {
          std::move(answer)(
              Error(ErrorCode::kTableAlreadyExist, "table {} already exists", table.path));
        } else if (being_created_.contains(existing->id)) {
          AnswerWhenServing(existing->id, deadline, std::move(answer));
        } else {
          std::move(answer)(Status::Ok());
        }
        finished();
      },
      deadline, std::move(answer));
}

void Term::PlaceTable(NewTable table, MonoTime deadline, Answer answer, runtime::Task finished) {
  if (const auto found = unreadable_.find(table.path); found != unreadable_.end()) {
    std::move(answer)(Error(ErrorCode::kTableAlreadyExist,
                            "table {} is stored, but cannot be read ({}): drop it first", table.path,
                            found->second.why.message()));
    return finished();
  }
  Result<ReplicaLists> replicas =
      AssignReplicas(*table.descriptor.bucket_count(), table.replication_factor, state_.Loads(),
                     world_.random.Next());
  if (!replicas.ok()) {
    std::move(answer)(replicas.status().WithContext("table " + table.path.ToString()));
    return finished();
  }
  catalog_.CreateTable(table.path, std::move(table.descriptor), *replicas, world_.clock.WallNow(),
                       [this, replicas = *replicas, deadline, answer = std::move(answer),
                        finished = std::move(finished)](Result<TableInfo> info) mutable {
                         if (!info.ok()) {
                           if (IsRefusal(info.status())) std::move(answer)(info.status());
                           return finished();
                         }
                         OnTableStored(*info, std::move(replicas), deadline, std::move(answer),
                                       std::move(finished));
                       });
}

void Term::OnTableStored(const TableInfo& info, ReplicaLists replicas, MonoTime deadline,
                         Answer answer, runtime::Task finished) {
  const TableId id = info.id;
  Apply(state_.AddTable(info, std::move(replicas)),
        [this, id, deadline, answer = std::move(answer), finished = std::move(finished)]() mutable {
          being_created_.insert(id);
          AnswerWhenServing(id, deadline,
                            Answer([this, id, answer = std::move(answer)](Status status) mutable {
                              being_created_.erase(id);
                              std::move(answer)(std::move(status));
                            }));
          finished();
        });
}

void Term::AnswerWhenServing(TableId id, MonoTime deadline, Answer answer) {
  waits_.Add(
      [this, id, version = view_version_] {
        return !state_.Find(id) || (state_.CountUnserved(id) == 0 && AllKnow(version));
      },
      WaitUntil(deadline),
      [this, id, answer = std::move(answer)](bool in_time) mutable {
        if (!state_.Find(id)) {
          return std::move(answer)(Error(ErrorCode::kTableNotExist,
                                         "the table, id {}, was dropped while it was made", id));
        }
        std::move(answer)(in_time ? Status::Ok() : NotServing(id));
      });
}

Status Term::NotServing(TableId id) const {
  const TablePath& path = state_.Find(id)->path;
  const size_t unserved = state_.CountUnserved(id);
  if (unserved == 0) {
    return Error(ErrorCode::kRequestTimeOut,
                 "table {} exists and serves, but not every tablet server has heard of it", path);
  }
  std::string last;
  const auto refusal = refusals_.lower_bound({.table = id, .partition = {}, .bucket = {}});
  if (refusal != refusals_.end() && refusal->first.table == id) {
    const auto& [server, why] = refusal->second;
    last = fmt::format("; server {} said of {}: {}", server, refusal->first, why.ToString());
  }
  return Error(ErrorCode::kRequestTimeOut,
               "table {} exists, but {} of its {} buckets have no leader that serves{}", path,
               unserved, state_.BucketsOf(id).size(), last);
}

void Term::DropTable(TablePath path, bool ignore_if_not_exists, MonoTime deadline, Answer answer) {
  RemoveTable(std::move(path), ignore_if_not_exists, deadline,
              Answer([this, deadline, answer = std::move(answer)](Status removed) mutable {
                if (!removed.ok()) return std::move(answer)(std::move(removed));
                AnswerWhenKnown(deadline, std::move(answer));
              }));
}

void Term::RemoveTable(TablePath path, bool ignore_if_not_exists, MonoTime deadline,
                       Answer answer) {
  Enqueue(
      [this, path = std::move(path), ignore_if_not_exists](Answer answer,
                                                           runtime::Task finished) mutable {
        const TableInfo* table = state_.Find(path);
        if (unreadable_.contains(path)) {
          return RemoveUnreadable(path, std::move(answer), std::move(finished));
        }
        if (!table) {
          std::move(answer)(ignore_if_not_exists ? Status::Ok()
                                                 : Error(ErrorCode::kTableNotExist,
                                                         "table {} does not exist", path));
          return finished();
        }
        catalog_.DropTableKeepingAssignment(
            *table, [this, id = table->id, answer = std::move(answer),
                     finished = std::move(finished)](Result<std::monostate> dropped) mutable {
              if (!dropped.ok()) {
                if (IsRefusal(dropped.status())) std::move(answer)(dropped.status());
                return finished();
              }
              for (const auto& [bucket, state] : state_.BucketsOf(id)) refusals_.erase(bucket);
              Effects removal = state_.RemoveTable(id);
              leases_.Forget(id);
              FinishRemoval(id);
              Apply(std::move(removal),
                    [this, answer = std::move(answer), finished = std::move(finished)]() mutable {
                      waits_.Check();  // Somebody may wait for the table to serve.
                      std::move(answer)(Status::Ok());
                      finished();
                    });
            });
      },
      deadline, std::move(answer));
}

void Term::RemoveUnreadable(const TablePath& path, Answer answer, runtime::Task finished) {
  catalog_.DropUnreadableTable(
      path, [this, path, answer = std::move(answer),
             finished = std::move(finished)](Result<std::monostate> dropped) mutable {
        if (!dropped.ok()) {
          if (IsRefusal(dropped.status())) std::move(answer)(dropped.status());
          return finished();
        }
        const std::optional<TableId> id = unreadable_.at(path).id;
        unreadable_.erase(path);
        std::move(answer)(Status::Ok());
        // Without its id, the assignment is found by the next coordinator.
        if (!id) return finished();
        RemoveReplicasOf(*id, std::move(finished));
      });
}

void Term::RemoveReplicasOf(TableId id, runtime::Task finished) {
  catalog_.GetAssignment(id, [this, id, finished = std::move(finished)](
                                 Result<metadata::Assignment> assignment) mutable {
    if (assignment.status().code() == ErrorCode::kNetwork) return Lose(assignment.status());
    Effects removal;
    if (assignment.ok()) removal = state_.RemoveReplicas(id, *assignment);
    FinishRemoval(id);
    Apply(std::move(removal), std::move(finished));
  });
}

// Replicas are deleted long after their table is gone. Once all are, so is the note of them.
void Term::FinishRemoval(TableId id) {
  if (state_.AwaitsRemovals(id)) return;
  catalog_.DropAssignment(id, [this, id](Result<std::monostate> dropped) {
    if (!dropped.ok()) {
      Lose(dropped.status().WithContext(fmt::format("assignment of table id {}", id)));
    }
  });
}

}  // namespace strom::coordinator
