#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace strom::duck {

// The English texts of Java's date patterns; short forms are the first three letters.
inline constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::array<std::string_view, 7> kWeekdays = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
inline constexpr std::array<std::string_view, 4> kQuarters = {"1st quarter", "2nd quarter",
                                                              "3rd quarter", "4th quarter"};

// 0: Sunday .. 6: Saturday, of the day `days` after 1970-01-01, a Thursday.
inline int64_t SundayBasedWeekday(int64_t days) { return ((days + 4) % 7 + 7) % 7; }

}  // namespace strom::duck
