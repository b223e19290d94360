// Which part of a function is worth looking at, and where the axes have their numbers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tools/plot/sampling.h"

namespace actc::tools::plot {

// Values of x that show all breaks, turning points and bends of the functions near 0, at least
// −4 to 4, and at most what lies within 12 of 0; breaks further out are shown where they are
// among the first four.
Range interesting_x(std::span<const Real> functions, std::span<const double> breaks);

// Values of y for the functions over x, 0 among them: all of a curve that is bounded or turns; a
// part of one that runs away.
Range interesting_y(std::span<const Real> functions, const Range& x);

// One of the ranges is widened about its middle, so that one unit has as many pixels on both.
void make_equal(Range& x, Range& y, double pixels_across, double pixels_up);

// 1, 2 or 5 times a power of ten apart, at most `at_most` of them; in the range, ascending.
struct Ticks {
  double step = 1;
  std::vector<double> at;
};
Ticks ticks(const Range& range, int at_most);

// A tick's number as it is printed: as many decimals as the step has; a proper minus sign, or '-'
// in `ascii`. 2e6 where it would be long otherwise.
std::string tick_label(double value, double step, bool ascii = false);

}  // namespace actc::tools::plot
