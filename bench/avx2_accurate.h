// Hand-written kernels within the bounds of actc's own forms, where those of avx2_kernels.h are
// less accurate: 1 ULP for sigmoid and tanh, 2 for mish and gelu (gelu from -3 on; beyond, where an
// error of x is ten times larger in the result, 3). The gradients are those of avx2_kernels.h.
#pragma once

#include <array>

#include "bench/avx2_kernels.h"

namespace bench {

using Eight = std::array<float, 8>;

constexpr Eight scaled(Eight table) {
  for (float& entry : table) entry *= power_of_two(-40);
  return table;
}

// The entry of the number in the low three bits.
template <int N>
inline Pack<N> entry(const Eight& table, Pack<N> number) {
  const __m256 entries = _mm256_loadu_ps(table.data());
  return each<N>(
      [&](int k) { return _mm256_permutevar8x32_ps(entries, _mm256_castps_si256(number.v[k])); });
}

template <int N>
inline Pack<N> smaller(Pack<N> a, Pack<N> x) {
  return each<N>([&](int k) { return _mm256_min_ps(a.v[k], x.v[k]); });
}

// The low `Bits` bits of the representation cleared.
template <unsigned Bits, int N>
inline Pack<N> without_low_bits(Pack<N> x) {
  const __m256 kept = _mm256_castsi256_ps(_mm256_set1_epi32(static_cast<int>(~0U << Bits)));
  return each<N>([&](int k) { return _mm256_and_ps(x.v[k], kept); });
}

// S / x for positive x within 6 %, S 1 or -1: the factor of a step of Newton.
template <int S, int N>
inline Pack<N> rough_reciprocal(Pack<N> x) {
  const __m256i from = _mm256_set1_epi32(static_cast<int>(S > 0 ? 0x7ef311c3U : 0xfef311c3U));
  return each<N>([&](int k) {
    return _mm256_castsi256_ps(_mm256_sub_epi32(from, _mm256_castps_si256(x.v[k])));
  });
}

// exp(S * x) in steps of ln 2 / 8: what is left, times 5705.85888671875/4096 and rounded once. For
// that factor ln 2 is 3955/4096 within 2^-40.8, and its product with the number of steps is exact.
template <float S, int N>
inline Reduced<N> reduce_eighths(Pack<N> x) {
  constexpr float factor = 5705.85888671875f / 4096;
  const Pack<N> t = fma(x, 8 * S * log2_e, to_low_bits);
  const Pack<N> m = fma(t, 3955.0f / 32768, -3955.0f / 32768 * to_low_bits);
  return {fms(x, factor * S, m), t};
}

// unit * 2^(m/8 + K), the unit such that the eight are within 2^-28.4 of floats; as in
// power_of_quarters.
inline constexpr float eighths_unit = 1.08771491f;
template <int K, int N>
inline Pack<N> power_of_eighths(Pack<N> steps) {
  constexpr float s = power_of_two(K);
  static constexpr Eight table = {1.08771491f * s, 1.06116152f * s, 1.0435183f * s,
                                  1.03559172f * s, 1.03826118f * s, 1.0524857f * s,
                                  1.07931113f * s, 1.11987793f * s};
  const Pack<N> entries = entry(table, steps);
  return each<N>([&](int k) {
    const __m256i shifted = _mm256_slli_epi32(_mm256_castps_si256(steps.v[k]), 20);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(entries.v[k]), shifted));
  });
}

// 1 / (1 + exp(-x)) = c / (c + p (1 + q)): the sum in two words, one step of Newton for the
// quotient. The factor 2^-64 as in Sigmoid.
struct SigmoidAccurate {
  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Reduced<N> y = reduce_eighths<-1.0f>(at_least(-105.0f, at_most(40.0f, x)));
    const Pack<N> p = power_of_eighths<-64>(y.steps);
    Pack<N> q = fma(y.rest, 0x1.f924dp-5f, 0x1.07e2bap-2f);
    q = fma(q, y.rest, 0x1.6f8b2ap-1f);
    q = fma(q, y.rest, -0x1.3b7ffap-26f);
    const Pack<N> c = broadcast<N>(eighths_unit * power_of_two(-64));
    const Pack<N> high = p + c;
    const Pack<N> low = fma(p, q, (larger(p, c) - high) + smaller(p, c));
    const Pack<N> d = high + low;
    const Pack<N> quotient = c / d;
    const Pack<N> left = fnma(quotient, low, fnma(quotient, high, c));
    return fma(left, rough_reciprocal<1>(d), quotient);
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    return Sigmoid::backward(x, dy);
  }
};

// |x| = k ln 2 / 2 + r, g = (2^k - 1) / 2, c = r coth r = 1 + b: tanh |x| = (g (c + r) + r) / (g (c
// + r) + c), with one step of Newton. The two low bits of the quotient y are cut, so that u = g (1
// - y) and u - y are exact.
struct TanhAccurate {
  template <int N>
  static Pack<N> forward(Pack<N> x) {
    constexpr float magic = to_low_bits + 126;
    const Pack<N> a = at_most(9.02f, abs(x));
    const Pack<N> t = fma(a, 2 * log2_e, magic);
    const Pack<N> r = fnma(t - magic, ln2_nearest / 2, a);
    const Pack<N> z = r * r;
    const Pack<N> k = fma(z, -0x1.6a9db2p-6f, 0x1.55551cp-2f);
    const Pack<N> b = z * k;
    const Pack<N> c = fma(z, k, broadcast<N>(1.0f));
    const Pack<N> m = c + r;
    const Pack<N> g = power_of_low_bits(t) - 0.5f;
    const Pack<N> d = fma(g, m, c);
    const Pack<N> y = without_low_bits<2>(fma(g, m, r) / d);
    const Pack<N> u = fnma(y, g, g);
    const Pack<N> l = u - y;
    const Pack<N> left = fma(b, l, fma(r, u, l + r));
    return with_sign_of(fma(left, rough_reciprocal<1>(d), y), x);
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    return Tanh::backward(x, dy);
  }
};

