#include "common/arrow/batch_reader.h"

#include <bit>
#include <limits>

#include "common/arrow/time_units.h"

namespace strom::arrow {
namespace {

template <class... Args>
Status Corrupt(fmt::format_string<Args...> format, Args&&... args) {
  return Error(ErrorCode::kCorruptMessage, format, std::forward<Args>(args)...);
}

size_t BitmapSize(int64_t bits) { return static_cast<size_t>((bits + 7) / 8); }

int64_t CountBits(BytesView bitmap, int64_t bits) {
  int64_t count = 0;
  int64_t i = 0;
  for (; i + 64 <= bits; i += 64) count += std::popcount(LoadLittle<uint64_t>(&bitmap[i / 8]));
  for (; i < bits; ++i) count += (static_cast<uint8_t>(bitmap[i / 8]) >> (i % 8)) & 1;
  return count;
}

// The buffers of `message` without compression. `memory` holds those that were compressed.
Result<std::vector<BytesView>> LoadBuffers(const RecordBatchMessage& message,
                                           const ReadLimits& limits,
                                           std::unique_ptr<char[]>& memory) {
  const size_t count = message.buffer_count();
  std::vector<BytesView> buffers(count);
  if (message.codec() == Codec::kNone) {
    for (size_t i = 0; i < count; ++i) buffers[i] = message.buffer_bytes(i);
    return buffers;
  }

  std::vector<CompressedBuffer> compressed(count);
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    STROM_ASSIGN_OR_RETURN(compressed[i],
                           ParseCompressed(message.buffer_bytes(i), message.codec()));
    if (compressed[i].is_raw) continue;
    // The padded size of one buffer cannot overflow: it was compared with the compressed size.
    total += PaddedSize(compressed[i].size);
    if (total > limits.max_decompressed_bytes) {
      return Error(ErrorCode::kRecordTooLarge,
                   "Arrow message of {} buffers needs {} bytes or more, the limit is {}", count,
                   total, limits.max_decompressed_bytes);
    }
  }
  memory = std::make_unique_for_overwrite<char[]>(total);
  char* at = memory.get();
  for (size_t i = 0; i < count; ++i) {
    buffers[i] = compressed[i].content;
    if (compressed[i].is_raw) continue;
    STROM_RETURN_IF_ERROR(Decompress(compressed[i], message.codec(), at));
    buffers[i] = BytesView(at, compressed[i].size);
    at += PaddedSize(compressed[i].size);
  }
  return buffers;
}

}  // namespace

// Makes the ColumnViews of a message, field by field in the order of the layout, and checks them.
class ColumnLoader {
 public:
  ColumnLoader(const SchemaLayout& layout, const RecordBatchMessage& message,
               const std::vector<BytesView>& buffers, const ReadLimits& limits)
      : layout_(layout), message_(message), buffers_(buffers), limits_(limits) {}

  Result<std::vector<ColumnView>> Load() {
    fields_.reserve(layout_.fields().size());
    for (size_t i = 0; i < layout_.column_count(); ++i) {
      const int64_t rows = message_.row_count();
      if (Status s = LoadField(layout_.column(i), rows, rows); !s.ok()) {
        return s.WithContext(fmt::format("Arrow message: column {}", i));
      }
    }
    return std::move(fields_);
  }

 private:
  // Loads `layout` and its descendants. `length_min` and `length_max` bound its slots.
  Status LoadField(const FieldLayout& layout, int64_t length_min, int64_t length_max) {
    ColumnView view;
    view.layout_ = &layout;
    view.node_ = message_.node(fields_.size());
    size_t next = layout.first_buffer;
    view.validity_ = buffers_[next++];
    if (layout.storage == Storage::kVariable || layout.storage == Storage::kList) {
      view.offsets_ = buffers_[next++];
    }
    if (layout.storage != Storage::kList && layout.storage != Storage::kStruct) {
      view.data_ = buffers_[next++];
    }
    const int64_t length = view.length();
    if (length < length_min || length > length_max) {
      return Corrupt("{} has {} slots, expected {} to {}", layout.type.ToString(), length,
                     length_min, length_max);
    }
    STROM_RETURN_IF_ERROR(CheckNulls(view));
    fields_.push_back(view);
    switch (layout.storage) {
      case Storage::kBits:
        return CheckSize("bits", view.data_, BitmapSize(length));
      case Storage::kFixed:
        STROM_RETURN_IF_ERROR(CheckSize("data", view.data_, length * int64_t{layout.width}));
        return CheckTimes(view);
      case Storage::kVariable:
        return CheckOffsets(view, static_cast<int64_t>(view.data_.size())).status();
      case Storage::kList: {
        constexpr int64_t kElementsMax = std::numeric_limits<int32_t>::max();
        STROM_ASSIGN_OR_RETURN(const int64_t end, CheckOffsets(view, kElementsMax));
        if (end > limits_.max_list_elements) {
          return Error(ErrorCode::kRecordTooLarge, "{} with {} elements, the limit is {}",
                       layout.type.ToString(), end, limits_.max_list_elements);
        }
        return LoadField((&layout)[1], end, kElementsMax);
      }
      case Storage::kStruct:
        return LoadFields(layout, length);
    }
    STROM_UNREACHABLE();
  }

