// Where a formula still loses its digits in binary32, and which part of it does.
//
// The formula is computed in binary32 as compiled code would, and in binary64 beside it. That the
// latter can be trusted is measured, not assumed: it is computed again with each rounding enlarged
// to 2^-47 at random (discrete stochastic arithmetic; Vignes, "A stochastic arithmetic for reliable
// scientific computation", 1993); where that moves it by as much as binary32's allowance, binary32,
// whose roundings are 2^23 times larger, has nothing left. A derivation of its own is not needed.
//
// Allowed is what no formula can avoid: 16 ULP, half a ULP more an operation, what moving the input
// by its own last place moves the result by, and, near a zero of the result, what rounding the
// values around it gives. What is beyond is the formula's fault.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ir/function.h"

namespace actc::ir {

enum class Loss : std::uint8_t {
  cancellation,   // a sum or a difference of rounded terms
  amplification,  // a function whose argument's rounding counts, as log near 1
  overflow,       // an intermediate value beyond binary32, where the result is not
  underflow,      // or below it
};

struct Cancellation {
  struct Bounds {
    double low = 0;
    double high = 0;
  };
  using Region = std::vector<Bounds>;  // one an input

  std::size_t output = 0;  // of the graph: 0 the value, then the gradients
  Loss loss = Loss::cancellation;
  Graph expression;           // the part at fault, its one output
  std::vector<Region> where;  // three digits, rounded outward; ±inf: to the end
  double digits = 0;          // of the result's 7, the most that are lost
};

// The worst first, at most one for each part of the formula. `graph`: the value and the gradients
// as `with_gradients` gives them and rules made them, the seed its input at `input_count`;
// parameters in the order of their positions, as binary32 has them.
std::vector<Cancellation> find_cancellations(const Graph& graph, const Library& library,
                                             std::size_t input_count,
                                             std::span<const double> parameters);

}  // namespace actc::ir
