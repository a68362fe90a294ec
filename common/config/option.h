#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace strom::config {

// How an option's text is read and which C++ type its value has.
enum class OptionType {
  kBool,      // bool: true, false
  kInt,       // int64_t
  kDouble,    // double
  kString,    // std::string
  kDuration,  // int64_t, milliseconds: "10 s" (common/base/units.h)
  kMemory,    // int64_t, bytes: "64mb"
};

// One row of the option table: everything the manual prints about an option. An empty default text
// means "not set".
struct OptionInfo {
  std::string_view key;
  OptionType type;
  std::string_view default_text;
  std::string_view doc;
};

// An option with the type of its value: Get(kSegmentSize) returns an int64_t.
template <class T>
struct Option {
  OptionInfo info;
};

using BoolOption = Option<bool>;
using IntOption = Option<int64_t>;
using DoubleOption = Option<double>;
using StringOption = Option<std::string>;

// Every option Strom acts on, in the order of the manual. Keys that Fluss has carry Fluss's names
// and units; keys of our own begin with "strom.".
std::span<const OptionInfo* const> AllOptions();

// Keys that Apache Fluss knows and Strom does not act on: accepted with a warning, so that a
// server.yaml written for Fluss starts.
std::span<const std::string_view> IgnoredFlussKeys();

std::string_view OptionTypeName(OptionType type);

}  // namespace strom::config