  // The fields of a struct are as long as it is.
  Status LoadFields(const FieldLayout& layout, int64_t length) {
    const FieldLayout* const end = &layout + layout.field_count;
    for (const FieldLayout* field = &layout + 1; field < end; field += field->field_count) {
      STROM_RETURN_IF_ERROR(LoadField(*field, length, length));
    }
    return Status::Ok();
  }

  static Status CheckSize(std::string_view what, BytesView buffer, size_t needed) {
    if (buffer.size() >= needed) return Status::Ok();
    return Corrupt("{} of {} bytes, needs {}", what, buffer.size(), needed);
  }

  static Status CheckNulls(const ColumnView& view) {
    const int64_t length = view.length();
    const int64_t nulls = view.null_count();
    if (nulls < 0 || nulls > length) return Corrupt("{} nulls in {} slots", nulls, length);
    // As in Java, the bitmap is not looked at if the count says it all; then it may be missing.
    if (view.validity_.empty() && (nulls == 0 || nulls == length)) return Status::Ok();
    STROM_RETURN_IF_ERROR(CheckSize("validity", view.validity_, BitmapSize(length)));
    if (nulls == 0 || nulls == length) return Status::Ok();
    const int64_t valid = CountBits(view.validity_, length);
    if (valid == length - nulls) return Status::Ok();
    return Corrupt("{} nulls in {} slots, {} of them valid", nulls, length, valid);
  }

  // Checks that every slot's range ascends and ends at `end_max` or before. Returns the last end.
  static Result<int64_t> CheckOffsets(const ColumnView& view, int64_t end_max) {
    const int64_t length = view.length();
    if (length == 0) return int64_t{0};  // Writers leave out the only offset, or do not.
    STROM_RETURN_IF_ERROR(CheckSize("offsets", view.offsets_, (length + 1) * sizeof(int32_t)));
    int32_t before = 0;
    for (int64_t i = 0; i <= length; ++i) {
      const auto offset = LoadLittle<int32_t>(&view.offsets_[i * sizeof(int32_t)]);
      if (offset < before) return Corrupt("offset {} is {}, before it {}", i, offset, before);
      before = offset;
    }
    if (before > end_max) return Corrupt("offsets end at {} of {}", before, end_max);
    return int64_t{before};
  }

  static Status CheckTimes(const ColumnView& view) {
    const DataType& type = view.type();
    const bool seconds =
        (type.kind() == TypeKind::kTimestamp || type.kind() == TypeKind::kTimestampLtz) &&
        UnitOf(type.precision()) == TimeUnit::kSecond;
    for (int64_t i = 0; seconds && i < view.length(); ++i) {
      const auto count = view.Number<int64_t>(i);
      if (TimestampFromUnit(count, TimeUnit::kSecond) || view.IsNull(i)) continue;
      return Corrupt("{} seconds in slot {} are out of the range of {}", count, i, type.ToString());
    }
    return Status::Ok();
  }

  const SchemaLayout& layout_;
  const RecordBatchMessage& message_;
  const std::vector<BytesView>& buffers_;
  const ReadLimits& limits_;
  std::vector<ColumnView> fields_;
};

Result<RecordBatchReader> RecordBatchReader::Open(BytesView message, SchemaLayout layout,
                                                  const ReadLimits& limits) {
  STROM_ASSIGN_OR_RETURN(const RecordBatchMessage parsed, RecordBatchMessage::Parse(message));
  STROM_RETURN_IF_ERROR(parsed.CheckFits(layout));
  RecordBatchReader reader(std::move(layout));
  reader.row_count_ = parsed.row_count();
  STROM_ASSIGN_OR_RETURN(const std::vector<BytesView> buffers,
                         LoadBuffers(parsed, limits, reader.decompressed_));
  STROM_ASSIGN_OR_RETURN(reader.fields_,
                         ColumnLoader(reader.layout_, parsed, buffers, limits).Load());
  return reader;
}

Row RecordBatchReader::ReadRow(int64_t row) const {
  STROM_CHECK(row >= 0 && row < row_count_) << "row " << row << " of " << row_count_;
  Row values;
  values.reserve(column_count());
  const ColumnView* column = fields_.data();
  for (size_t i = 0; i < column_count(); ++i) {
    values.push_back(column->At(row));
    column += column->layout().field_count;
  }
  return values;
}

const ColumnView& RecordBatchReader::column(size_t i) const {
  STROM_CHECK(i < column_count()) << "column " << i << " of " << column_count();
  return fields_[layout_.column(i).first_field];
}

}  // namespace strom::arrow
