// Sums of terms that enclose a function of t for all t from some T to 2^1024 (limits.h).
//
//   C t^p (log t)^l exp(e1 t + e2 t² + e3 t³)
//
// The exponents are multiples of 2^-3300; what that rounds away is in C, an interval: at t ≤ 2^1024
// it is a factor nearer to 1 than 1 ± 2^-100. So exponents that are equal over the reals are equal
// here, and what cancels is gone.
#pragma once

#include <array>
#include <vector>

#include "ir/operation.h"
#include "tools/oracle_interval.h"

namespace actc::tools {

// That no bound is known: beyond a larger T there may be one.
struct NoExpansion {};

// The precision in which series are computed.
constexpr mpfr_prec_t series_bits = 3600;

struct Monomial {
  std::array<Mpfr, 4> exponents;  // of t, then e1, e2, e3
  int logarithms = 0;             // power of log t

  bool is_one() const;
  // Compares growth: −1 where it is of less growth than the other, 0 where both are the same.
  friend int compare_growth(const Monomial& a, const Monomial& b);
  friend Monomial operator*(const Monomial& a, const Monomial& b);
  friend Monomial operator/(const Monomial& a, const Monomial& b);
};

struct SeriesTerm {
  Interval factor;
  Monomial monomial;
};

// By falling growth, no two of the same; empty: 0. Operations need series_bits in force, and throw
// NoExpansion.
class Series {
 public:
  // `from`: T, at least 4.
  explicit Series(double from) : from_(from) {}
  static Series constant(double from, const Interval& value);
  static Series variable(double from, bool negative);  // ± t

  const std::vector<SeriesTerm>& terms() const { return terms_; }
  // What encloses it over all t, as a factor of the first term's monomial.
  Interval total() const;
  // −1, 0, 1; 2 where it is not known. A sign may be weak: ≥ 0, ≤ 0.
  int sign() const;
  // Bounds over all t.
  Interval range() const;
  Interval limit() const;  // `defined` says nowhere where there is none

  friend Series operator+(const Series& a, const Series& b);
  friend Series operator-(const Series& a);
  friend Series operator*(const Series& a, const Series& b);
  friend Series operator*(const Interval& factor, const Series& a);
  friend Series reciprocal(const Series& a);
  friend Series power(const Series& a, const Interval& exponent);
  friend Series exp(const Series& a);
  friend Series log(const Series& a);
  // RealTanh, RealErf, RealErfc, RealAtan, RealSin, RealCos.
  friend Series function(ir::Operation op, const Series& a);

 private:
  // The largest value of a monomial of no growth.
  Interval supremum(const Monomial& m) const;
  Interval share(const Monomial& small, const Monomial& large) const;
  void add(SeriesTerm term);
  void cut();
  // The others against the first: a series that tends to 0; and a bound on its magnitude, below
  // 1/2.
  Series rest(Interval& bound) const;
  Interval magnitude_bound() const;
  bool tends_to_zero() const;
  bool grows() const;
  Series at_constant(ir::Operation op) const;
  // a + c a³, c in an interval
  Series with_cube(const Interval& c) const;

  double from_;
  std::vector<SeriesTerm> terms_;
};

}  // namespace actc::tools
