// Inputs at which something may go wrong, numbers that people choose among them.
#pragma once

#include <cstddef>
#include <vector>

namespace actc::ir {

// How far a number is from one that a person would try first: 0, 1, -1, 2, …
double strangeness(double x);

// At most `limit` points for so many inputs, finite numbers of binary32's range. Of one input some
// 900, in its order, both ends of the range among them.
std::vector<std::vector<double>> trial_points(std::size_t inputs, std::size_t limit);

}  // namespace actc::ir
