// MPFR as a number type for the reference evaluator (ir/evaluate.h).
//
// Every operation rounds once, to nearest, to the precision in force (PrecisionScope), over MPFR's
// own range of exponents, which is so wide that nothing computed here overflows or underflows in a
// way that binary64 would not. It stands on mpfr_t itself, not on Boost's mpfr_float: Boost counts
// precision in decimal digits, and its log1p, expm1, erf and erfc are generic algorithms, not
// MPFR's, which are correctly rounded. Reference: the MPFR manual, https://www.mpfr.org.
#pragma once

#include <mpfr.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <concepts>
#include <limits>
#include <utility>

namespace actc::tools {

// Bits of significand for what is computed by this thread until the end of the scope.
class PrecisionScope {
 public:
  explicit PrecisionScope(mpfr_prec_t bits) : before_(current()) { current() = bits; }
  ~PrecisionScope() { current() = before_; }
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

  static mpfr_prec_t bits() { return current(); }

 private:
  static mpfr_prec_t& current() {
    thread_local mpfr_prec_t bits = 256;
    return bits;
  }
  mpfr_prec_t before_;
};

class Mpfr {
 public:
  Mpfr() { mpfr_init2(value_, PrecisionScope::bits()), mpfr_set_zero(value_, 1); }
  Mpfr(int value) : Mpfr() { mpfr_set_si(value_, value, MPFR_RNDN); }  // as evaluate.h needs it
  explicit Mpfr(double value) : Mpfr() { mpfr_set_d(value_, value, MPFR_RNDN); }
  explicit Mpfr(float value) : Mpfr(static_cast<double>(value)) {}
  // A template, so that no conversion to cpp_int is ever considered here.
  template <std::same_as<boost::multiprecision::cpp_int> Integer>
  explicit Mpfr(const Integer& value) : Mpfr() {
    // cpp_int writes hexadecimal only of what is not negative.
    const bool negative = value < 0;
    const Integer magnitude = negative ? Integer(-value) : value;
    mpfr_set_str(value_, magnitude.str(0, std::ios_base::hex).c_str(), 16, MPFR_RNDN);
    if (negative) mpfr_neg(value_, value_, MPFR_RNDN);
  }
  // A copy keeps the precision of its source: copying is exact.
  Mpfr(const Mpfr& other) {
    mpfr_init2(value_, mpfr_get_prec(other.value_));
    mpfr_set(value_, other.value_, MPFR_RNDN);
  }
  Mpfr(Mpfr&& other) noexcept {
    // MPFR has no empty number; the least one is cheap.
    mpfr_init2(value_, MPFR_PREC_MIN);
    mpfr_swap(value_, other.value_);
  }
  Mpfr& operator=(Mpfr other) noexcept {
    mpfr_swap(value_, other.value_);
    return *this;
  }
  ~Mpfr() { mpfr_clear(value_); }

  // Rounded once, to nearest; subnormals as IEEE 754 has them.
  explicit operator double() const { return mpfr_get_d(value_, MPFR_RNDN); }
  explicit operator float() const { return mpfr_get_flt(value_, MPFR_RNDN); }

  mpfr_srcptr get() const { return value_; }
  mpfr_ptr get() { return value_; }

  friend Mpfr operator+(const Mpfr& a, const Mpfr& b) { return apply(mpfr_add, a, b); }
  friend Mpfr operator-(const Mpfr& a, const Mpfr& b) { return apply(mpfr_sub, a, b); }
  friend Mpfr operator*(const Mpfr& a, const Mpfr& b) { return apply(mpfr_mul, a, b); }
  friend Mpfr operator/(const Mpfr& a, const Mpfr& b) { return apply(mpfr_div, a, b); }
  friend Mpfr operator-(const Mpfr& a) { return apply(mpfr_neg, a); }

  // As IEEE 754: each but != is false where either is NaN.
  friend bool operator==(const Mpfr& a, const Mpfr& b) { return mpfr_equal_p(a.value_, b.value_); }
  friend bool operator!=(const Mpfr& a, const Mpfr& b) { return !(a == b); }
  friend bool operator<(const Mpfr& a, const Mpfr& b) { return mpfr_less_p(a.value_, b.value_); }
  friend bool operator>(const Mpfr& a, const Mpfr& b) { return b < a; }
  friend bool operator<=(const Mpfr& a, const Mpfr& b) {
    return mpfr_lessequal_p(a.value_, b.value_);
  }
  friend bool operator>=(const Mpfr& a, const Mpfr& b) { return b <= a; }

