// Directed rounding over an unbounded range of exponents.
#include "tools/oracle_number.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace actc::tools {
namespace {

// Exponents of common numbers. MPFR's own range is ±2^30 by default, so that no sum, product or
// quotient of two common numbers leaves it.
constexpr mpfr_exp_t common_exponent = mpfr_exp_t{1} << 28;
// |log2| up to which a wide number becomes a common one again.
constexpr mpfr_exp_t wide_from = mpfr_exp_t{1} << 27;
// A logarithm of this many bits before the point is beyond what is carried: the number is then only
// known to be at least (or at most) so large.
constexpr mpfr_exp_t longest_logarithm = 20'000;

Mpfr at_precision(mpfr_prec_t bits) {
  const PrecisionScope scope(bits);
  return Mpfr();
}

// Bits of a wide number's logarithm of about 2^e.
mpfr_prec_t logarithm_bits(mpfr_exp_t e) {
  return PrecisionScope::bits() + 64 + std::clamp<mpfr_exp_t>(e, 0, longest_logarithm);
}
mpfr_exp_t exponent_of(const Mpfr& a) {
  return mpfr_regular_p(a.get()) ? mpfr_get_exp(a.get()) : 0;
}

Toward for_magnitude(int sign, Toward t) { return sign < 0 ? opposite(t) : t; }

Mpfr with_sign(Mpfr a, int sign) {
  if (sign < 0) mpfr_neg(a.get(), a.get(), MPFR_RNDN);
  return a;
}

}  // namespace

double Number::nearest() const {
  if (!is_wide()) return mpfr_get_d(get(), MPFR_RNDN);
  return std::copysign(is_huge() ? std::numeric_limits<double>::infinity() : 0.0, wide_sign_);
}

Number Number::settled(Mpfr value, Toward t) {
  Number result(std::move(value));
  mpfr_srcptr v = result.get();
  if (!mpfr_regular_p(v)) return result;
  const mpfr_exp_t e = mpfr_get_exp(v);
  if (e <= common_exponent && e >= -common_exponent) return result;
  const int sign = mpfr_sgn(v);
  return wide(sign, result.binary_logarithm(for_magnitude(sign, t)), t);
}

// log2 |a|.
Mpfr Number::binary_logarithm(Toward t) const {
  if (is_wide()) return value_;
  const mpfr_exp_t e = mpfr_get_exp(get());
  Mpfr result = at_precision(logarithm_bits(64 - __builtin_clzll(std::abs(e) | 1)));
  Mpfr a = value_;
  mpfr_abs(a.get(), a.get(), MPFR_RNDN);
  mpfr_log2(result.get(), a.get(), rounding(t));
  return result;
}

Number Number::wide(int sign, Mpfr exponent, Toward t) {
  const Toward m = for_magnitude(sign, t);
  const mpfr_exp_t e = exponent_of(exponent);
  if (mpfr_inf_p(exponent.get()) || e > longest_logarithm) {
    const bool huge = mpfr_sgn(exponent.get()) > 0;
    if (huge == (m == Toward::above)) {
      Mpfr limit;
      if (huge) mpfr_set_inf(limit.get(), sign);
      if (!huge) mpfr_set_zero(limit.get(), sign);
      return Number(std::move(limit));
    }
    mpfr_set_si_2exp(exponent.get(), huge ? 1 : -1, longest_logarithm, MPFR_RNDN);
  } else if (mpfr_cmpabs(exponent.get(), Mpfr(static_cast<double>(wide_from)).get()) <= 0) {
    Mpfr value;
    mpfr_exp2(value.get(), exponent.get(), rounding(m));
    return Number(with_sign(std::move(value), sign));
  }
  Number result(std::move(exponent));
  result.wide_sign_ = sign;
  return result;
}

Number negative(Number a) {
  if (a.is_wide()) {
    a.wide_sign_ = -a.wide_sign_;
  } else {
    mpfr_neg(a.get(), a.get(), MPFR_RNDN);
  }
  return a;
}

int compare(const Number& a, const Number& b) {
  if (!a.is_wide() && !b.is_wide()) return mpfr_cmp(a.get(), b.get());
  if (a.sign() != b.sign()) return a.sign() < b.sign() ? -1 : 1;
  // One sign, and one of them wide at least: the other may be an infinity, not 0.
  const int sign = a.sign();
  if (a.is_infinite()) return sign;
  if (b.is_infinite()) return -sign;
  if (a.is_wide() && b.is_wide()) return sign * mpfr_cmp(a.get(), b.get());
  // Common numbers lie between the tiny and the huge, but for a seam that settles either way.
  const Mpfr la = a.binary_logarithm(Toward::below);
  const Mpfr lb = b.binary_logarithm(Toward::below);
  return sign * mpfr_cmp(la.get(), lb.get());
}

