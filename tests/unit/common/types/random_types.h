#pragma once

#include <random>
#include <string>
#include <vector>

#include "common/types/schema.h"
#include "common/types/value.h"

namespace strom {

// Makes types, values and schemas at random, the same ones for the same seed.
class RandomTypes {
 public:
  explicit RandomTypes(uint64_t seed) : random_(seed) {}

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }

  // Any type, at most `depth` types inside each other.
  DataType Type(int depth);
  // A value that fits `type`.
  Value ValueOf(const DataType& type);
  // A value that does not: of another kind, out of range, or one such value inside.
  Value MisfitOf(const DataType& type);
  // One to ten columns; with a primary key half of the time.
  SchemaSpec Schema();

  std::string Name(int number) { return "c" + std::to_string(number) + std::string(Below(3), '_'); }

 private:
  int64_t Integer(int64_t min, int64_t max) {
    return std::uniform_int_distribution<int64_t>(min, max)(random_);
  }
  Bytes SomeBytes(int max);
  DataType Scalar(TypeKind kind);
  DataType Nested(TypeKind kind, int depth);

  std::mt19937_64 random_;
};

}  // namespace strom
