// N vectors of eight floats that are computed side by side, so that a kernel's formula is written
// once and the processor still has N independent chains of instructions in flight. AVX2 and FMA.
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace bench {

template <int N>
struct Pack {
  __m256 v[N];

  static constexpr std::size_t size = 8 * N;
};

template <int N, class Operation>
inline Pack<N> each(Operation operation) {
  Pack<N> result;
#pragma GCC unroll 8
  for (int k = 0; k < N; ++k) result.v[k] = operation(k);
  return result;
}

template <int N>
inline Pack<N> broadcast(float c) {
  return each<N>([c](int) { return _mm256_set1_ps(c); });
}

template <int N>
inline Pack<N> operator+(Pack<N> a, Pack<N> b) {
  return each<N>([&](int k) { return _mm256_add_ps(a.v[k], b.v[k]); });
}
template <int N>
inline Pack<N> operator-(Pack<N> a, Pack<N> b) {
  return each<N>([&](int k) { return _mm256_sub_ps(a.v[k], b.v[k]); });
}
template <int N>
inline Pack<N> operator*(Pack<N> a, Pack<N> b) {
  return each<N>([&](int k) { return _mm256_mul_ps(a.v[k], b.v[k]); });
}
template <int N>
inline Pack<N> operator/(Pack<N> a, Pack<N> b) {
  return each<N>([&](int k) { return _mm256_div_ps(a.v[k], b.v[k]); });
}
template <int N>
inline Pack<N> operator+(Pack<N> a, float b) {
  return a + broadcast<N>(b);
}
template <int N>
inline Pack<N> operator-(Pack<N> a, float b) {
  return a - broadcast<N>(b);
}
template <int N>
inline Pack<N> operator-(float a, Pack<N> b) {
  return broadcast<N>(a) - b;
}
template <int N>
inline Pack<N> operator*(Pack<N> a, float b) {
  return a * broadcast<N>(b);
}

// a * b + c, a * b - c, c - a * b, each rounded once.
template <int N>
inline Pack<N> fma(Pack<N> a, Pack<N> b, Pack<N> c) {
  return each<N>([&](int k) { return _mm256_fmadd_ps(a.v[k], b.v[k], c.v[k]); });
}
template <int N>
inline Pack<N> fma(Pack<N> a, Pack<N> b, float c) {
  return fma(a, b, broadcast<N>(c));
}
template <int N>
inline Pack<N> fma(Pack<N> a, float b, float c) {
  return fma(a, broadcast<N>(b), broadcast<N>(c));
}
template <int N>
inline Pack<N> fms(Pack<N> a, Pack<N> b, Pack<N> c) {
  return each<N>([&](int k) { return _mm256_fmsub_ps(a.v[k], b.v[k], c.v[k]); });
}
template <int N>
inline Pack<N> fms(Pack<N> a, float b, Pack<N> c) {
  return fms(a, broadcast<N>(b), c);
}
template <int N>
inline Pack<N> fnma(Pack<N> a, Pack<N> b, Pack<N> c) {
  return each<N>([&](int k) { return _mm256_fnmadd_ps(a.v[k], b.v[k], c.v[k]); });
}
template <int N>
inline Pack<N> fnma(Pack<N> a, float b, Pack<N> c) {
  return fnma(a, broadcast<N>(b), c);
}

// The smaller and the larger of a bound and x; x where x is NaN or where both are zeros, because
// the instruction returns its second operand then.
template <int N>
inline Pack<N> at_most(float bound, Pack<N> x) {
  return each<N>([&](int k) { return _mm256_min_ps(_mm256_set1_ps(bound), x.v[k]); });
}
template <int N>
inline Pack<N> at_least(float bound, Pack<N> x) {
  return each<N>([&](int k) { return _mm256_max_ps(_mm256_set1_ps(bound), x.v[k]); });
}
template <int N>
inline Pack<N> larger(Pack<N> a, Pack<N> x) {
  return each<N>([&](int k) { return _mm256_max_ps(a.v[k], x.v[k]); });
}

template <int N>
inline Pack<N> abs(Pack<N> x) {
  return each<N>([&](int k) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x.v[k]); });
}
// -|x|
template <int N>
inline Pack<N> negative_abs(Pack<N> x) {
  return each<N>([&](int k) { return _mm256_or_ps(_mm256_set1_ps(-0.0f), x.v[k]); });
}
// A magnitude without sign, given the sign of x.
template <int N>
inline Pack<N> with_sign_of(Pack<N> magnitude, Pack<N> x) {
  return each<N>([&](int k) {
    return _mm256_or_ps(magnitude.v[k], _mm256_and_ps(x.v[k], _mm256_set1_ps(-0.0f)));
  });
}
// `negative` where x has its sign bit set, else `positive`.
template <int N>
inline Pack<N> by_sign(Pack<N> x, Pack<N> negative, Pack<N> positive) {
  return each<N>([&](int k) { return _mm256_blendv_ps(positive.v[k], negative.v[k], x.v[k]); });
}

