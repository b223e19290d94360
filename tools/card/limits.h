// What a piece of a formula does where its input grows without end: expansions with remainders.
//
// For all |x| from `from` to 2^1024, which is beyond every number of binary64, a value is enclosed
// by a short sum of terms C t^p (log t)^l exp(e1 t + e2 t² + e3 t³), t = |x|, each C an interval.
// So the sign of a tail is proved where natural interval arithmetic over [a, ∞] sees 0 · ∞: x
// sigmoid(x) is below 0 for all x < −a. The terms are those of a transseries (van der Hoeven,
// Transseries and Real Differential Algebra, 2006), cut off with a bound on the rest.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "tools/card/breaks.h"

namespace actc::tools {

using Clock = std::chrono::steady_clock;

// Beyond `from` in one direction.
struct Tail {
  Side side = Side::right;
  double from = 0;           // |x| from here on
  int sign = 0;              // of all values there: −1, 0 (it is 0), 1; weak, that is ≥ 0
  bool strict = false;       // none of them is 0
  double low = 0, high = 0;  // bounds of the values, rounded outward
  double limit = 0;          // at ±inf; NaN where there is none or it is not known
};
// Nothing where the expansion does not tell the sign, or not before the deadline. `side` is a
// direction here: left is −inf.
std::optional<Tail> tail_of(const ir::Graph& graph, Side side, double from,
                            Clock::time_point deadline = Clock::time_point::max());

// y = slope · x + offset, which the function comes near as x grows in one direction.
struct Asymptote {
  Side side = Side::right;
  double slope = 0, offset = 0;
  bool proved = false;
  bool is_horizontal() const { return slope == 0; }
};

// Those there are, left first. gelu: y = 0 and y = x. Lines that the function lies on (relu) too.
std::vector<Asymptote> asymptotes_of(const Oracle& oracle, std::span<const double> parameters);
std::vector<Asymptote> asymptotes_of(const Pieces& pieces);

}  // namespace actc::tools
