#pragma once

#include <random>
#include <vector>

#include "common/types/value.h"

namespace strom::testing {

// Makes types, values and rows from a seed; the same seed gives the same ones on every machine.
//
// Values survive every format of the project, so that what is read back can be compared with ==:
// they are valid for their type, NaN is canonical, CHAR and BINARY do not end in zeros, text is
// UTF-8, times have no digits beyond their precision and timestamps fit 64 bits as nanoseconds.
// Edge values (0, -1, the smallest, the largest, empty, 7 and 8 bytes) come up often.
class RandomRows {
 public:
  struct Options {
    int depth_max = 3;         // Levels of nested types; 0: none.
    int columns_max = 8;       // Of RandomTypes, at least one.
    int nested_count_max = 5;  // Elements of arrays and maps, fields of rows.
    int bytes_max = 40;        // Of strings and byte strings.
    int not_null_percent = 30;
    int null_percent = 20;  // Of values of nullable types.
  };

  explicit RandomRows(uint64_t seed) : RandomRows(seed, Options()) {}
  RandomRows(uint64_t seed, Options options) : options_(options), engine_(seed) {}

  // Uniform in [0, bound); bound > 0.
  uint64_t Uniform(uint64_t bound) { return engine_() % bound; }
  bool Percent(int percent) { return Uniform(100) < static_cast<uint64_t>(percent); }

  DataType RandomType() { return TypeAtDepth(options_.depth_max); }
  DataType RandomScalarType() { return TypeAtDepth(0); }
  std::vector<DataType> RandomTypes();

  // NULL now and then, if the type is nullable.
  Value RandomValue(const DataType& type);
  Value RandomNotNull(const DataType& type);
  Row RandomRow(const std::vector<DataType>& types);

 private:
  DataType TypeAtDepth(int depth);
  DataType KindAtDepth(TypeKind kind, int depth);
  int64_t Integer(int64_t min, int64_t max);
  Bytes Text(size_t bytes_max);
  Bytes Binary(size_t bytes_max);
  Value RandomTimestamp(const DataType& type);
  Value RandomDecimal(const DataType& type);
  template <class Float>
  Float Floating();
  size_t Size(size_t bytes_max);
  size_t Count() { return Uniform(static_cast<uint64_t>(options_.nested_count_max) + 1); }

  const Options options_;
  std::mt19937_64 engine_;
};

}  // namespace strom::testing