Number add(const Number& a, const Number& b, Toward t) {
  if (!a.is_wide() && !b.is_wide()) {
    Mpfr sum;
    mpfr_add(sum.get(), a.get(), b.get(), rounding(t));
    return Number::settled(std::move(sum), t);
  }
  if (a.is_zero() || b.is_infinite() || b.is_nan()) return b;
  if (b.is_zero() || a.is_infinite() || a.is_nan()) return a;
  Number big = a;
  Number small = b;
  if (magnitude(big) < magnitude(small)) std::swap(big, small);
  const int sign = big.sign();
  const Toward m = for_magnitude(sign, t);
  const bool same = sign == small.sign();
  const Toward of_small = same ? m : opposite(m);
  const Mpfr l_big = big.binary_logarithm(m);
  // |small| / |big| = 2^d, at most 1. A common number's logarithm is rounded, so that d may pass 0
  // by a rounding: the ratio is cut at 1.
  const Mpfr l_small = small.binary_logarithm(of_small);
  const Mpfr l_divisor = big.binary_logarithm(opposite(of_small));
  Mpfr d = at_precision(mpfr_get_prec(l_big.get()));
  mpfr_sub(d.get(), l_small.get(), l_divisor.get(), rounding(of_small));
  if (mpfr_sgn(d.get()) > 0) mpfr_set_zero(d.get(), 1);
  if (!same && mpfr_zero_p(d.get())) {
    const bool exactly =
        mpfr_equal_p(l_small.get(), l_big.get()) && big.is_wide() && small.is_wide();
    if (exactly || m == Toward::below) return Number(0);
  }
  Mpfr ratio = at_precision(mpfr_get_prec(l_big.get()));
  mpfr_exp2(ratio.get(), d.get(), rounding(of_small));
  if (!same) mpfr_neg(ratio.get(), ratio.get(), MPFR_RNDN);
  Mpfr l = at_precision(mpfr_get_prec(l_big.get()));
  mpfr_log2p1(l.get(), ratio.get(), rounding(m));
  mpfr_add(l.get(), l.get(), l_big.get(), rounding(m));
  return Number::wide(sign, std::move(l), t);
}

Number subtract(const Number& a, const Number& b, Toward t) {
  if (!a.is_wide() && !b.is_wide()) {
    Mpfr difference;
    mpfr_sub(difference.get(), a.get(), b.get(), rounding(t));
    return Number::settled(std::move(difference), t);
  }
  return add(a, negative(b), t);
}

Number multiply(const Number& a, const Number& b, Toward t) {
  const bool wide = a.is_wide() || b.is_wide();
  if (!wide || a.is_zero() || b.is_zero() || a.is_infinite() || b.is_infinite() || a.is_nan() ||
      b.is_nan()) {
    const Number one_a = a.is_wide() ? Number(a.sign()) : a;
    const Number one_b = b.is_wide() ? Number(b.sign()) : b;
    Mpfr product;
    mpfr_mul(product.get(), one_a.get(), one_b.get(), rounding(t));
    return Number::settled(std::move(product), t);
  }
  const int sign = a.sign() * b.sign();
  const Toward m = for_magnitude(sign, t);
  const Mpfr la = a.binary_logarithm(m);
  const Mpfr lb = b.binary_logarithm(m);
  Mpfr l = at_precision(std::max(mpfr_get_prec(la.get()), mpfr_get_prec(lb.get())));
  mpfr_add(l.get(), la.get(), lb.get(), rounding(m));
  return Number::wide(sign, std::move(l), t);
}

Number divide(const Number& a, const Number& b, Toward t) {
  const bool wide = a.is_wide() || b.is_wide();
  if (!wide || a.is_zero() || b.is_zero() || a.is_infinite() || b.is_infinite() || a.is_nan() ||
      b.is_nan()) {
    const Number one_a = a.is_wide() ? Number(a.sign()) : a;
    const Number one_b = b.is_wide() ? Number(b.sign()) : b;
    Mpfr quotient;
    mpfr_div(quotient.get(), one_a.get(), one_b.get(), rounding(t));
    return Number::settled(std::move(quotient), t);
  }
  const int sign = a.sign() * b.sign();
  const Toward m = for_magnitude(sign, t);
  const Mpfr la = a.binary_logarithm(m);
  const Mpfr lb = b.binary_logarithm(opposite(m));
  Mpfr l = at_precision(std::max(mpfr_get_prec(la.get()), mpfr_get_prec(lb.get())));
  mpfr_sub(l.get(), la.get(), lb.get(), rounding(m));
  return Number::wide(sign, std::move(l), t);
}

Number square_root(const Number& a, Toward t) {
  if (!a.is_wide()) {
    Mpfr root;
    mpfr_sqrt(root.get(), a.get(), rounding(t));
    return Number::settled(std::move(root), t);
  }
  Mpfr half = a.value_;
  mpfr_div_2ui(half.get(), half.get(), 1, rounding(t));
  return Number::wide(1, std::move(half), t);
}

