// Where a function of one input jumps or has a kink, and where its slope is exactly 0.
#pragma once

#include <span>
#include <vector>

#include "tools/card/pieces.h"

namespace actc::tools {

// One-sided limits at `at`, and what the function is there; a pole's are ±inf, NaN where there is
// no value on that side (or at the point). `slope` is the gradient that backward passes use there.
struct Break {
  double at = 0;
  double left = 0, value = 0, right = 0;
  double left_slope = 0, slope = 0, right_slope = 0;
  bool proved = false;  // equal and different sides are told apart by exact arithmetic

  bool is_jump() const;  // a side differs from the other or from the value: NaN from numbers too
  bool is_kink() const;  // no jump, but the slopes differ
};

// In order. Empty for what has several inputs, is over rows or random; conditions that do not
// compare affine functions of the input are not seen.
std::vector<Break> breaks_of(const Oracle& oracle, std::span<const double> parameters);
std::vector<Break> breaks_of(const Pieces& pieces);

// An interval, whose ends may be infinite.
struct Zone {
  double low = 0, high = 0;
};

// Where the slope is exactly 0: intervals between breaks; the function is constant there (where the
// slope is not a surrogate).
std::vector<Zone> dead_zones_of(const Oracle& oracle, std::span<const double> parameters);
std::vector<Zone> dead_zones_of(const Pieces& pieces);

// The limit of a graph at x from one side: ±inf at a pole, NaN where there is none.
struct Limit {
  double value = 0;
  Interval enclosure;                // of the value there, where it is `exact`
  bool exact = false;                // by continuity; else taken from points close by
  std::optional<Rational> rational;  // where it is made by the four operations alone
};
enum class Side { left, right };
Limit one_sided_limit(const ir::Graph& graph, const Rational& x, Side side);
// Of a graph that holds exactly there (formulas_at); ±inf where it is a pole of one sign.
Limit value_at(const ir::Graph& graph, const Rational& x);
// Does a double tell them apart? NaN is like NaN alone.
bool differ(double a, double b);

}  // namespace actc::tools
