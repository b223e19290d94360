// The hand-written kernels against which actc is measured: one struct an activation, each the
// formula for a pack of vectors. Written to be hard to beat at their accuracy.
//
// Common to them:
// - Arguments are clamped by instructions that hand a NaN on.
// - Powers of two carry an extra factor 2^K where the exponent alone would leave its range, so that
//   tails underflow gradually, once, at the end.
// - What is symmetric is computed for -|x|, where the exponential is at most 1.
#pragma once

#include <cmath>
#include <limits>

#include "bench/pack.h"

namespace bench {

inline constexpr float log2_e = 0x1.715476p+0f;
// ln 2 in two words. The first has 14 bits: its product with an integer below 1024 is exact.
inline constexpr float ln2_high = 0x1.62e8p-1f;
inline constexpr float ln2_low = -0x1.e8082ep-16f;
inline constexpr float ln2_nearest = 0x1.62e43p-1f;
// Adding it to a float below 2^21 rounds that to an integer, which stands in the low bits.
inline constexpr float to_low_bits = 0x1.8p23f;

// s^k for any k, as a constant.
constexpr float power(float s, int k) {
  float p = 1;
  for (; k > 0; --k) p *= s;
  for (; k < 0; ++k) p /= s;
  return p;
}
constexpr float power_of_two(int k) { return power(2, k); }

// A float whose low bits hold 4 (i + 127 + K) + j, from which `power_of_quarters` makes
// 2^(i + j / 4 + K). Four steps an octave cost a shuffle and an addition, and save two of the
// polynomial's multiplications: those are what limits these loops.
template <int K>
inline constexpr float quarters = to_low_bits + 4 * (127 + K);

// What is left of S * x after steps of ln 2 / 4, and the number of steps. S is a power of two or
// its negative: scaled constants cost nothing, a scaled argument an instruction.
template <int N>
struct Reduced {
  Pack<N> rest;   // times S: within 0.0869 of 0
  Pack<N> steps;  // as a float of quarters<K>
};

template <float S, int K, int N>
inline Reduced<N> reduce(Pack<N> x) {
  const Pack<N> t = fma(x, 4 * S * log2_e, quarters<K>);
  const Pack<N> m = t - quarters<K>;
  const Pack<N> r = fnma(m, ln2_high / (4 * S), x);
  return {fnma(m, ln2_low / (4 * S), r), t};
}

// The same of S * a^2. The square is never rounded: a fused multiply-subtraction takes m ln 2 / 4
// from the exact product.
template <float S, int K, int N>
inline Reduced<N> reduce_square(Pack<N> a) {
  const Pack<N> t = fma(a * (4 * S * log2_e), a, broadcast<N>(quarters<K>));
  const Pack<N> m = t - quarters<K>;
  const Pack<N> r = fms(a, a, m * (ln2_high / (4 * S)));
  return {fnma(m, ln2_low / (4 * S), r), t};
}

// (exp(S * r) - 1) / r for |S * r| <= 0.0869: 2^-27 relative to exp. Sollya, fpminimax.
template <float S, int N>
inline Pack<N> exp_polynomial(Pack<N> r) {
  Pack<N> p = broadcast<N>(0x1.554fdp-5f * power(S, 4));
  p = fma(p, r, 0x1.5570acp-3f * power(S, 3));
  p = fma(p, r, 0x1.000002p-1f * power(S, 2));
  return fma(p, r, S);
}

// exp(S * x) * 2^K, where that is a normal number. At most 1.2 ULP.
template <float S, int N>
inline Pack<N> exp_of(Reduced<N> x) {
  const Pack<N> power = power_of_quarters(x.steps);
  return fma(power, exp_polynomial<S>(x.rest) * x.rest, power);
}
template <float S, int K, int N>
inline Pack<N> exp_scaled(Pack<N> x) {
  return exp_of<S>(reduce<S, K>(x));
}

// 2^K + exp(S * x) * 2^K, the sum rounded once.
template <float S, int K, int N>
inline Pack<N> one_plus_exp_scaled(Pack<N> x) {
  const Reduced<N> y = reduce<S, K>(x);
  const Pack<N> fraction = fma(exp_polynomial<S>(y.rest), y.rest, 1.0f);
  return fma(fraction, power_of_quarters(y.steps), power_of_two(K));
}

// exp(S * x) - 1 for -30 < S * x < 30, accurate near 0, where steps of a whole octave keep
// 2^n - 1 exact. One word of ln 2 is enough: where n is large, exp(S * x) - 1 or what becomes of it
// no longer feels the last bits of r. The polynomial: r + r^2 (c2 + ... + c6 r^4), 2^-27 relative
// for |r| < 0.348. Sollya, fpminimax.
template <float S, int N>
inline Pack<N> expm1(Pack<N> x) {
  constexpr float magic = to_low_bits + 127;
  const Pack<N> t = fma(x, S * log2_e, magic);
  const Pack<N> n = t - magic;
  const Pack<N> r = fnma(n, ln2_nearest / S, x);
  Pack<N> q = broadcast<N>(0x1.6b779ap-10f * power(S, 6));
  q = fma(q, r, 0x1.12293cp-7f * power(S, 5));
  q = fma(q, r, 0x1.555714p-5f * power(S, 4));
  q = fma(q, r, 0x1.5554aep-3f * power(S, 3));
  q = fma(q, r, 0x1.fffffep-2f * power(S, 2));
  q = fma(q * r, r, r * S);
  const Pack<N> s = power_of_low_bits(t);
  return fma(s, q, s - 1.0f);
}

struct Relu {
  template <int N>
  static Pack<N> forward(Pack<N> x) {
    return at_least(0.0f, x);
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    return mask(greater_or_nan(x, 0.0f), dy);
  }
};

struct LeakyRelu {
  static constexpr float slope = 0.01f;

