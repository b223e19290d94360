// What an activation makes of normal inputs: moments, the gain, and what many layers do.
//
// Expectations over z ~ N(0, 1) are integrals over |z| ≤ 14, cut at the breaks and at some 25 other
// places, by Gauss-Legendre rules of 30 points (Boost.Math): about 1e-12 where the pieces are
// smooth.
#pragma once

#include <functional>
#include <span>

#include "tools/card/card.h"

namespace actc::tools {

// Values of the function, and of its slope, at many places: the compiled kernels of binary64.
struct Evaluated {
  std::function<void(std::span<const double> x, std::span<double> y)> value;
  std::function<void(std::span<const double> x, std::span<double> y)> slope;
};

// Of an interval, for N(0, 1).
double normal_share(const Zone& zone);

// Fills what Shape says of N(0, 1): mean to depths, and the shares of zones. `name` decides what
// PyTorch's convention is; `negative_slope` that of leaky_relu.
void fill_normal(Shape& shape, const Evaluated& evaluated, const std::string& name,
                 double negative_slope);

}  // namespace actc::tools
