#include "tablet/server/table_loader.h"

#include "common/metadata/recipes.h"

namespace strom::tablet {

using NumberedSchema = std::pair<SchemaId, Schema>;

void LoadTable(metadata::Catalog& catalog, const TablePath& path,
               metadata::Callback<LoadedTable> done) {
  catalog.GetTable(path, [&catalog, path, done = std::move(done)](Result<TableInfo> info) mutable {
    if (!info.ok()) return done(info.status());
    const auto older_count = static_cast<size_t>(info->schema_id.value() - 1);  // Ids begin at 1.
    using Answer = Result<NumberedSchema>;
    metadata::Gather<std::optional<Answer>>(
        older_count,
        [&catalog, path](size_t i, absl::AnyInvocable<void(std::optional<Answer>)> next) {
          const SchemaId id(static_cast<int16_t>(i + 1));
          catalog.GetSchema(path, id, [next = std::move(next)](Answer answer) mutable {
            next(std::move(answer));
          });
        },
        [info = *std::move(info),
         done = std::move(done)](std::vector<std::optional<Answer>> answers) mutable {
          LoadedTable table{.info = std::move(info), .older = {}};
          for (auto& answer : answers) {
            if (!(*answer).ok()) return done(answer->status());
            table.older.push_back(std::move(answer->value()));
          }
          done(std::move(table));
        });
  });
}

}  // namespace strom::tablet
