// The card of an activation: what is good to know of it before using it. docs/properties.md says
// what each property means, how it is computed and where it comes from.
//
// The shape is that of the meaning, the formula over the real numbers; what binary32 makes of it
// stands beside it. Infinite ends are ±inf, what has no value is NaN.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tools/card/breaks.h"
#include "tools/card/limits.h"

namespace actc::tools {

// proved: by interval arithmetic rounded outward, for all |x| < 2^1024. sampled: by looking.
enum class Certainty : std::uint8_t { sampled, proved };

// A number that is known up to an error; `low` ≤ it ≤ `high` where it is proved.
struct Known {
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  Certainty certainty = Certainty::sampled;
};

// One end of a range. `at` are the places where it is attained, at most eight, or, where it is not,
// the places (±inf, a break) where it is approached.
struct End {
  Known value;
  bool attained = false;
  std::vector<double> at;
  bool on_an_interval = false;  // attained on one at least: relu's 0
};

struct Extent {
  End low, high;
  Certainty certainty = Certainty::sampled;
};

// What one property says of parts of the line; `certainty` is of all ends of all zones.
struct Zones {
  std::vector<Zone> zones;
  double share = 0;  // of inputs drawn from N(0, 1)
  Certainty certainty = Certainty::sampled;
};

enum class Symmetry : std::uint8_t { neither, odd, even, point };
enum class Monotone : std::uint8_t {
  neither,
  constant,
  increasing,      // strictly
  decreasing,      // strictly
  non_decreasing,  // constant on an interval
  non_increasing,
};

// A place where the function turns.
struct Turn {
  Known at, value;
  bool is_minimum = false;
};

// A fixed point of the map that takes mean and variance of a layer's outputs to those of the next
// (Klambauer et al., 2017): weights of mean 0 whose squares sum to 1, inputs normal.
struct FixedPoint {
  double mean = 0, variance = 0;
  double rate = 0;  // what one layer makes of a small distance from it
  bool attracts() const { return rate < 1 && rate > -1; }
};

// Variances after some layers without biases, of a signal that begins with variance 1 (Poole et
// al., 2016; Schoenholz et al., 2017). `weights`: the variance of the weights times the fan-in.
struct Depth {
  int layers = 0;
  double weights = 1;
  double signal = 0;    // the mean square of what goes into the last layer's weights
  double gradient = 0;  // of the gradient at the first layer, where that at the last is 1
};

struct Shape {
  Extent range;
  std::vector<Known> zeros;  // those that are isolated, at most 32
  bool all_zeros = false;    // there are no others, but for `zero_zones`
  std::vector<Zone> zero_zones;
  Known at_zero, slope_at_zero;

  Symmetry symmetry = Symmetry::neither;  // point: odd about (0, f(0))
  Certainty symmetry_certainty = Certainty::sampled;

  // How often it is continuously differentiable: −1 where it jumps, nothing where always.
  std::optional<int> differentiable;
  Certainty differentiable_certainty = Certainty::sampled;
  std::vector<Break> breaks;

  Monotone monotone = Monotone::neither;
  Certainty monotone_certainty = Certainty::sampled;
  std::vector<Turn> turns;  // at most 32

  Zones convex, concave;  // `share` too; straight pieces are in both

  Extent slope;
  double lipschitz = 0;    // the largest |slope|; inf where there is none, or a jump
  bool surrogate = false;  // slopes are those of a gradient that the text writes itself

  Zones saturated;  // |slope| < 1e-3
  Zones dead;       // slope = 0 on an interval

  std::vector<Asymptote> asymptotes;

  // Of the output for inputs from N(0, 1); NaN or inf where there is none.
  double mean = 0, variance = 0, mean_square = 0;
  bool zero_centred = false;
  double gain = 0;                     // 1/√mean_square: keeps a signal's variance
  std::optional<double> pytorch_gain;  // what torch.nn.init.calculate_gain says, where it knows it
  std::vector<FixedPoint> fixed_points;
  bool fixed_everywhere = false;  // each variance is one: the identity
  std::vector<Depth> depths;      // 10 and 50 layers, with weights 1 and gain²
};

// What the compiled kernel of binary32 makes of it.
struct Binary32 {
  double low = 0, high = 0;  // finite inputs
  double low_at = 0, high_at = 0;
  std::uint64_t inputs = 0;      // looked at
  bool swept = false;            // all of them: then the rest is known
  std::string date;              // of the sweep
  std::uint64_t asymmetric = 0;  // x whose value is not that of −x as the symmetry says
  std::uint64_t against = 0;     // steps against the direction, where it is monotone
  double largest_slope = 0, largest_slope_at = 0;
  double smallest_slope = 0, smallest_slope_at = 0;
  double dead_share = 0;  // of N(0, 1): slope exactly 0
};

// The largest error that `actc verify` found, in ULP; over all inputs.
struct KnownError {
  std::string dtype, what;  // "f32", "forward" or "gradient"
  double ulps = 0;
  std::uint64_t inputs = 0;
  std::string date;
};

struct Cost {
  std::size_t elements = 0;  // of the arrays timed; binary32
  // Nanoseconds an element on one thread; 0 where it was not timed.
  double forward = 0, backward = 0;
  double relu_forward = 0, relu_backward = 0;
  std::vector<KnownError> errors;
  // What a forward pass must keep for the backward pass, the least first: "nothing", "mask", "y" or
  // "x", and its bytes an element of binary32.
  std::vector<std::string> saved;
  double saved_bytes = 0;
};

struct Card {
  std::string label;
  std::optional<Shape> shape;
  std::string no_shape;  // why there is none
  std::optional<Binary32> binary32;
  Cost cost;
  double seconds = 0;              // that the proofs took
  std::vector<std::string> notes;  // what was not decided, in words
};

}  // namespace actc::tools
