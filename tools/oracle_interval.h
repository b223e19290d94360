// Intervals over the reals: what is known of a number at the working precision (PrecisionScope).
//
// Each operation encloses every value that its arguments' numbers give. Where it has no value for
// some of them, `defined` says so; where for none (the logarithm of a negative number) the interval
// is "nowhere" defined, the oracle's NaN. 0/0 and its kin are "perhaps" defined: there may be a
// limit. A pole is an infinite end point, whose sign is that of the zero where that is known.
#pragma once

#include <cstdint>

#include "ir/graph.h"
#include "tools/oracle_number.h"

namespace actc::tools {

enum class Defined : std::uint8_t { everywhere, perhaps, nowhere };

struct Interval {
  Number low;
  Number high;
  Defined defined = Defined::everywhere;

  Interval() = default;  // 0
  explicit Interval(int value) : low(value), high(value) {}
  explicit Interval(double value) : low(value), high(value) {}
  explicit Interval(Number point) : low(point), high(std::move(point)) {}
  Interval(Number l, Number h) : low(std::move(l)), high(std::move(h)) {}

  bool is_point() const { return low == high; }
  bool is_zero() const { return low.is_zero() && high.is_zero(); }
  bool holds_zero() const { return low.sign() <= 0 && high.sign() >= 0; }

  // Nothing is known: anything, or no value at all.
  static Interval unknown();
  static Interval nowhere();
};

Interval interval_of(const ir::Rational& value);
Interval hull(const Interval& a, const Interval& b);

Interval operator+(const Interval& a, const Interval& b);
Interval operator-(const Interval& a, const Interval& b);
Interval operator*(const Interval& a, const Interval& b);
Interval operator/(const Interval& a, const Interval& b);
Interval operator-(const Interval& a);

Interval square(const Interval& a);
Interval scaled(const Interval& a, long exponent);  // a · 2^exponent
Interval sqrt(const Interval& a);
Interval abs(const Interval& a);
Interval min(const Interval& a, const Interval& b);
Interval max(const Interval& a, const Interval& b);
Interval copysign(const Interval& a, const Interval& sign);
Interval rounded(ir::Operation op, const Interval& a);  // Floor, Ceil, Round, Trunc

Interval exp(const Interval& a);
Interval expm1(const Interval& a);
Interval log(const Interval& a);
Interval log1p(const Interval& a);
Interval tanh(const Interval& a);
Interval erf(const Interval& a);
Interval erfc(const Interval& a);
Interval sin(const Interval& a);
Interval cos(const Interval& a);
Interval atan(const Interval& a);
Interval pow(const Interval& a, const Interval& b);

Interval pi();
Interval euler();  // e

}  // namespace actc::tools
