#include "common/row/aligned_row.h"

#include "common/base/byte_reader.h"
#include "common/row/scalar.h"
#include "common/row/slots.h"

namespace strom {
namespace {

using internal::SetBit;
using internal::TestBit;

constexpr std::string_view kWhat = "aligned row";
constexpr size_t kHeaderBits = 8;
constexpr size_t kSlotBytes = 8;

// Slots never look at it, since nested types are refused.
constexpr internal::Nesting kNoNesting{RowFormat::kCompacted};

constexpr size_t NullAreaSize(size_t columns) { return (columns + 63 + kHeaderBits) / 64 * 8; }

Status InColumn(const Status& status, size_t column) {
  return status.WithContext(fmt::format("{}, column {}", kWhat, column));
}

Status RefuseNested(size_t column, const DataType& type) {
  if (!type.IsNested()) return Status::Ok();
  return InColumn(Error(ErrorCode::kCorruptRecord, "{} is nested", type.ToString()), column);
}

}  // namespace

AlignedRowWriter::AlignedRowWriter(Bytes& out, size_t columns)
    : out_(out), start_(out.size()), slots_(start_ + NullAreaSize(columns)) {
  out_.append(NullAreaSize(columns) + columns * kSlotBytes, '\0');
  for (size_t i = 0; i < columns; ++i) SetBit(out_.data() + start_, kHeaderBits + i);
}

Status AlignedRowWriter::Set(size_t column, const Value& value, const DataType& type) {
  STROM_RETURN_IF_ERROR(RefuseNested(column, type));
  if (value.is_null()) return Status::Ok();
  const size_t bit = kHeaderBits + column;
  char& nulls = out_[start_ + bit / 8];
  nulls = static_cast<char>(nulls & ~(1 << (bit % 8)));
  Status status =
      internal::StoreSlot(out_, start_, slots_ + column * kSlotBytes, value, type, kNoNesting);
  return status.ok() ? status : InColumn(status, column);
}

Status AppendAlignedRow(Bytes& out, const Row& row, std::span<const DataType> types) {
  if (row.size() != types.size()) {
    return Error(ErrorCode::kCorruptRecord, "{}: {} values for {} columns", kWhat, row.size(),
                 types.size());
  }
  const size_t before = out.size();
  AlignedRowWriter writer(out, types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    if (Status s = writer.Set(i, row[i], types[i]); !s.ok()) {
      out.resize(before);
      return s;
    }
  }
  return Status::Ok();
}

Result<Bytes> EncodeAlignedRow(const Row& row, std::span<const DataType> types) {
  Bytes out;
  STROM_RETURN_IF_ERROR(AppendAlignedRow(out, row, types));
  return out;
}

Result<Row> DecodeAlignedRow(BytesView bytes, std::span<const DataType> types) {
  ByteReader in(bytes, kWhat);
  const size_t slots = NullAreaSize(types.size());
  STROM_RETURN_IF_ERROR(in.Skip(slots + types.size() * kSlotBytes));
  Row row(types.size());
  internal::SlotReader reader(bytes, kNoNesting);
  for (size_t i = 0; i < types.size(); ++i) {
    STROM_RETURN_IF_ERROR(RefuseNested(i, types[i]));
    if (TestBit(bytes.data(), kHeaderBits + i)) continue;
    if (Status s = reader.Load(slots + i * kSlotBytes, types[i], row[i]); !s.ok()) {
      return InColumn(s, i);
    }
  }
  return row;
}

}  // namespace strom
