// The mathematical functions beside the fastest hand-written vector functions of their accuracy.
#pragma once

#include <ostream>

#include "bench/contenders.h"

namespace bench {

// Nanoseconds an element at 32,768 elements, measured in turns, as a Markdown table: actc for this
// processor and held to AVX2, and SLEEF's functions of 1 ULP for the same instruction sets, where
// they were installed when this was built.
void print_math_speeds(std::ostream& out, int rounds, ActcKernels& actc);

}  // namespace bench
