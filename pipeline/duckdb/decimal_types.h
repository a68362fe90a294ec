#pragma once

#include "common/types/data_type.h"

namespace strom::duck {

// The DECIMAL that stands for a number in decimal arithmetic: TINYINT (3, 0), SMALLINT (5, 0), INT
// (10, 0), BIGINT (19, 0); a DECIMAL is itself. Other types must not be asked for.
DataType AsDecimal(const DataType& type);

// Result types of Flink's decimal arithmetic, at most 38 digits; a result that would have more
// loses digits after the point, down to 6. Same as Flink: LogicalTypeMerging.java.
DataType AdditionType(const DataType& a, const DataType& b);  // And of subtraction.
DataType MultiplicationType(const DataType& a, const DataType& b);
DataType DivisionType(const DataType& a, const DataType& b);
DataType ModuloType(const DataType& a, const DataType& b);
// Of ROUND(a, digits).
DataType RoundType(const DataType& a, int digits);

// Of aggregates: DECIMAL(38, s) and DECIMAL(38, max(6, s)); other types stay as they are.
DataType SumType(const DataType& type);
DataType AverageType(const DataType& type);

}  // namespace strom::duck