  friend bool isnan(const Mpfr& a) { return mpfr_nan_p(a.value_) != 0; }
  friend bool isinf(const Mpfr& a) { return mpfr_inf_p(a.value_) != 0; }
  friend bool isfinite(const Mpfr& a) { return mpfr_number_p(a.value_) != 0; }
  friend bool signbit(const Mpfr& a) { return mpfr_signbit(a.value_) != 0; }

  friend Mpfr fma(const Mpfr& a, const Mpfr& b, const Mpfr& c) {
    Mpfr result;
    mpfr_fma(result.value_, a.value_, b.value_, c.value_, MPFR_RNDN);
    return result;
  }
  friend Mpfr copysign(const Mpfr& a, const Mpfr& sign) { return apply(mpfr_copysign, a, sign); }
  friend Mpfr abs(const Mpfr& a) { return apply(mpfr_abs, a); }
  friend Mpfr sqrt(const Mpfr& a) { return apply(mpfr_sqrt, a); }
  // The mpfr_rint_ kin round first to an integer, then to the precision.
  friend Mpfr floor(const Mpfr& a) { return apply(mpfr_rint_floor, a); }
  friend Mpfr ceil(const Mpfr& a) { return apply(mpfr_rint_ceil, a); }
  friend Mpfr trunc(const Mpfr& a) { return apply(mpfr_rint_trunc, a); }
  friend Mpfr exp(const Mpfr& a) { return apply(mpfr_exp, a); }
  friend Mpfr expm1(const Mpfr& a) { return apply(mpfr_expm1, a); }
  friend Mpfr log(const Mpfr& a) { return apply(mpfr_log, a); }
  friend Mpfr log1p(const Mpfr& a) { return apply(mpfr_log1p, a); }
  friend Mpfr tanh(const Mpfr& a) { return apply(mpfr_tanh, a); }
  friend Mpfr erf(const Mpfr& a) { return apply(mpfr_erf, a); }
  friend Mpfr erfc(const Mpfr& a) { return apply(mpfr_erfc, a); }
  friend Mpfr sin(const Mpfr& a) { return apply(mpfr_sin, a); }
  friend Mpfr cos(const Mpfr& a) { return apply(mpfr_cos, a); }
  friend Mpfr atan(const Mpfr& a) { return apply(mpfr_atan, a); }
  friend Mpfr pow(const Mpfr& a, const Mpfr& b) { return apply(mpfr_pow, a, b); }

  // 2^e with 2^e <= |a| < 2^(e+1); for finite a other than 0.
  friend long ilogb(const Mpfr& a) { return static_cast<long>(mpfr_get_exp(a.value_)) - 1; }
  friend Mpfr ldexp(const Mpfr& a, long exponent) {
    Mpfr result;
    mpfr_mul_2si(result.value_, a.value_, exponent, MPFR_RNDN);
    return result;
  }

 private:
  using Unary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
  using Binary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

  static Mpfr apply(Unary operation, const Mpfr& a) {
    Mpfr result;
    operation(result.value_, a.value_, MPFR_RNDN);
    return result;
  }
  static Mpfr apply(Binary operation, const Mpfr& a, const Mpfr& b) {
    Mpfr result;
    operation(result.value_, a.value_, b.value_, MPFR_RNDN);
    return result;
  }

  mpfr_t value_;
};

}  // namespace actc::tools

template <>
class std::numeric_limits<actc::tools::Mpfr> {
 public:
  static constexpr bool is_specialized = true;
  static constexpr bool has_infinity = true;
  static constexpr bool has_quiet_NaN = true;
  static actc::tools::Mpfr infinity() {
    return actc::tools::Mpfr(std::numeric_limits<double>::infinity());
  }
  static actc::tools::Mpfr quiet_NaN() {
    return actc::tools::Mpfr(std::numeric_limits<double>::quiet_NaN());
  }
};
