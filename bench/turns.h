// Measuring in turns.
#pragma once

#include <functional>
#include <vector>

namespace bench {

// What this process, all of its threads, has had of the processor.
double nanoseconds_used();

// Nanoseconds of a call, so measured: for each contender, a vector over the rounds. A round calls
// each contender once, in an order of its own, for as long as a clock needs, so that a ratio
// compares what ran under the same conditions.
std::vector<std::vector<double>> in_turns(const std::vector<std::function<void()>>& contenders,
                                          int rounds);

double minimum(const std::vector<double>& v);
// The element below which `part` of them lie, 0 <= part < 1.
double quantile(std::vector<double> v, double part);
double median(const std::vector<double>& v);

}  // namespace bench