  template <int N>
  static Pack<N> forward(Pack<N> x) {
    return larger(x * slope, x);
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    return where(greater_or_nan(x, 0.0f), dy, dy * slope);
  }
};

struct HardSwish {
  static constexpr float sixth = 1.0f / 6;
  static constexpr float sixth_low = -0x1.555556p-28f;  // 1/6 - sixth
  static constexpr float third = 1.0f / 3;

  // x is clamped below first, so that -inf becomes -3 * 0.
  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Pack<N> m = at_least(-3.0f, x);
    const Pack<N> c = at_most(6.0f, m + 3.0f);
    return m * fma(c, broadcast<N>(sixth), c * sixth_low);
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    const Pack<N> slope = where(at_least_or_nan(x, 3.0f), broadcast<N>(1.0f), fma(x, third, 0.5f));
    return mask(greater_or_nan(x, -3.0f), dy * slope);
  }
};

// 1 / (1 + exp(-x)) = 2^-64 / (2^-64 + exp(-x) 2^-64): the scaled exponential reaches to where the
// quotient is the smallest subnormal.
struct Sigmoid {
  static constexpr int K = -64;

  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Pack<N> m = at_least(-105.0f, at_most(40.0f, x));
    return broadcast<N>(power_of_two(K)) / one_plus_exp_scaled<-1.0f, K>(m);
  }
  // e / (1 + e)^2 with e = exp(-|x|)
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    const Pack<N> m = at_least(-105.0f, negative_abs(x));
    const Pack<N> e = exp_scaled<1.0f, -K>(m) * power_of_two(K);
    const Pack<N> d = e + 1.0f;
    return dy * e / (d * d);
  }
};

// m / (m + 2) with m = expm1(2|x|).
struct Tanh {
  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Pack<N> m = expm1<2.0f>(at_most(9.02f, abs(x)));
    return with_sign_of(m / (m + 2.0f), x);
  }
  // 4 e / (1 + e)^2 with e = exp(-2|x|)
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    const Pack<N> m = at_least(-53.0f, negative_abs(x));
    const Pack<N> e4 = exp_scaled<2.0f, 64>(m) * power_of_two(-62);
    const Pack<N> d = fma(e4, 0.25f, 1.0f);
    return dy * e4 / (d * d);
  }
};

struct Elu {
  template <int N>
  static Pack<N> forward(Pack<N> x) {
    return by_sign(x, expm1<1.0f>(at_least(-20.0f, x)), x);
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    const Pack<N> m = at_least(-105.0f, at_most(0.0f, x));
    return dy * (exp_scaled<1.0f, 64>(m) * power_of_two(-64));
  }
};

// max(x, 0) + log(1 + e), e = exp(-|x|).
struct Softplus {
  // log(1 + e) = e + e^2 Q(e) for e in [0, 1]: 2^-24.8 relative to the logarithm. Sollya,
  // fpminimax.
  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Pack<N> m = at_least(-105.0f, negative_abs(x));
    const Pack<N> e = exp_scaled<1.0f, 64>(m) * power_of_two(-64);
    Pack<N> q = broadcast<N>(0x1.5fa0dap-8f);
    q = fma(q, e, -0x1.eca398p-6f);
    q = fma(q, e, 0x1.44707ap-4f);
    q = fma(q, e, -0x1.19af8ep-3f);
    q = fma(q, e, 0x1.884554p-3f);
    q = fma(q, e, -0x1.fd1368p-3f);
    q = fma(q, e, 0x1.5535dep-2f);
    q = fma(q, e, -0x1.ffff14p-2f);
    return fma(q * e, e, e) + at_least(0.0f, x);
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    return dy * Sigmoid::forward(x);
  }
};

