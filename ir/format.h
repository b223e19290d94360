// What kind of value a node holds, and over what it varies.
#pragma once

#include <cstdint>
#include <string_view>

namespace actc::ir {

// `real` is the format of meanings: exact numbers, not yet rounded to anything. Lowered graphs hold
// no `real` nodes.
enum class Format : std::uint8_t { real, boolean, binary32, binary64, int32, int64 };

// Over what a value varies. A node's shape is the widest of its arguments'.
enum class Shape : std::uint8_t { scalar, column, row, element };

std::string_view name(Format format);

constexpr bool is_float(Format f) { return f == Format::binary32 || f == Format::binary64; }
constexpr bool is_integer(Format f) { return f == Format::int32 || f == Format::int64; }

// The integer format of the same width as a float, and back.
constexpr Format integer_of(Format f) {
  return f == Format::binary32 ? Format::int32 : Format::int64;
}
constexpr Format float_of(Format f) {
  return f == Format::int32 ? Format::binary32 : Format::binary64;
}

}  // namespace actc::ir
