// Enclosures of the operations over the reals. A monotone function of an interval is that of its
// ends; of a point it is computed once: MPFR rounds correctly and says whether it rounded, so that
// the other end is the neighbour.
#include "tools/oracle_interval.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ir/round.h"

namespace actc::tools {
namespace {

using MpfrFunction = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

// Beyond ±2^26 tanh, erf, expm1 downwards have reached their limits to more bits than are carried.
constexpr double saturated = 0x1p26;

Defined both(Defined a, Defined b) { return std::max(a, b); }

Interval infinite(bool is_negative) {
  return Interval(is_negative ? -std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::infinity());
}

// The whole line, perhaps no value, where an end is no number: an infinity took part.
Interval checked(Interval result, Defined defined) {
  if (result.low.is_nan() || result.high.is_nan()) {
    result = Interval::unknown();
  }
  result.defined = both(result.defined, defined);
  return result;
}

// Of a common point, f rounded downwards and its neighbour.
Interval at_point(MpfrFunction f, mpfr_srcptr a) {
  Mpfr value;
  const bool exact = f(value.get(), a, MPFR_RNDD) == 0;
  Mpfr above = value;
  if (!exact) mpfr_nextabove(above.get());
  return {Number::settled(std::move(value), Toward::below),
          Number::settled(std::move(above), Toward::above)};
}

Number at(MpfrFunction f, const Number& a, Toward t) {
  Mpfr value;
  f(value.get(), a.get(), rounding(t));
  return Number::settled(std::move(value), t);
}

// f increases; its arguments are common numbers.
Interval increasing(MpfrFunction f, const Interval& a) {
  if (a.is_point()) return at_point(f, a.low.get());
  return {at(f, a.low, Toward::below), at(f, a.high, Toward::above)};
}

// What is beyond ±2^26 as that, for a function that has reached its limit there.
Interval cut(const Interval& a) {
  const auto limited = [](const Number& x) {
    Number limit(saturated);
    if (x > limit) return limit;
    return x < negative(limit) ? negative(limit) : x;
  };
  return {limited(a.low), limited(a.high)};
}

// a · 2^by, away from or towards 0: bounds of functions near 0, where a is too small for MPFR.
Number tiny(const Number& a, long by_below, long by_above, Toward t) {
  const bool towards_zero = (t == Toward::below) == (a.sign() > 0);
  return scaled(a, towards_zero ? by_below : by_above, t);
}

// An increasing function with f(0) = 0 and 2^low |x| ≤ |f(x)| ≤ 2^high |x| near 0.
Interval through_zero(MpfrFunction f, const Interval& a, long low, long high) {
  if (!a.low.is_tiny() && !a.high.is_tiny()) return increasing(f, a);
  const auto end = [&](const Number& x, Toward t) {
    return x.is_tiny() ? tiny(x, low, high, t) : at(f, x, t);
  };
  return {end(a.low, Toward::below), end(a.high, Toward::above)};
}

Interval with_definedness(Interval result, const Interval& a) {
  result.defined = both(result.defined, a.defined);
  return result;
}

// erfc(u) = exp(-u²) / (u √π) · (1 − 1/(2u²) + 3/(2u²)² − …), enclosed by its partial sums:
// Abramowitz and Stegun, 7.1.23 and 7.1.24. For u ≥ 2^14.
Interval erfc_far(const Number& u) {
  const Interval x(u);
  const Interval inverse = Interval(1) / scaled(square(x), 1);
  Interval term(1);
  Interval sum(1);
  for (int k = 1; k < 200; ++k) {
    term = -(term * inverse * Interval(2 * k - 1));
    const Interval next = sum + term;
    const Number small(
        std::ldexp(1.0, -static_cast<int>(std::min<long>(PrecisionScope::bits(), 900))));
    const bool last = magnitude(term.low) < small;
    sum = last ? hull(sum, next) : next;
    if (last) break;
  }
  return exp(-square(x)) / (x * sqrt(pi())) * sum;
}

constexpr double erfc_far_from = 0x1p14;

Interval erfc_at(const Number& u) {
  if (u > Number(erfc_far_from)) return erfc_far(u);
  if (u < Number(-erfc_far_from)) return at_point(mpfr_erfc, Mpfr(-erfc_far_from).get());
  if (u.is_wide()) return Interval(1) - erf(Interval(u));
  return at_point(mpfr_erfc, u.get());
}

bool is_integer(const Interval& a) {
  return a.is_point() && !a.low.is_wide() && mpfr_integer_p(a.low.get());
}

Interval integer_power(const Interval& a, const Number& n) {
  const bool odd = is_odd_integer(n);
  if (n.sign() < 0) {
    const Interval positive = integer_power(a, negative(n));
    return Interval(1) / positive;
  }
  if (odd) return {power(a.low, n, Toward::below), power(a.high, n, Toward::above)};
  const Interval m = abs(a);
  return {power(m.low, n, Toward::below), power(m.high, n, Toward::above)};
}

// sin and cos change by no more than their argument.
Interval oscillating(MpfrFunction f, const Interval& a, double at_zero) {
  Interval all(Number(-1), Number(1));
  if (a.low.is_infinite() || a.high.is_infinite()) return Interval::unknown();
  if (a.low.is_huge() || a.high.is_huge()) return all;
  if (a.low.is_tiny() || a.high.is_tiny()) {
    if (at_zero != 0) return {Number(0.5), Number(1)};
    return through_zero(f, a, -1, 0);
  }
  // Reducing an argument of 2^28 bits would take for ever: these are not told apart.
  constexpr mpfr_exp_t largest = 100'000;
  for (const Number* end : {&a.low, &a.high}) {
    if (mpfr_regular_p(end->get()) && mpfr_get_exp(end->get()) > largest) return all;
  }
  Interval value = at_point(f, a.low.get());
  if (!a.is_point()) {
    const Number width = subtract(a.high, a.low, Toward::above);
    value.low = subtract(value.low, width, Toward::below);
    value.high = add(value.high, width, Toward::above);
    if (value.low < all.low) value.low = all.low;
    if (value.high > all.high) value.high = all.high;
  }
  return value;
}

}  // namespace

Interval Interval::unknown() {
  Interval all(-std::numeric_limits<double>::infinity());
  all.high = Number(std::numeric_limits<double>::infinity());
  all.defined = Defined::perhaps;
  return all;
}

Interval Interval::nowhere() {
  Interval all = unknown();
  all.defined = Defined::nowhere;
  return all;
}

Interval interval_of(const ir::Rational& value) {
  const double nearest = ir::round_to_binary64(value);
  if (std::isfinite(nearest) && ir::Rational(nearest) == value) return Interval(nearest);
  const auto part = [](const boost::multiprecision::cpp_int& n) {
    const PrecisionScope scope(
        static_cast<mpfr_prec_t>(n == 0 ? 2 : msb(n < 0 ? decltype(n)(-n) : n) + 2));
    return Interval(Number(Mpfr(n)));
  };
  return part(numerator(value)) / part(denominator(value));
}

Interval hull(const Interval& a, const Interval& b) {
  if (a.defined == Defined::nowhere && b.defined == Defined::nowhere) return a;
  const auto perhaps = [](Interval i) {
    i.defined = Defined::perhaps;
    return i;
  };
  if (a.defined == Defined::nowhere) return perhaps(b);
  if (b.defined == Defined::nowhere) return perhaps(a);
  Interval result(a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high);
  result.defined = both(a.defined, b.defined);
  return result;
}

Interval operator+(const Interval& a, const Interval& b) {
  return checked({add(a.low, b.low, Toward::below), add(a.high, b.high, Toward::above)},
                 both(a.defined, b.defined));
}

Interval operator-(const Interval& a, const Interval& b) {
  return checked({subtract(a.low, b.high, Toward::below), subtract(a.high, b.low, Toward::above)},
                 both(a.defined, b.defined));
}

Interval operator-(const Interval& a) {
  Interval result(negative(a.high), negative(a.low));
  result.defined = a.defined;
  return result;
}

Interval operator*(const Interval& a, const Interval& b) {
  const Defined defined = both(a.defined, b.defined);
  const auto of = [&](const Number& al, const Number& bl, const Number& ah, const Number& bh) {
    return checked({multiply(al, bl, Toward::below), multiply(ah, bh, Toward::above)}, defined);
  };
  if (a.low.sign() >= 0) {
    if (b.low.sign() >= 0) return of(a.low, b.low, a.high, b.high);
    if (b.high.sign() <= 0) return of(a.high, b.low, a.low, b.high);
    return of(a.high, b.low, a.high, b.high);
  }
  if (a.high.sign() <= 0) {
    if (b.low.sign() >= 0) return of(a.low, b.high, a.high, b.low);
    if (b.high.sign() <= 0) return of(a.high, b.high, a.low, b.low);
    return of(a.low, b.high, a.low, b.low);
  }
  if (b.low.sign() >= 0) return of(a.low, b.high, a.high, b.high);
  if (b.high.sign() <= 0) return of(a.high, b.low, a.low, b.low);
  return hull(of(a.low, b.high, a.low, b.low), of(a.high, b.low, a.high, b.high));
}

Interval operator/(const Interval& a, const Interval& b) {
  const Defined defined = both(a.defined, b.defined);
  if (defined == Defined::nowhere) return Interval::nowhere();
  const auto of = [&](const Number& al, const Number& bl, const Number& ah, const Number& bh) {
    return checked({divide(al, bl, Toward::below), divide(ah, bh, Toward::above)}, defined);
  };
  if (b.low.sign() > 0) {
    if (a.low.sign() >= 0) return of(a.low, b.high, a.high, b.low);
    if (a.high.sign() <= 0) return of(a.low, b.low, a.high, b.high);
    return of(a.low, b.low, a.high, b.low);
  }
  if (b.high.sign() < 0) return -(a / -b);
  // A pole. Its sign is known where the numerator's is and the divisor is a zero with a sign or has
  // one sign but for the zero.
  if (b.is_zero()) {
    if (a.holds_zero() || b.low.is_negative() != b.high.is_negative()) return Interval::unknown();
    Interval pole = infinite(b.low.is_negative() != (a.low.sign() < 0));
    pole.defined = defined;
    return pole;
  }
  const bool above = b.low.is_zero();
  if (a.holds_zero() || !(above || b.high.is_zero())) return Interval::unknown();
  const bool down = (a.low.sign() < 0) == above;
  Interval result =
      down ? Interval(infinite(true).low, Number()) : Interval(Number(), infinite(false).low);
  const Interval least = Interval(magnitude(a.low.sign() > 0 ? a.low : a.high)) /
                         Interval(magnitude(above ? b.high : b.low));
  (down ? result.high : result.low) = down ? negative(least.low) : least.low;
  result.defined = Defined::perhaps;
  return result;
}

Interval square(const Interval& a) {
  const Interval m = abs(a);
  return checked({multiply(m.low, m.low, Toward::below), multiply(m.high, m.high, Toward::above)},
                 a.defined);
}

Interval scaled(const Interval& a, long exponent) {
  return checked({scaled(a.low, exponent, Toward::below), scaled(a.high, exponent, Toward::above)},
                 a.defined);
}

Interval sqrt(const Interval& a) {
  if (a.high.sign() < 0) return Interval::nowhere();
  Interval result(a.low.sign() < 0 ? Number() : square_root(a.low, Toward::below),
                  square_root(a.high, Toward::above));
  result.defined = both(a.defined, a.low.sign() < 0 ? Defined::perhaps : Defined::everywhere);
  return result;
}

Interval abs(const Interval& a) {
  if (a.low.sign() > 0) return a;
  if (a.high.sign() < 0) return -a;
  const Number down = magnitude(a.low);
  Interval result(Number(), down > a.high ? down : magnitude(a.high));
  result.defined = a.defined;
  return result;
}

Interval min(const Interval& a, const Interval& b) {
  Interval result(a.low < b.low ? a.low : b.low, a.high < b.high ? a.high : b.high);
  result.defined = both(a.defined, b.defined);
  return result;
}

Interval max(const Interval& a, const Interval& b) {
  Interval result(a.low > b.low ? a.low : b.low, a.high > b.high ? a.high : b.high);
  result.defined = both(a.defined, b.defined);
  return result;
}

Interval copysign(const Interval& a, const Interval& sign) {
  Interval result = abs(a);
  result.defined = both(a.defined, sign.defined);
  if (!sign.low.is_negative() && !sign.high.is_negative()) return result;
  if (sign.low.is_negative() && sign.high.is_negative()) return -result;
  return hull(result, -result);
}

Interval rounded(ir::Operation op, const Interval& a) {
  const auto end = [&](const Number& x, Toward t) {
    if (x.is_huge()) return x;  // an integer, or wrong by less than its last bit
    const Number value = x.is_tiny() ? scaled(Number(x.sign()), -100, t) : x;
    // Exact: the integer of a number has no more bits than the number.
    const PrecisionScope scope(std::max<mpfr_prec_t>(mpfr_get_prec(value.get()), 64));
    Mpfr result;
    switch (op) {
      case ir::Operation::Floor:
        mpfr_floor(result.get(), value.get());
        break;
      case ir::Operation::Ceil:
        mpfr_ceil(result.get(), value.get());
        break;
      case ir::Operation::Trunc:
        mpfr_trunc(result.get(), value.get());
        break;
      default:
        mpfr_roundeven(result.get(), value.get());
    }
    return Number(std::move(result));
  };
  return checked({end(a.low, Toward::below), end(a.high, Toward::above)}, a.defined);
}

Interval exp(const Interval& a) {
  const bool common =
      !a.low.is_wide() && (!mpfr_regular_p(a.low.get()) || mpfr_get_exp(a.low.get()) <= 27);
  if (a.is_point() && common) return with_definedness(at_point(mpfr_exp, a.low.get()), a);
  return with_definedness({exponential(a.low, Toward::below), exponential(a.high, Toward::above)},
                          a);
}

Interval expm1(const Interval& a) {
  if (a.high > Number(saturated)) {
    const Interval at_low = expm1(Interval(a.low > Number(saturated) ? Number(saturated) : a.low));
    const Number high = subtract(exponential(a.high, Toward::above), Number(1), Toward::above);
    if (a.low > Number(saturated)) {
      return with_definedness(
          {subtract(exponential(a.low, Toward::below), Number(1), Toward::below), high}, a);
    }
    return with_definedness({at_low.low, high}, a);
  }
  const Interval c = cut(a);
  if (c.low.is_tiny() || c.high.is_tiny()) {
    const auto end = [](const Number& x, Toward t) {
      if (!x.is_tiny()) return at(mpfr_expm1, x, t);
      return x.sign() > 0 ? scaled(x, t == Toward::below ? 0 : 1, t)
                          : scaled(x, t == Toward::below ? 0 : -1, t);
    };
    return with_definedness({end(c.low, Toward::below), end(c.high, Toward::above)}, a);
  }
  return with_definedness(increasing(mpfr_expm1, c), a);
}

Interval log(const Interval& a) {
  if (a.high.sign() < 0) return Interval::nowhere();
  Interval result(a.low.sign() <= 0 ? infinite(true).low : logarithm(a.low, Toward::below),
                  a.high.sign() == 0 ? infinite(true).high : logarithm(a.high, Toward::above));
  result.defined = both(a.defined, a.low.sign() < 0 ? Defined::perhaps : Defined::everywhere);
  return result;
}

Interval log1p(const Interval& a) {
  if (a.high < Number(-1)) return Interval::nowhere();
  if (a.low < Number(-1)) {
    Interval result = log1p(Interval(Number(-1), a.high));
    result.defined = Defined::perhaps;
    return result;
  }
  if (a.low.is_huge() || a.high.is_huge()) return log(Interval(1) + a);
  if (a.low.is_tiny() || a.high.is_tiny()) {
    const auto end = [](const Number& x, Toward t) {
      if (!x.is_tiny()) return at(mpfr_log1p, x, t);
      return x.sign() > 0 ? scaled(x, t == Toward::below ? -1 : 0, t)
                          : scaled(x, t == Toward::below ? 1 : 0, t);
    };
    return with_definedness({end(a.low, Toward::below), end(a.high, Toward::above)}, a);
  }
  return with_definedness(increasing(mpfr_log1p, a), a);
}

Interval tanh(const Interval& a) {
  return with_definedness(through_zero(mpfr_tanh, cut(a), -1, 0), a);
}

Interval erf(const Interval& a) {
  return with_definedness(through_zero(mpfr_erf, cut(a), 0, 1), a);
}

Interval erfc(const Interval& a) {
  if (a.is_point()) return with_definedness(erfc_at(a.low), a);
  return with_definedness({erfc_at(a.high).low, erfc_at(a.low).high}, a);
}

Interval sin(const Interval& a) { return with_definedness(oscillating(mpfr_sin, a, 0), a); }
Interval cos(const Interval& a) { return with_definedness(oscillating(mpfr_cos, a, 1), a); }

Interval atan(const Interval& a) {
  // Beyond MPFR's numbers it is between atan(1e308) and its limit.
  const auto end = [](const Number& x, Toward t) {
    if (x.is_tiny()) return tiny(x, -1, 0, t);
    if (!x.is_huge()) return at(mpfr_atan, x, t);
    const double inner = std::copysign(1e308, x.sign());
    const bool outward = (t == Toward::above) == (x.sign() > 0);
    return at(mpfr_atan, Number(outward ? inner * 10 : inner), t);
  };
  return with_definedness({end(a.low, Toward::below), end(a.high, Toward::above)}, a);
}

// As C's pow has it: 1 for an exponent 0 and for a base 1, none for a negative base with an
// exponent that is no integer.
Interval pow(const Interval& a, const Interval& b) {
  if (both(a.defined, b.defined) == Defined::nowhere) return Interval::nowhere();
  if (b.is_zero() || (a.is_point() && a.low == Number(1))) return Interval(1);
  Interval result;
  if (is_integer(b) && !b.low.is_infinite()) {
    result = integer_power(a, b.low);
  } else if (a.high.sign() < 0 && b.is_point()) {
    return Interval::nowhere();
  } else {
    const Interval base(a.low.sign() < 0 ? Number() : a.low, a.high.sign() < 0 ? Number() : a.high);
    if (base.low.sign() == 0 && b.low.sign() <= 0) {
      const bool pole = base.is_zero() && b.high.sign() < 0;
      result = pole ? infinite(false) : Interval(Number(), infinite(false).low);
      if (!pole) result.defined = Defined::perhaps;
    } else if (a.is_point() && b.is_point() && !base.low.is_wide()) {
      // One correctly rounded power, where it is common.
      result = {power(base.low, b.low, Toward::below), power(base.low, b.low, Toward::above)};
    } else {
      const std::array<const Number*, 2> bases = {&base.low, &base.high};
      const std::array<const Number*, 2> exponents = {&b.low, &b.high};
      result = {power(base.low, b.low, Toward::below), power(base.low, b.low, Toward::above)};
      for (const Number* x : bases) {
        for (const Number* y : exponents) {
          const Interval corner(power(*x, *y, Toward::below), power(*x, *y, Toward::above));
          result = hull(result, corner);
        }
      }
    }
    if (a.low.sign() < 0) result.defined = Defined::perhaps;
  }
  result.defined = both(result.defined, both(a.defined, b.defined));
  return checked(result, result.defined);
}

Interval pi() {
  Mpfr below;
  mpfr_const_pi(below.get(), MPFR_RNDD);
  Mpfr above = below;
  mpfr_nextabove(above.get());
  return {Number(std::move(below)), Number(std::move(above))};
}

Interval euler() { return exp(Interval(1)); }

}  // namespace actc::tools
