#include "tablet/kv/recent_rows_budget.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "tablet/kv/recent_rows.h"

namespace strom::tablet {

void RecentRowsBudget::Add(RecentRows& rows) {
  const runtime::WaitLock lock(mutex_);
  members_.push_back(&rows);
}

void RecentRowsBudget::Remove(RecentRows& rows) {
  const runtime::WaitLock lock(mutex_);
  std::erase(members_, &rows);
}

Status RecentRowsBudget::MakeRoom(RecentRows& asking, size_t bytes) {
  if (Fits(bytes)) return Status::Ok();
  const runtime::WaitLock lock(mutex_);
  std::vector<std::pair<size_t, RecentRows*>> givers;
  givers.reserve(members_.size());
  for (RecentRows* const rows : members_) givers.emplace_back(rows->bytes(), rows);
  std::ranges::stable_sort(givers, std::greater<>(), &std::pair<size_t, RecentRows*>::first);
  Status status;
  // What is in the store anyway first: that costs nothing.
  for (const auto give : {&RecentRows::DropSettled, &RecentRows::Clear}) {
    for (const auto& [size, rows] : givers) {
      if (Fits(bytes)) return Status::Ok();
      if (Status given = (rows->*give)(); !given.ok() && rows == &asking) status = given;
    }
  }
  return status;
}

}  // namespace strom::tablet
