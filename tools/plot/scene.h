// A picture as plain values: what is drawn, not how. Units are those of the axes throughout; what
// draws it (svg.h, braille.h) knows pixels and cells.
//
// Every number in a scene is finite, and every point lies inside the axes (sampling.h cuts).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace actc::tools::plot {

struct Range {
  double from = 0, to = 1;  // from < to
  double width() const { return to - from; }
  bool holds(double v) const { return from <= v && v <= to; }
};

struct Point {
  double x = 0, y = 0;
};

using Piece = std::vector<Point>;  // a polyline without a gap; one point alone is drawn as a dot

// Where a curve jumps: closed is the value that is taken, open a limit that is not.
struct Dot {
  Point at;
  bool closed = true;
};

// Told apart without colour, too: which derivative it is by the line, which definition by marks.
enum class Line : std::uint8_t { solid, dashed, dash_dotted };  // f, f′, f″

struct Curve {
  std::vector<Piece> pieces;
  std::vector<Dot> dots;
  Line line = Line::solid;
  std::size_t family = 0;  // of the definition: chooses the marks
  std::size_t colour =
      0;              // from a palette: where there is one definition it tells lines apart, too
  std::string label;  // in the legend
  std::string short_label = {};  // beside the curve's end; may be empty
};

// A line that a curve nears: y = slope · x + offset over `x`, the side where it does; or x = offset
// where it is vertical.
struct Asymptote {
  bool vertical = false;
  double slope = 0;
  double offset = 0;
  Range x = {};            // not of vertical ones
  std::size_t family = 0;  // chooses the colour
};

// Where a gradient is exactly 0.
struct Zone {
  Range x;
  std::size_t family = 0;
};

struct Scene {
  Range x, y;
  bool equal = false;  // one unit is as long on both axes, at the cost of room
  std::string x_label = "x";
  std::string title;
  std::string description;  // in words, for who does not see it
  std::vector<Curve> curves;
  std::vector<Asymptote> asymptotes;
  std::vector<Zone> zones;
  std::size_t families = 1;  // definitions in the picture
};

}  // namespace actc::tools::plot
