// Precision raised until an interval decides.
#include "tools/oracle_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace actc::tools {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Errors are known to this part of themselves, or of a unit.
constexpr double tolerance = 0x1p-10;

constexpr mpfr_prec_t first_precision = 64;

Interval input_interval(double x) { return std::isnan(x) ? Interval::nowhere() : Interval(x); }

}  // namespace

Judge::Judge(const Oracle& oracle, std::vector<double> parameters, NumberFormat format,
             bool gradient, std::size_t variable)
    : evaluator_(oracle, std::move(parameters)),
      format_(format),
      gradient_(gradient),
      variable_(variable),
      input_count_(oracle.function().inputs.size()) {}

Interval Judge::enclosure(std::span<const Interval> inputs) {
  if (!gradient_) return evaluator_.at(inputs, 0).value;
  Jet jet = evaluator_.at(inputs, 1, variable_);
  // Where there is no value, nothing is said of a slope.
  if (jet.value.defined != Defined::everywhere) return Interval::unknown();
  return jet.varies ? std::move(jet.first) : Interval(0);
}

double Judge::error(const Number& exact, double result) const {
  const PrecisionScope scope(64);
  if (std::isinf(result)) {
    // Right from half a unit beyond the largest number.
    const Number limit = subtract(
        scaled(Number(1), format_.max_exponent + 1, Toward::below),
        scaled(Number(1), format_.max_exponent - format_.digits, Toward::below), Toward::below);
    return exact.sign() == (result > 0 ? 1 : -1) && magnitude(exact) >= limit ? 0 : infinity;
  }
  if (std::isnan(result) || exact.is_infinite() || exact.is_huge()) return infinity;
  if (exact.is_tiny() || exact.is_zero()) {
    return std::ldexp(std::abs(result),
                      static_cast<int>(-unit_exponent(format_, format_.min_exponent)));
  }
  const long exponent = static_cast<long>(mpfr_get_exp(exact.get())) - 1;
  Mpfr difference;
  mpfr_sub(difference.get(), exact.get(), Mpfr(result).get(), MPFR_RNDN);
  mpfr_mul_2si(difference.get(), difference.get(), -unit_exponent(format_, exponent), MPFR_RNDN);
  return std::abs(mpfr_get_d(difference.get(), MPFR_RNDN));
}

double Judge::width_in_units(const Interval& exact) const {
  const PrecisionScope scope(64);
  const Number width = subtract(exact.high, exact.low, Toward::above);
  const Number& inner = exact.low.sign() > 0 ? exact.low : exact.high;
  long exponent = format_.min_exponent;
  if (!exact.holds_zero() && !inner.is_tiny()) {
    if (inner.is_huge() || inner.is_infinite()) return exact.is_point() ? 0 : infinity;
    exponent = std::max(exponent, static_cast<long>(mpfr_get_exp(inner.get())) - 1);
  }
  return std::abs(scaled(width, -unit_exponent(format_, exponent), Toward::above).nearest());
}

std::optional<Judgement> Judge::decided(const Interval& exact, double result,
                                        std::optional<double> bound) const {
  if (exact.defined == Defined::nowhere) {
    const bool right = std::isnan(result);
    return Judgement{right ? Verdict::measured : Verdict::mismatch, 0,
                     std::numeric_limits<double>::quiet_NaN()};
  }
  if (exact.defined == Defined::perhaps) return {};
  const double one = error(exact.low, result);
  const double other = error(exact.high, result);
  if (std::isinf(one) && std::isinf(other)) {
    if (!std::isnan(result) && !exact.is_point() && exact.low.sign() != exact.high.sign())
      return {};
    return Judgement{Verdict::mismatch, 0, exact.low.nearest()};
  }
  const double most = std::max(one, other);
  const double least = std::min(one, other);
  const auto judged = [&] { return Judgement{Verdict::measured, most, exact.low.nearest()}; };
  if (std::isinf(result) && most == 0) return judged();
  // The width in units at the end nearer to 0: no exact value in the interval has a smaller unit.
  // (About a power of two the unit has two sizes; the larger error, by the smaller, is the one
  // told.)
  const double width = width_in_units(exact);
  if (!(width <= tolerance * std::max(1.0, least))) return {};
  constexpr double hairline = 0x1p-60;
  if (bound && (most > *bound) != (least > *bound) && width > hairline) return {};
  return judged();
}

Judgement Judge::judge(std::span<const double> inputs, double result, std::optional<double> bound) {
  const PrecisionScope exact_inputs(first_precision);
  const Judgement judgement = judge_there(inputs, result, bound);
  // A pole at zero: zeros of either sign are equal.
  if (judgement.verdict != Verdict::mismatch) return judgement;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k] != 0) continue;
    std::vector<double> others(inputs.begin(), inputs.end());
    others[k] = -others[k];
    const Judgement mirrored = judge_there(others, result, bound);
    if (mirrored.verdict == Verdict::measured) return mirrored;
  }
  return judgement;
}

