#pragma once

#include <string>

namespace strom {

// The number as Java's Float.toString and Double.toString (of JDK 19 and later) print it: the
// fewest digits that read back as the same number, at least one after the point, with an exponent
// outside [1e-3, 1e7): "5.73", "-1.0E10", "4.9E-324", "NaN", "-Infinity", "-0.0".
std::string JavaToString(float value);
std::string JavaToString(double value);

}  // namespace strom
