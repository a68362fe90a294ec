// Databases that are created and dropped.
#include <memory>
#include <utility>

#include "coordinator/server/term.h"

namespace strom::coordinator {
namespace {

// Tables may come while those there are being dropped.
constexpr int kCascadeRounds = 3;

}  // namespace

void Term::CreateDatabase(std::string name, DatabaseDescriptor descriptor, bool ignore_if_exists,
                          MonoTime deadline, Answer answer) {
  Enqueue(
      [this, name = std::move(name), descriptor = std::move(descriptor), ignore_if_exists](
          Answer answer, runtime::Task finished) mutable {
        catalog_.CreateDatabase(
            std::move(name), std::move(descriptor), world_.clock.WallNow(),
            [this, ignore_if_exists, answer = std::move(answer),
             finished = std::move(finished)](Result<std::monostate> created) mutable {
              const Status& status = created.status();
              if (status.ok() ||
                  (status.code() == ErrorCode::kDatabaseAlreadyExist && ignore_if_exists)) {
                std::move(answer)(Status::Ok());
              } else if (IsRefusal(status)) {
                std::move(answer)(status);
              }
              finished();
            });
      },
      deadline, std::move(answer));
}

void Term::DropDatabase(std::string name, bool ignore_if_not_exists, bool cascade,
                        MonoTime deadline, Answer answer) {
  if (name == metadata::kDefaultDatabase) {
    return std::move(answer)(Error(ErrorCode::kUnknownServerError,
                                   "database {} is the default one and cannot be dropped", name));
  }
  DropTablesOf(std::move(name), cascade ? kCascadeRounds : 0, ignore_if_not_exists, deadline,
               std::move(answer));
}

void Term::DropTablesOf(std::string name, int rounds_left, bool ignore_if_not_exists,
                        MonoTime deadline, Answer answer) {
  // The first error of a table's drop ends the whole; the database's own turn comes after them.
  auto failed = std::make_shared<Status>();
  if (rounds_left > 0) {
    std::vector<TablePath> tables = state_.TablesIn(name);
    for (const auto& [path, unreadable] : unreadable_) {
      if (path.database == name) tables.push_back(path);
    }
    for (TablePath& path : tables) {
      RemoveTable(std::move(path), true, deadline, Answer([failed](Status removed) {
                    if (failed->ok()) *failed = std::move(removed);
                  }));
    }
  }
  Enqueue(
      [this, name = std::move(name), rounds_left, ignore_if_not_exists, deadline, failed](
          Answer answer, runtime::Task finished) mutable {
        if (!failed->ok()) {
          std::move(answer)(*failed);
          return finished();
        }
        catalog_.DropDatabase(name, [this, name, rounds_left, ignore_if_not_exists, deadline,
                                     answer = std::move(answer), finished = std::move(finished)](
                                        Result<std::monostate> dropped) mutable {
          const Status& status = dropped.status();
          if (status.ok()) {
            AnswerWhenKnown(deadline, std::move(answer));
          } else if (status.code() == ErrorCode::kDatabaseNotExist && ignore_if_not_exists) {
            std::move(answer)(Status::Ok());
          } else if (status.code() == ErrorCode::kDatabaseNotEmpty && rounds_left > 1) {
            DropTablesOf(std::move(name), rounds_left - 1, ignore_if_not_exists, deadline,
                         std::move(answer));
          } else if (IsRefusal(status)) {
            std::move(answer)(status);
          }
          finished();
        });
      },
      deadline, std::move(answer));
}

}  // namespace strom::coordinator