// f'(-a) = g (1 - a + a g), g = 1 / (1 + exp(u(a))), for a >= 0; and f'(a) = 1 - f'(-a). `scaled`
// is 2^40 g and b = a u'(a): so for any x / (1 + exp(-u(x))) with odd u.
template <int N>
inline Pack<N> gated_gradient(Pack<N> x, Pack<N> dy, Pack<N> b, Pack<N> one_minus_b,
                              Pack<N> scaled) {
  const Pack<N> g = scaled * power_of_two(-40);
  const Pack<N> v = scaled * fma(b, g, one_minus_b);
  const Pack<N> left = v * power_of_two(-40);
  const Pack<N> right = fnma(v, power_of_two(-40), broadcast<N>(1.0f));
  return dy * by_sign(x, left, right);
}

// x / (1 + exp(-x)) = max(x, 0) - a / (1 + exp(a)), a = |x|. The quotient carries 2^40.
struct Silu {
  static constexpr int K = -40;

  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Pack<N> a = at_most(110.0f, abs(x));
    const Pack<N> quotient = a / one_plus_exp_scaled<1.0f, K>(a);
    return fnma(quotient, power_of_two(K), at_least(0.0f, x));
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    const Pack<N> a = at_most(110.0f, abs(x));
    const Pack<N> scaled = broadcast<N>(1.0f) / one_plus_exp_scaled<1.0f, K>(a);
    return gated_gradient(x, dy, a, 1.0f - a, scaled);
  }
};

// x w / (w + 2), w = e (e + 2), e = exp(x). The quotient is of the clamped x and carries 2^40; what
// the clamp at 20 took is added again, so that large x come through and -0 keeps its sign.
struct Mish {
  static constexpr int K = 40;

  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Pack<N> m = at_least(-110.0f, at_most(20.0f, x));
    const Pack<N> scaled = exp_scaled<1.0f, K>(m);
    const Pack<N> e = scaled * power_of_two(-K);
    const Pack<N> w = fma(scaled, e, scaled + scaled);
    const Pack<N> quotient = m * w / fma(w, power_of_two(-K), 2.0f);
    return fms(quotient, power_of_two(-K), 20.0f - at_least(20.0f, x));
  }
  // e o / d^2, o = 4 (x + 1) + e (4 x + 6 + e (4 + e)), d = e (e + 2) + 2: 1 in binary32 from 12
  // on. o is computed with the factor 2^-40.
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    const Pack<N> m = at_least(-110.0f, at_most(12.0f, x));
    const Pack<N> scaled = exp_scaled<1.0f, K>(m);
    const Pack<N> e = scaled * power_of_two(-K);
    const Pack<N> d = fma(e, e + 2.0f, 2.0f);
    const Pack<N> o0 = fma(m, power_of_two(2 - K), power_of_two(2 - K));
    const Pack<N> o1 = fma(m, power_of_two(2 - K), 1.5f * power_of_two(2 - K));
    const Pack<N> o2 = fma(e, power_of_two(-K), power_of_two(2 - K));
    const Pack<N> o = fma(e, fma(e, o2, o1), o0);
    return dy * (scaled * o / (d * d));
  }
};

// x / (1 + exp(-u)), u = c x (x^2 + b): the tanh form of GELU, since (1 + tanh z) / 2 is the
// logistic function of 2z = u. In the left tail an error of u is an error of the result, 100 times
// larger, so u is carried in two words: x^2 + b is, and the reduction takes n ln 2 / c from the
// exact product with x.
struct GeluTanh {
  static constexpr int K = -40;
  static constexpr float c = 0x1.2444f2p-4f;     // 2 sqrt(2 / pi) 0.044715
  static constexpr float b_high = 0x1.65d2p+4f;  // 1 / 0.044715: 16 bits, and the rest
  static constexpr float b_low = 0x1.7b767cp-14f;
  static constexpr float c_log2_e = 0x1.a5a7dp-4f;
  static constexpr float period_high = 0x1.36d8p+3f;  // ln 2 / c: 14 bits, and the rest
  static constexpr float period_low = 0x1.d56d78p-13f;
  static constexpr float linear = 0x1.988454p+0f;  // c b
  static constexpr float cubic3 = 0x1.b6676cp-3f;  // 3 c

