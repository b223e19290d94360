// A result of a kernel held against the oracle: its error in units of the last place, decided with
// as much precision as that takes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tools/oracle.h"

namespace actc::tools {

// A binary floating-point format.
struct NumberFormat {
  std::string_view name;
  int digits;         // of the significand, the hidden one included
  long min_exponent;  // of the smallest normal number, 2^min_exponent
  long max_exponent;  // numbers are below 2^(max_exponent + 1)
};
inline constexpr NumberFormat binary16 = {"f16", 11, -14, 15};
inline constexpr NumberFormat bfloat = {"bf16", 8, -126, 127};
inline constexpr NumberFormat binary32 = {"f32", 24, -126, 127};
inline constexpr NumberFormat binary64 = {"f64", 53, -1022, 1023};

// log2 of the unit of the last place of an exact value of about 2^exponent.
constexpr long unit_exponent(const NumberFormat& f, long exponent) {
  return std::max(exponent, f.min_exponent) - f.digits + 1;
}

enum class Verdict : std::uint8_t {
  measured,   // `ulps` is the error
  mismatch,   // NaN or an infinity where there is a number, or the other way round
  undecided,  // not decided at the largest precision
  no_value,   // the formula has no value and no limit there (0/0, no limit at an infinity)
};

struct Judgement {
  Verdict verdict = Verdict::undecided;
  double ulps = 0;   // |result − exact| / unit; ±2^-10 of it or of 1, whichever is larger
  double exact = 0;  // to nearest; of what is measured or mismatched
};

// The largest precision. Where an interval is still too wide there, the input is undecided.
inline constexpr mpfr_prec_t largest_precision = 20'000;

// One for each thread: it remembers which precision was enough.
class Judge {
 public:
  // gradient: judges the derivative with respect to the input `variable`, else the value.
  Judge(const Oracle& oracle, std::vector<double> parameters, NumberFormat format, bool gradient,
        std::size_t variable = 0);

  // `bounds`: errors near one of them are decided to lie below or above it.
  Judgement judge(std::span<const double> inputs, double result, std::optional<double> bound = {});
  Judgement judge(double input, double result, std::optional<double> bound = {}) {
    return judge(std::span(&input, 1), result, bound);
  }

  // What is judged, to nearest; nothing where it is not decided to about 2^-40.
  std::optional<double> exact(std::span<const double> inputs);
  std::optional<double> exact(double input) { return exact(std::span(&input, 1)); }
  // The condition |x f′/f| of the value, |x f″/f′| of the derivative; 0 where the divisor is 0.
  double condition(std::span<const double> inputs);

  // The limit of what is judged for the one input growing to ±inf. It is decided by values at
  // ±2^(2^k), k = 6 … 12: where the last differences shrink, each to half of the one before or
  // less, down to 2^-100, that is the limit; where they have one sign and none is smaller than the
  // one before and the values have passed 2^6, it is that infinity; otherwise there is none. (So
  // a function that tends to its limit slower than every power, as 1/log(x), is said to have none.)
  std::optional<Interval> limit(bool at_negative_infinity);

 private:
  Judgement judge_there(std::span<const double> inputs, double result, std::optional<double> bound);
  Interval enclosure(std::span<const Interval> inputs);
  // Where the formula itself has no value: the limit from both sides.
  std::optional<Interval> removable(std::span<const double> inputs);
  std::optional<Judgement> decided(const Interval& exact, double result,
                                   std::optional<double> bound) const;
  double error(const Number& exact, double result) const;
  double width_in_units(const Interval& exact) const;

  Evaluator evaluator_;
  NumberFormat format_;
  bool gradient_;
  std::size_t variable_;
  std::size_t input_count_;
  mpfr_prec_t enough_ = 64;
  unsigned successes_ = 0;
  std::optional<Interval> limits_[2];
  bool limits_known_[2] = {};
};

}  // namespace actc::tools