// 2 x h / (1 + h^2), h = 1 + 2 exp(-x), with the remainder h (2 x - h y) - y of the quotient y, its
// signs such that -0 stays. Beyond 40, where h^2 would overflow or 2 x might, as Mish.
struct MishAccurate {
  template <int N>
  static Pack<N> forward(Pack<N> x) {
    const Reduced<N> reduced = reduce_eighths<-1.0f>(x);
    const Pack<N> p = power_of_eighths<1>(reduced.steps);
    Pack<N> q = fma(reduced.rest, 0x1.d06acap-5f, 0x1.e53696p-3f);
    q = fma(q, reduced.rest, 0x1.51e784p-1f);
    q = fma(q, reduced.rest, -0x1.4a4eb6p-4f);
    const Pack<N> h = p + fma(p, q, broadcast<N>(1.0f));
    const Pack<N> twice = x + x;
    const Pack<N> d = fma(h, h, broadcast<N>(1.0f));
    const Pack<N> y = twice * h / d;
    const Pack<N> left = fma(fms(y, h, twice), h, y);
    const Pack<N> near = fma(left, rough_reciprocal<-1>(d), y);
    const Pack<N> far = each<N>([&](int k) {
      const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x.v[k]);
      return _mm256_cmp_ps(magnitude, _mm256_set1_ps(40.0f), _CMP_GT_OQ);
    });
    __m256 any = far.v[0];
    for (int k = 1; k < N; ++k) any = _mm256_or_ps(any, far.v[k]);
    if (_mm256_movemask_ps(any) == 0) [[likely]]
      return near;
    return where(far, Mish::forward(x), near);
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    return Mish::backward(x, dy);
  }
};

// max(x, 0) - a Phi(-a), a = |x|, Phi(-a) = 2^i (1 + e) R(a) with exp(-a^2 / 2) = 2^i (1 + e), so
// that a 2^i is exact. R(a) = c + u in eight intervals, half octaves of a + 1: the sum of c and
// what is left of R (1 + e) is high, and what that has lost is added last. u is a polynomial in (a
// - middle) / (a + 59/16), within 2^-25.4 of R below 3 and 2^-23.3 to 14.4.
struct GeluAccurate {
  static constexpr Eight middle = {1.45182812f, 2.45963144f, 3.86998296f,  5.89659595f,
                                   8.68481159f, 12.5279827f, 0.234127343f, 0.735928178f};
  static constexpr Eight at_middle =
      scaled({0.210212275f, 0.143195197f, 0.0972599909f, 0.0658581778f, 0.0453493632f,
              0.0316449627f, 0.418764621f, 0.302694619f});
  static constexpr Eight q1 = scaled({-0.481813043f, -0.287285328f, -0.170404121f, -0.101622194f,
                                      -0.0629948601f, -0.0404533185f, -1.18001056f, -0.779323161f});
  static constexpr Eight q2 = scaled({0.496819168f, 0.246358171f, 0.115188181f, 0.051559709f,
                                      0.0234716609f, 0.0109482715f, 1.49839377f, 0.913571775f});
  static constexpr Eight q3 =
      scaled({-0.332520694f, -0.14911364f, -0.0592763089f, -0.0211579092f, -0.00739168469f,
              -0.0025772443f, -1.05200362f, -0.639320493f});
  static constexpr Eight q4 = scaled({0.11935927f, 0.0557739846f, 0.0209899899f, 0.00652349228f,
                                      0.00185409549f, 0.000505291857f, 0.264582127f, 0.200844705f});

  template <int N>
  static Pack<N> forward(Pack<N> x) {
    constexpr float magic = to_low_bits + 127 + 40;
    const Pack<N> a = at_most(14.4f, abs(x));
    const Pack<N> beside = a + 1.0f;
    const Pack<N> interval = each<N>([&](int k) {
      return _mm256_castsi256_ps(_mm256_srli_epi32(_mm256_castps_si256(beside.v[k]), 22));
    });
    const Pack<N> v = (a - entry(middle, interval)) / (a + 3.6875f);
    const Pack<N> c = entry(at_middle, interval);
    Pack<N> u = fma(entry(q4, interval), v, entry(q3, interval));
    u = fma(u, v, entry(q2, interval));
    u = v * fma(u, v, entry(q1, interval));
    const Pack<N> t = fma(a * (-0.5f * log2_e), a, broadcast<N>(magic));
    const Pack<N> m = t - magic;
    const Pack<N> r = fnma(m, -2 * ln2_low, fma(a, a, m * (2 * ln2_high)));
    // exp(-r / 2) - 1 for |r| <= ln 2, within 2^-28.2 of exp.
    Pack<N> e = fma(r, 0.001382201095111668109893799f / 64, -0.008368852548301219940185547f / 32);
    e = fma(e, r, 0.04166825488209724426269531f / 16);
    e = fma(e, r, -0.16666519641876220703125f / 8);
    e = fma(e, r, 0.499999940395355224609375f / 4);
    e = r * fma(e, r, -0.5f);
    const Pack<N> p = a * power_of_low_bits(t);
    const Pack<N> w = fma(e, c, fma(e, u, u));
    const Pack<N> high = c + w;
    return fnma(p, high, fnma(p, w - (high - c), at_least(0.0f, x)));
  }
  template <int N>
  static Pack<N> backward(Pack<N> x, Pack<N> dy) {
    return Gelu::backward(x, dy);
  }
};

}  // namespace bench
