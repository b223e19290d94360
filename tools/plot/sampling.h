// From a function of one number to the polylines that look like it.
#pragma once

#include <functional>
#include <span>

#include "tools/plot/scene.h"

namespace actc::tools::plot {

// A value, or what is not finite where there is none.
using Real = std::function<double(double)>;

// A place where a curve has no tangent: a kink (left = value = right) is a vertex there, a jump
// ends the piece, with a closed dot at the value and open ones at the limits that it is not.
// Limits that are not finite are poles: the curve leaves the picture, and there is no dot.
struct CurveBreak {
  double at = 0;
  double left = 0, value = 0, right = 0;
};

// What the picture resolves.
struct Frame {
  Range x, y;
  double pixels_across = 800, pixels_up = 500;
  // Calls of f for a 96th of the width, about: what swings faster than they tell is drawn as
  // chords.
  int most_calls = 400;
};

struct Sampled {
  std::vector<Piece> pieces;
  std::vector<Dot> dots;
  std::vector<double> poles;  // where it leaves the picture through the top or the bottom at once
};

// The pieces of f over frame.x, cut at frame.y: chords stay within a quarter of a pixel of the
// curve, as far as it is followed (12 halvings of a 96th of the width). Breaks are in ascending
// order; those outside the frame are ignored. A jump or a pole that no break tells of is found by
// halving, too: no line is drawn across what is still apart at the smallest step, 1e-7 of the
// width, and its ends have dots where f has a value at a number of few digits there, which is then
// what was meant. A few thousand calls of f at the most, for each thing of that kind 40.
Sampled sample(const Real& f, std::span<const CurveBreak> breaks, const Frame& frame);

// The pieces of a polyline that lie in the frame.
std::vector<Piece> clipped(const Piece& piece, const Range& x, const Range& y);

}  // namespace actc::tools::plot