// All bits set where the comparison holds or x is NaN, else none.
template <int N>
inline Pack<N> greater_or_nan(Pack<N> x, float c) {
  return each<N>([&](int k) { return _mm256_cmp_ps(x.v[k], _mm256_set1_ps(c), _CMP_NLE_UQ); });
}
template <int N>
inline Pack<N> at_least_or_nan(Pack<N> x, float c) {
  return each<N>([&](int k) { return _mm256_cmp_ps(x.v[k], _mm256_set1_ps(c), _CMP_NLT_UQ); });
}
template <int N>
inline Pack<N> mask(Pack<N> condition, Pack<N> x) {
  return each<N>([&](int k) { return _mm256_and_ps(condition.v[k], x.v[k]); });
}
template <int N>
inline Pack<N> where(Pack<N> condition, Pack<N> yes, Pack<N> no) {
  return each<N>([&](int k) { return _mm256_blendv_ps(no.v[k], yes.v[k], condition.v[k]); });
}

// The float whose exponent field is the low byte of the representation of t.
template <int N>
inline Pack<N> power_of_low_bits(Pack<N> t) {
  return each<N>([&](int k) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(t.v[k]), 23));
  });
}

// 2^(m/4 - 127), where m = 4 i + j, j < 4, is the integer in the low ten bits of the representation
// of t. The shift brings i into the exponent and j into the mantissa, and the entry for j replaces
// that by the mantissa of 2^(j/4).
template <int N>
inline Pack<N> power_of_quarters(Pack<N> t) {
  constexpr auto entry = [](int j, float power) {
    return static_cast<int>(std::bit_cast<std::uint32_t>(power) - 0x3f800000U -
                            (static_cast<std::uint32_t>(j) << 21));
  };
  constexpr int e1 = entry(1, 0x1.306fe0p+0f);
  constexpr int e2 = entry(2, 0x1.6a09e6p+0f);
  constexpr int e3 = entry(3, 0x1.ae89fap+0f);
  return each<N>([&](int k) {
    const __m256 table = _mm256_castsi256_ps(_mm256_setr_epi32(0, e1, e2, e3, 0, e1, e2, e3));
    const __m256i m = _mm256_castps_si256(t.v[k]);
    const __m256i entries = _mm256_castps_si256(_mm256_permutevar_ps(table, m));
    return _mm256_castsi256_ps(_mm256_add_epi32(entries, _mm256_slli_epi32(m, 21)));
  });
}

template <int N>
inline Pack<N> load(const float* p) {
  return each<N>([p](int k) { return _mm256_loadu_ps(p + 8 * k); });
}
template <int N>
inline void store(float* p, Pack<N> x) {
#pragma GCC unroll 8
  for (int k = 0; k < N; ++k) _mm256_storeu_ps(p + 8 * k, x.v[k]);
}

}  // namespace bench
