#include "common/row/compacted_cells.h"

#include <limits>

#include "common/row/scalar.h"
#include "common/types/decimal.h"

namespace strom {
namespace {

// Reads front to back; once something is missing, it fails for good.
class Cursor {
 public:
  explicit Cursor(BytesView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  const char* position() const { return at_; }
  bool done() const { return at_ == end_; }

  // Null if there are not so many bytes.
  const char* Take(size_t size) {
    if (static_cast<size_t>(end_ - at_) < size) return nullptr;
    return std::exchange(at_, at_ + size);
  }

  // At most `bytes_max` bytes, as ByteReader's.
  bool Varint(size_t bytes_max, uint64_t& value) {
    value = 0;
    for (size_t i = 0; i < bytes_max; ++i) {
      if (at_ == end_) return false;
      const auto byte = static_cast<uint8_t>(*at_++);
      if (i == 9 && byte > 1) return false;  // Bits above the 64th.
      value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool Varint32(uint64_t& value) {
    return Varint(5, value) && value <= std::numeric_limits<uint32_t>::max();
  }
  bool Sized(BytesView& bytes) {
    uint64_t size = 0;
    if (!Varint32(size)) return false;
    const char* const at = Take(size);
    if (at == nullptr) return false;
    bytes = BytesView(at, size);
    return true;
  }

 private:
  const char* at_;
  const char* const end_;
};

__int128 SignedFixed(const char* at, size_t width) {
  switch (width) {
    case 1:
      return LoadLittle<int8_t>(at);
    case 2:
      return LoadLittle<int16_t>(at);
    default:
      STROM_UNREACHABLE() << ": a number of " << width << " bytes";
  }
}

__int128 Bits(const char* at, size_t width) {
  return width == 4 ? __int128{LoadLittle<uint32_t>(at)} : __int128{LoadLittle<uint64_t>(at)};
}

bool WithinLimit(__int128 number, __int128 limit) {
  return limit == 0 || (number < limit && number > -limit);
}

}  // namespace

std::optional<CompactedCells> CompactedCells::Make(std::span<const DataType> types) {
  using Form = Column::Form;
  std::vector<Column> columns;
  for (const DataType& type : types) {
    if (!HasCells(type)) return std::nullopt;
    Column column{.form = Form::kFixed,
                  .is_signed_fixed = true,
                  .nullable = type.nullable(),
                  .width = internal::FixedWidthOf(type),
                  .decimal_limit = 0};
    switch (type.kind()) {
      case TypeKind::kBoolean:
        column.form = Form::kBoolean;
        break;
      case TypeKind::kInt:
      case TypeKind::kDate:
        column.form = Form::kVarint32;
        break;
      case TypeKind::kBigInt:
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampLtz:
        column.form = Form::kVarint64;
        break;
      case TypeKind::kDecimal:
        column.form = type.IsCompact() ? Form::kVarint64 : Form::kDecimal;
        column.decimal_limit = PowerOfTen(type.precision());
        break;
      case TypeKind::kString:
      case TypeKind::kBytes:
        column.form = Form::kSized;
        break;
      case TypeKind::kFloat:
      case TypeKind::kDouble:
        column.is_signed_fixed = false;
        break;
      default:
        break;  // TINYINT, SMALLINT.
    }
    columns.push_back(column);
  }
  return CompactedCells(std::move(columns));
}

bool CompactedCells::Read(BytesView row, View& view) const {
  using Form = Column::Form;
  view.cells.resize(columns_.size());
  view.encoded.resize(columns_.size());
  Cursor in(row);
  const char* const nulls = in.Take(internal::NullBytes(columns_.size()));
  if (nulls == nullptr) return false;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    Cell& cell = view.cells[i];
    cell.null = internal::TestBit(nulls, i);
    if (cell.null) {
      if (!column.nullable) return false;
      view.encoded[i] = BytesView();
      continue;
    }
    const char* const start = in.position();
    uint64_t number = 0;
    switch (column.form) {
      case Form::kVarint64:
        if (!in.Varint(10, number)) return false;
        cell.number = static_cast<int64_t>(number);
        if (!WithinLimit(cell.number, column.decimal_limit)) return false;
        break;
      case Form::kVarint32:
        if (!in.Varint32(number)) return false;
        cell.number = static_cast<int32_t>(number);
        break;
      case Form::kSized:
        if (!in.Sized(cell.bytes)) return false;
        break;
      case Form::kBoolean: {
        const char* const at = in.Take(1);
        if (at == nullptr || static_cast<uint8_t>(*at) > 1) return false;
        cell.number = *at;
        break;
      }
      case Form::kFixed: {
        const char* const at = in.Take(column.width);
        if (at == nullptr) return false;
        cell.number =
            column.is_signed_fixed ? SignedFixed(at, column.width) : Bits(at, column.width);
        break;
      }
      case Form::kDecimal: {
        BytesView bytes;
        if (!in.Sized(bytes)) return false;
        const Result<__int128> unscaled = internal::FromBigEndian(bytes);
        if (!unscaled.ok() || !WithinLimit(*unscaled, column.decimal_limit)) return false;
        cell.number = *unscaled;
        break;
      }
    }
    view.encoded[i] = BytesView(start, static_cast<size_t>(in.position() - start));
  }
  return in.done();
}

}  // namespace strom