  // 2^K + exp(c x (x^2 + b)) 2^K
  template <int N>
  static Pack<N> denominator(Pack<N> x) {
    const Pack<N> high = fma(x, x, b_high);
    const Pack<N> low = fms(x, x, high - b_high) + b_low;
    const Pack<N> t = fma(x * high, 4 * c_log2_e, quarters<K>);
    const Pack<N> m = t - quarters<K>;
    Pack<N> r = fms(x, high, m * (period_high / 4));
    r = fma(x, low, r);
    r = fnma(m, period_low / 4, r);
    // exp(c r) for |c r| <= 0.0869: 2^-28 relative. Sollya, fpminimax.
    Pack<N> p = broadcast<N>(0x1.21ddc8p-20f);
    p = fma(p, r, 0x1.fc2b9p-15f);
    p = fma(p, r, 0x1.4dad62p-9f);
    p = fma(p, r, 0x1.2444fp-4f);
    p = fma(p, r, 1.0f);
    return fma(p, power_of_quarters(t), power_of_two(K));
  }

  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Pack<N> a = at_most(10.9f, abs(x));
    return fnma(a / denominator(a), power_of_two(K), at_least(0.0f, x));
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    const Pack<N> a = at_most(10.9f, abs(x));
    const Pack<N> scaled = broadcast<N>(1.0f) / denominator(a);
    const Pack<N> slope = fma(a * a, cubic3, linear);
    return gated_gradient(x, dy, a * slope, fnma(a, slope, broadcast<N>(1.0f)), scaled);
  }
};

// x Phi(x) = max(x, 0) - a Phi(-a), a = |x|, where Phi(-a) = exp(-a^2 / 2) R(a) and R, half the
// scaled complementary error function, is a polynomial in a quotient.
struct Gelu {
  static constexpr int K = 40;

  // a R(a) = u H(u - 7/16), u = a / (a + 32/11), for a <= 14.4: 2^-25 relative. A polynomial about
  // the middle, since one about either end cancels at the other. Sollya, fpminimax.
  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Pack<N> a = at_most(14.4f, abs(x));
    const Pack<N> u = a / (a + 0x1.745d18p+1f);
    const Pack<N> v = u - 0.4375f;
    const Pack<N> e = exp_of<-0.5f>(reduce_square<-0.5f, K>(a));
    constexpr float s = power_of_two(-K);
    Pack<N> h = broadcast<N>(s * -0x1.4d2c9ep-4f);
    h = fma(h, v, s * -0x1.bd7b8cp-5f);
    h = fma(h, v, s * 0x1.203d1cp-3f);
    h = fma(h, v, s * 0x1.1ad3ep-3f);
    h = fma(h, v, s * -0x1.0e5116p-2f);
    h = fma(h, v, s * -0x1.cd7df6p-3f);
    h = fma(h, v, s * 0x1.cce76p-1f);
    h = fma(h, v, s * -0x1.1aa40cp+0f);
    h = fma(h, v, s * 0x1.9515e6p-1f);
    return fnma(u * e, h, at_least(0.0f, x));
  }

  // f'(-a) = exp(-a^2 / 2) (R(a) - a / sqrt(2 pi)), f'(a) = 1 - f'(-a). R(a) = P(u - 1/4),
  // u = a / (a + 10/3), for a <= 14.4: within 2^-25.4 of max(|R(a) - a / sqrt(2 pi)|, 0.2). Sollya,
  // remez with each coefficient rounded in turn.
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    const Pack<N> a = at_most(14.6f, abs(x));
    const Pack<N> v = a / (a + 0x1.aaaaaap+1f) - 0.25f;
    const Pack<N> e = exp_of<-0.5f>(reduce_square<-0.5f, K>(a));
    constexpr float s = power_of_two(-K);
    Pack<N> r = broadcast<N>(s * 0x1.0e3312p-5f);
    r = fma(r, v, s * -0x1.c661a2p-5f);
    r = fma(r, v, s * -0x1.c9f002p-5f);
    r = fma(r, v, s * 0x1.1bb226p-3f);
    r = fma(r, v, s * 0x1.191e0ap-3f);
    r = fma(r, v, s * -0x1.50d436p-1f);
    r = fma(r, v, s * 0x1.da7baap-1f);
    r = fma(r, v, s * -0x1.7991cp-1f);
    r = fma(r, v, s * 0x1.f9f5p-3f);
    const Pack<N> w = fnma(a, s * 0x1.988454p-2f, r);
    return dy * by_sign(x, w * e, fnma(w, e, broadcast<N>(1.0f)));
  }
};

}  // namespace bench
