// The end points of the oracle's intervals: MPFR numbers, each operation rounded downwards or
// upwards, with exponents of any size.
//
// A number whose exponent would leave ±2^28 is carried as ±2^L with L an MPFR number that has,
// after its point, as many bits as the working precision and more: exp(1e30) is 2^(1e30 log2 e),
// and exp(1e30) / (exp(1e30) + 1) is 1. Such numbers are multiplied by adding L, added by L +
// log2(1 ± 2^d), compared by L, and become ordinary ones again where L is small.
#pragma once

#include <mpfr.h>

#include <utility>

#include "tools/mpfr.h"

namespace actc::tools {

enum class Toward : std::uint8_t { below, above };

constexpr Toward opposite(Toward t) { return t == Toward::below ? Toward::above : Toward::below; }
constexpr mpfr_rnd_t rounding(Toward t) { return t == Toward::below ? MPFR_RNDD : MPFR_RNDU; }

// Precision of what is computed: PrecisionScope's.
class Number {
 public:
  Number() = default;  // 0
  explicit Number(int value) : value_(value) {}
  explicit Number(double value) : value_(value) {}
  explicit Number(Mpfr value) : value_(std::move(value)) {}

  // Values of the common range; what lies outside is "wide".
  bool is_wide() const { return wide_sign_ != 0; }
  mpfr_srcptr get() const { return value_.get(); }
  mpfr_ptr get() { return value_.get(); }
  // Of a wide number: its binary logarithm.
  const Mpfr& exponent() const { return value_; }

  bool is_nan() const { return !is_wide() && mpfr_nan_p(get()); }
  bool is_zero() const { return !is_wide() && mpfr_zero_p(get()); }
  bool is_infinite() const { return !is_wide() && mpfr_inf_p(get()); }
  // −1, 0 or 1.
  int sign() const { return is_wide() ? wide_sign_ : mpfr_sgn(get()); }
  // Is the sign bit of a zero set, too?
  bool is_negative() const { return is_wide() ? wide_sign_ < 0 : mpfr_signbit(get()) != 0; }
  // Wide and far from 1, not near 0.
  bool is_huge() const { return is_wide() && mpfr_sgn(value_.get()) > 0; }
  bool is_tiny() const { return is_wide() && mpfr_sgn(value_.get()) < 0; }

  // To nearest; infinite or 0 beyond the range of binary64.
  double nearest() const;

  friend Number negative(Number a);
  friend bool is_odd_integer(const Number& a);
  friend Number magnitude(Number a) { return a.is_negative() ? negative(std::move(a)) : a; }
  friend int compare(const Number& a, const Number& b);  // of numbers that are not NaN

  friend Number add(const Number& a, const Number& b, Toward t);
  friend Number subtract(const Number& a, const Number& b, Toward t);
  friend Number multiply(const Number& a, const Number& b, Toward t);
  friend Number divide(const Number& a, const Number& b, Toward t);
  friend Number square_root(const Number& a, Toward t);
  friend Number exponential(const Number& a, Toward t);
  friend Number logarithm(const Number& a, Toward t);               // a ≥ 0
  friend Number power(const Number& a, const Number& b, Toward t);  // a > 0, or b an integer
  friend Number scaled(const Number& a, long exponent, Toward t);   // a · 2^exponent

  // After an operation of MPFR's own on a common number: carried as wide where it has become so.
  static Number settled(Mpfr value, Toward t);

 private:
  static Number wide(int sign, Mpfr exponent, Toward t);
  // ±2^L of a common number that is not 0 and finite.
  Mpfr binary_logarithm(Toward t) const;

  Mpfr value_;
  int wide_sign_ = 0;  // of a wide number −1 or 1
};

inline bool operator<(const Number& a, const Number& b) { return compare(a, b) < 0; }
inline bool operator>(const Number& a, const Number& b) { return compare(a, b) > 0; }
inline bool operator<=(const Number& a, const Number& b) { return compare(a, b) <= 0; }
inline bool operator>=(const Number& a, const Number& b) { return compare(a, b) >= 0; }
inline bool operator==(const Number& a, const Number& b) { return compare(a, b) == 0; }

}  // namespace actc::tools
