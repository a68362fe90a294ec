#include "tablet/kv/changelog_builder.h"

#include "common/record/table_compression.h"

namespace strom::tablet {

ChangelogBuilder::ChangelogBuilder(const KvTable& table)
    : image_(table.properties().changelog_image),
      batch_(table.newest().log, {.schema_id = table.newest().id,
                                  .append_only = false,
                                  .magic = 0,
                                  .compression = record::CompressionOf(table.properties()),
                                  .statistics_columns = {}}) {}

void ChangelogBuilder::Begin(LogOffset base) {
  base_ = base;
  batch_.Reset();
}

Status ChangelogBuilder::Update(const Row& old, const Row& row) {
  if (image_ == ChangelogImage::kFull) {
    STROM_RETURN_IF_ERROR(Append(record::ChangeType::kUpdateBefore, old));
  }
  return Append(record::ChangeType::kUpdateAfter, row);
}

Status ChangelogBuilder::Overwrite(const Row& row) {
  STROM_CHECK(image_ == ChangelogImage::kWal) << "image FULL has old rows";
  return Append(record::ChangeType::kUpdateAfter, row);
}

Status ChangelogBuilder::Update(Cells old, Cells row) {
  if (image_ == ChangelogImage::kFull) {
    STROM_RETURN_IF_ERROR(Append(record::ChangeType::kUpdateBefore, old));
  }
  return Append(record::ChangeType::kUpdateAfter, row);
}

Status ChangelogBuilder::Overwrite(Cells row) {
  STROM_CHECK(image_ == ChangelogImage::kWal) << "image FULL has old rows";
  return Append(record::ChangeType::kUpdateAfter, row);
}

LogOffset ChangelogBuilder::last_offset() const {
  STROM_CHECK(record_count() > 0) << "there is no record at " << base_;
  return LogOffset(base_.value() + record_count() - 1);
}

}  // namespace strom::tablet
