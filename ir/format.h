// What kind of value a node holds, and over what it varies.
#pragma once

#include <cstdint>
#include <string_view>

namespace actc::ir {

// `real` is the format of meanings: exact numbers, not yet rounded to anything. Lowered graphs hold
// no `real` nodes.
enum class Format : std::uint8_t { real, boolean, binary32, binary64, int32, int64 };

// Over what a value varies, as a set of axes: `column`, one value a column, varies along a row;
// `row`, one value a row, does not. A node's shape is the union of its arguments', less what it
// reduces.
enum class Shape : std::uint8_t { scalar = 0, column = 1, row = 2, element = 3 };

constexpr Shape join(Shape a, Shape b) {
  return static_cast<Shape>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr Shape common(Shape a, Shape b) {
  return static_cast<Shape>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
constexpr Shape without(Shape a, Shape axes) {
  return static_cast<Shape>(static_cast<unsigned>(a) & ~static_cast<unsigned>(axes));
}
constexpr bool varies_along_row(Shape s) { return common(s, Shape::column) == Shape::column; }

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