Number exponential(const Number& a, Toward t) {
  const bool common = !a.is_wide() && (!mpfr_regular_p(a.get()) || mpfr_get_exp(a.get()) <= 27);
  if (common) {
    Mpfr value;
    mpfr_exp(value.get(), a.get(), rounding(t));
    return Number::settled(std::move(value), t);
  }
  if (a.is_tiny()) {  // 1 + a, a beyond the last bit
    Mpfr value(1);
    if (a.sign() > 0 && t == Toward::above) mpfr_nextabove(value.get());
    if (a.sign() < 0 && t == Toward::below) mpfr_nextbelow(value.get());
    return Number(std::move(value));
  }
  if (a.is_huge()) {  // its exponential has a logarithm that is wide itself
    Mpfr beyond;
    mpfr_set_inf(beyond.get(), a.sign());
    return Number::wide(1, std::move(beyond), t);
  }
  // a log2(e) = a / log(2)
  Mpfr l = at_precision(logarithm_bits(mpfr_get_exp(a.get())));
  const PrecisionScope scope(mpfr_get_prec(l.get()));
  Mpfr ln2;
  const Toward divisor = a.sign() > 0 ? opposite(t) : t;
  mpfr_const_log2(ln2.get(), rounding(divisor));
  mpfr_div(l.get(), a.get(), ln2.get(), rounding(t));
  return Number::wide(1, std::move(l), t);
}

Number logarithm(const Number& a, Toward t) {
  Mpfr value;
  if (!a.is_wide()) {
    mpfr_log(value.get(), a.get(), rounding(t));
    return Number::settled(std::move(value), t);
  }
  Mpfr ln2;
  const Toward factor = mpfr_sgn(a.get()) > 0 ? t : opposite(t);
  mpfr_const_log2(ln2.get(), rounding(factor));
  mpfr_mul(value.get(), a.get(), ln2.get(), rounding(t));
  return Number::settled(std::move(value), t);
}

bool is_odd_integer(const Number& a) {
  if (a.is_wide() || !mpfr_integer_p(a.get())) return false;
  Mpfr half;
  mpfr_set_prec(half.get(), mpfr_get_prec(a.get()));
  mpfr_div_2ui(half.get(), a.get(), 1, MPFR_RNDN);
  return !mpfr_integer_p(half.get());
}

Number power(const Number& a, const Number& b, Toward t) {
  const bool special = a.is_zero() || a.is_infinite() || b.is_zero() || b.is_infinite();
  if (!special && (a.is_wide() || b.is_wide())) {
    // b is an integer where a < 0.
    const int sign = a.sign() < 0 && is_odd_integer(b) ? -1 : 1;
    const Toward m = for_magnitude(sign, t);
    const Toward of_log = b.sign() > 0 ? m : opposite(m);
    const Number l(magnitude(a).binary_logarithm(of_log));
    const PrecisionScope scope(PrecisionScope::bits() + 64 +
                               (l.is_zero() ? 0 : exponent_of(l.value_)) +
                               (b.is_wide() ? 0 : exponent_of(b.value_)));
    const Number product = multiply(l, b, m);
    if (product.is_tiny()) return multiply(Number(sign), exponential(product, m), t);
    if (product.is_huge()) {
      Mpfr beyond;
      mpfr_set_inf(beyond.get(), product.sign());
      return Number::wide(sign, std::move(beyond), t);
    }
    return Number::wide(sign, product.value_, t);
  }
  if (!special) {
    const double size = std::abs(mpfr_get_d(b.get(), MPFR_RNDN)) *
                        (std::abs(static_cast<double>(mpfr_get_exp(a.get()))) + 1);
    // Too large for a common number: by logarithms, as above.
    if (size > static_cast<double>(wide_from)) {
      const int sign = a.sign() < 0 && is_odd_integer(b) ? -1 : 1;
      const Toward m = for_magnitude(sign, t);
      const PrecisionScope scope(PrecisionScope::bits() + 128 + exponent_of(b.value_));
      const Mpfr l = magnitude(a).binary_logarithm(b.sign() > 0 ? m : opposite(m));
      Mpfr product;
      mpfr_mul(product.get(), l.get(), b.get(), rounding(m));
      return Number::wide(sign, std::move(product), t);
    }
  }
  Mpfr value;
  mpfr_pow(value.get(), a.get(), b.get(), rounding(t));
  return Number::settled(std::move(value), t);
}

Number scaled(const Number& a, long exponent, Toward t) {
  if (a.is_wide()) {
    Mpfr l = a.value_;
    mpfr_add_si(l.get(), l.get(), exponent, rounding(for_magnitude(a.sign(), t)));
    return Number::wide(a.sign(), std::move(l), t);
  }
  Mpfr value;
  mpfr_mul_2si(value.get(), a.get(), exponent, rounding(t));
  return Number::settled(std::move(value), t);
}

}  // namespace actc::tools
