// What `actc verify` finds of one direction of one definition in one number format.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/actc.h"
#include "tools/npy.h"
#include "tools/oracle_judge.h"

namespace actc::tools {

// What the largest error may be, in ULP. With `limits_of_sense`: where κ > 8, κ/2 may be added, and
// within 0.25 of a zero crossing x0 ≠ 0 the bound counts 2^-digits of the largest magnitude within
// 1 of x0.
struct Contract {
  double bound = 0;
  bool limits_of_sense = false;
};

struct VerifyRequest {
  Function function;
  std::string label;  // the name, or the formula
  std::string text;   // what the function was compiled from; empty: it is a built-in
  ElementType dtype = ElementType::f32;
  bool gradient = false;
  std::size_t variable = 0;  // of the gradient: the position of an input
  Parameters parameters;
  KernelOptions kernel;  // forward or backward is set by `verify`
  std::optional<Contract> contract;
  std::uint64_t stride = 1;             // every so-maniest input; a prime
  std::size_t points_in_binade = 1000;  // that MPFR judges, in each binade of each sign
  unsigned threads = 0;                 // 0: one for each processor
  std::string against;                  // a .npy file whose results are judged; empty: the kernel's
  bool progress = false;
};

// An input and what came of it.
struct Finding {
  std::array<double, 2> at{};
  double result = 0;
  double exact = 0;
  double ulps = -1;        // below 0: none was found
  double condition = 0;    // κ
  double excess = -1e300;  // of the error over what the contract allows there
  bool found() const { return ulps >= 0; }
};

struct Count {
  std::uint64_t count = 0;
  std::array<double, 2> first{};  // the one with the first representation
  void add(double at, double other = 0) {
    if (count++ == 0 || is_before(at, first[0])) first = {at, other};
  }
  // Positive numbers come first, each sign by magnitude.
  static bool is_before(double a, double b) {
    return std::signbit(a) == std::signbit(b) ? std::abs(a) < std::abs(b) : std::signbit(b);
  }
};

// A zero x0 ≠ 0 where what is verified changes its sign, and the largest magnitude within 1 of it.
struct Crossing {
  double at;
  double magnitude;
};

struct BinadeError {
  bool negative;
  int exponent;  // 2^exponent ≤ |x| < 2^(exponent + 1)
  double ulps;
};

struct VerifyReport {
  std::uint64_t inputs = 0;      // that the kernel was run on and the screen or MPFR judged
  std::uint64_t by_mpfr = 0;     // that MPFR judged
  std::uint64_t unscreened = 0;  // where the screen was of no use; their samples are in by_mpfr
  Finding plain;                 // κ ≤ 8, not near a zero crossing
  Finding tail;                  // κ > 8
  Finding tail_excess;           // there: the largest ulps − κ/2
  Finding near_zero;             // `ulps` in units of 2^-digits of the magnitude nearby
  std::vector<Crossing> crossings;
  Count mismatches;  // NaN or an infinity where there is a number, or the other way round
  Count nan_lost;    // NaN inputs whose result is a number
  Count zero_signs;  // −0 that should give −0
  Count undecided;
  Count no_value;
  Count over;                    // inputs whose error passes the contract
  Count monotonicity;            // neighbours whose results step against the formula
  Count range;                   // results beyond the formula's limits
  double screen_ulps = 0;        // the largest error of the screen where it was of use
  double largest_condition = 0;  // of the findings
  std::vector<BinadeError> binades;
  std::string screen;  // what it was
  double seconds = 0;

  // The largest error with the limits of sense taken off: what the contract's bound is held to.
  double largest() const { return std::max({plain.ulps, tail_excess.excess, near_zero.ulps, 0.0}); }
};

// More inputs than these do not go into one file.
inline constexpr std::uint64_t most_given = std::uint64_t{1} << 28;

// The inputs that `verify` looks at, in the order of their representations as unsigned integers:
// those whose magnitude's representation is a multiple of the stride (NaNs too), and those that
// MPFR judges in any case. They are the same for value and gradient. A file to be judged holds a
// result for each.
NpyArray inputs_of(const VerifyRequest& request);

// Runs every input (or every `stride`-th, or samples) through the compiled kernel and holds the
// results against the oracle. Errors in the request are actc::Error or ToolError.
VerifyReport verify(const VerifyRequest& request);

// Do the findings keep the contract: nothing over, no mismatch, no NaN lost, no sign of zero?
bool keeps(const VerifyReport& report);

// The contract of a built-in; a user's definition has none, nor has an activation or a gradient in
// binary64. Mathematical functions are those that stdlib/math.act defines. A bound that a
// function's documentation states ("at most 4 ULP in binary32") goes before the common one.
std::optional<Contract> contract_of(const VerifyRequest& request);

}  // namespace actc::tools