Judgement Judge::judge_there(std::span<const double> inputs, double result,
                             std::optional<double> bound) {
  if (input_count_ == 1 && std::isinf(inputs[0])) {
    const auto at = limit(inputs[0] < 0);
    if (!at) return {.verdict = Verdict::no_value};
    const auto judgement = decided(*at, result, bound);
    return judgement ? *judgement : Judgement{};
  }
  std::vector<Interval> x;
  for (const double v : inputs) x.push_back(input_interval(v));
  bool tried_limits = false;
  for (mpfr_prec_t bits = enough_; bits <= largest_precision; bits += bits / 2) {
    const PrecisionScope scope(bits);
    const Interval exact = enclosure(x);
    if (const auto judgement = decided(exact, result, bound)) {
      // What was enough is where the next one begins; now and then less is tried.
      enough_ = bits > first_precision && ++successes_ % 8 == 0
                    ? std::max(first_precision, bits * 2 / 3)
                    : bits;
      return *judgement;
    }
    if (exact.defined == Defined::perhaps && bits > 300 && !tried_limits) {
      tried_limits = true;
      if (const auto limit = removable(inputs)) {
        const auto judgement = decided(*limit, result, bound);
        return judgement ? *judgement : Judgement{.verdict = Verdict::no_value};
      }
      const bool line = exact.low.is_infinite() && exact.high.is_infinite();
      if (line && bits > 1000) return {.verdict = Verdict::no_value};
    }
    if (tried_limits && bits > 3000 && exact.defined == Defined::perhaps)
      return {.verdict = Verdict::no_value};
  }
  return {};
}

std::optional<double> Judge::exact(std::span<const double> inputs) {
  std::vector<Interval> x;
  for (const double v : inputs) x.push_back(input_interval(v));
  for (mpfr_prec_t bits = std::max<mpfr_prec_t>(enough_, 80); bits <= 2000; bits *= 2) {
    const PrecisionScope scope(bits);
    const Interval exact = enclosure(x);
    if (exact.defined == Defined::nowhere) return std::numeric_limits<double>::quiet_NaN();
    if (exact.defined == Defined::perhaps) continue;
    const double low = exact.low.nearest();
    const double high = exact.high.nearest();
    if (low == high || std::abs(high - low) <= 0x1p-40 * std::abs(low)) return low;
  }
  return {};
}

double Judge::condition(std::span<const double> inputs) {
  std::vector<Interval> x;
  for (const double v : inputs) x.push_back(Interval(v));
  const PrecisionScope scope(std::max<mpfr_prec_t>(2 * enough_, 128));
  const Jet jet = evaluator_.at(x, gradient_ ? 2 : 1, variable_);
  const Interval& f = gradient_ ? jet.first : jet.value;
  const Interval& slope = gradient_ ? jet.second : jet.first;
  if (!jet.varies || f.low.is_zero() || f.low.is_nan() || f.low.is_infinite()) return 0;
  const Number kappa =
      divide(multiply(x[variable_].low, slope.low, Toward::below), f.low, Toward::below);
  const double k = std::abs(kappa.nearest());
  return std::isfinite(k) ? k : 0;
}

std::optional<Interval> Judge::removable(std::span<const double> inputs) {
  const PrecisionScope scope(2000);
  std::vector<Interval> x;
  for (const double v : inputs) x.push_back(input_interval(v));
  const Number centre = x[variable_].low;
  if (centre.is_infinite() || x[variable_].defined != Defined::everywhere) return {};
  // 2^-300 of x aside; of 0, 2^-1300, far below the smallest number of every format.
  const long by = centre.is_zero() ? -1300 : static_cast<long>(mpfr_get_exp(centre.get())) - 300;
  const Number step = scaled(Number(1), by, Toward::below);
  x[variable_] = Interval(add(centre, step, Toward::below));
  const Interval right = enclosure(x);
  x[variable_] = Interval(subtract(centre, step, Toward::below));
  const Interval left = enclosure(x);
  if (left.defined != Defined::everywhere || right.defined != Defined::everywhere) return {};
  return hull(left, right);
}

std::optional<Interval> Judge::limit(bool at_negative_infinity) {
  if (limits_known_[at_negative_infinity]) return limits_[at_negative_infinity];
  limits_known_[at_negative_infinity] = true;
  constexpr int first = 6;
  constexpr int last = 12;
  std::vector<Interval> values;
  const PrecisionScope finest(3 * (1L << last) + 256);
  for (int k = first; k <= last; ++k) {
    Interval x = scaled(Interval(at_negative_infinity ? -1 : 1), 1L << k);
    values.push_back(enclosure({&x, 1}));
    if (values.back().defined == Defined::nowhere) {
      if (k < last) continue;
      return limits_[at_negative_infinity] = Interval::nowhere();
    }
    if (values.back().defined == Defined::perhaps) return {};
  }
  std::vector<Interval> differences;
  for (std::size_t k = 1; k < values.size(); ++k) differences.push_back(values[k] - values[k - 1]);
  const Number small = scaled(Number(1), -100, Toward::below);
  bool converges = abs(differences.back()).high <= small;
  bool grows = abs(values.back()).low > Number(64);
  for (std::size_t k = differences.size() - 2; k < differences.size(); ++k) {
    const Interval before = abs(differences[k - 1]);
    const Interval now = abs(differences[k]);
    const bool settled = now.high <= small;
    converges = converges && (settled || now.high <= scaled(before.low, -1, Toward::below));
    const bool same = differences[k].low.sign() * differences[k - 1].low.sign() > 0 &&
                      differences[k].high.sign() == differences[k].low.sign();
    grows = grows && same && now.low >= before.high;
  }
  if (converges) {
    // What is left shrinks faster than by the last ratio.
    const Interval last_step = abs(differences.back());
    const Interval step_before = abs(differences[differences.size() - 2]);
    Interval rest = scaled(last_step, 1);
    if (step_before.low.sign() > 0 && last_step.high.sign() > 0) {
      rest = rest * (last_step / step_before);
    }
    return limits_[at_negative_infinity] =
               Interval(subtract(values.back().low, rest.high, Toward::below),
                        add(values.back().high, rest.high, Toward::above));
  }
  if (grows) {
    return limits_[at_negative_infinity] =
               Interval(values.back().low.sign() < 0 ? -infinity : infinity);
  }
  return {};
}

}  // namespace actc::tools
