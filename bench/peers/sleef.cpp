// SLEEF's vector functions with its bound of 1 ULP (erfc: 1.5, its best) as loops over arrays, and
// the activations that one writes with them. Built once for each width of vectors.
#include <immintrin.h>
#include <sleef.h>

#include <string_view>
#include <utility>

#include "bench/peers/peer.h"

namespace bench {
namespace {

#ifdef __AVX512F__
constexpr const char* peer_name = "SLEEF, AVX-512";
bool is_supported() { return __builtin_cpu_supports("avx512f") != 0; }
using Vector = __m512;
Vector load(const float* p) { return _mm512_load_ps(p); }
void store(float* p, Vector v) { _mm512_store_ps(p, v); }
Vector of(float c) { return _mm512_set1_ps(c); }
Vector larger(Vector a, Vector b) { return _mm512_max_ps(a, b); }
Vector abs(Vector a) { return _mm512_abs_ps(a); }
Vector positive(Vector x, Vector yes, Vector no) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, of(0), _CMP_GT_OQ), no, yes);
}
constexpr auto* v_exp = Sleef_expf16_u10avx512f;
constexpr auto* v_exp2 = Sleef_exp2f16_u10avx512f;
constexpr auto* v_expm1 = Sleef_expm1f16_u10avx512f;
constexpr auto* v_log = Sleef_logf16_u10avx512f;
constexpr auto* v_log2 = Sleef_log2f16_u10avx512f;
constexpr auto* v_log10 = Sleef_log10f16_u10avx512f;
constexpr auto* v_log1p = Sleef_log1pf16_u10avx512f;
constexpr auto* v_sin = Sleef_sinf16_u10avx512f;
constexpr auto* v_cos = Sleef_cosf16_u10avx512f;
constexpr auto* v_tanh = Sleef_tanhf16_u10avx512f;
constexpr auto* v_sinh = Sleef_sinhf16_u10avx512f;
constexpr auto* v_cosh = Sleef_coshf16_u10avx512f;
constexpr auto* v_erf = Sleef_erff16_u10avx512f;
constexpr auto* v_erfc = Sleef_erfcf16_u15avx512f;
constexpr auto* v_atan = Sleef_atanf16_u10avx512f;
#else
constexpr const char* peer_name = "SLEEF, AVX2";
bool is_supported() { return __builtin_cpu_supports("avx2") != 0; }
using Vector = __m256;
Vector load(const float* p) { return _mm256_load_ps(p); }
void store(float* p, Vector v) { _mm256_store_ps(p, v); }
Vector of(float c) { return _mm256_set1_ps(c); }
Vector larger(Vector a, Vector b) { return _mm256_max_ps(a, b); }
Vector abs(Vector a) { return _mm256_andnot_ps(of(-0.0F), a); }
Vector positive(Vector x, Vector yes, Vector no) {
  return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(x, of(0), _CMP_GT_OQ));
}
constexpr auto* v_exp = Sleef_expf8_u10avx2;
constexpr auto* v_exp2 = Sleef_exp2f8_u10avx2;
constexpr auto* v_expm1 = Sleef_expm1f8_u10avx2;
constexpr auto* v_log = Sleef_logf8_u10avx2;
constexpr auto* v_log2 = Sleef_log2f8_u10avx2;
constexpr auto* v_log10 = Sleef_log10f8_u10avx2;
constexpr auto* v_log1p = Sleef_log1pf8_u10avx2;
constexpr auto* v_sin = Sleef_sinf8_u10avx2;
constexpr auto* v_cos = Sleef_cosf8_u10avx2;
constexpr auto* v_tanh = Sleef_tanhf8_u10avx2;
constexpr auto* v_sinh = Sleef_sinhf8_u10avx2;
constexpr auto* v_cosh = Sleef_coshf8_u10avx2;
constexpr auto* v_erf = Sleef_erff8_u10avx2;
constexpr auto* v_erfc = Sleef_erfcf8_u15avx2;
constexpr auto* v_atan = Sleef_atanf8_u10avx2;
#endif

Vector exp(Vector x) { return v_exp(x); }
Vector sigmoid(Vector x) { return of(1) / (of(1) + exp(-x)); }
Vector softplus(Vector x) { return larger(x, of(0)) + v_log1p(exp(-abs(x))); }
Vector elu(Vector x) { return positive(x, x, v_expm1(x)); }
Vector silu(Vector x) { return x * sigmoid(x); }
Vector mish(Vector x) { return x * v_tanh(softplus(x)); }
Vector gelu(Vector x) { return of(0.5F) * x * v_erfc(x * of(-0.70710678F)); }
Vector gelu_tanh(Vector x) {
  return x * sigmoid(of(1.5957691F) * x * (of(1) + of(0.044715F) * x * x));
}

template <auto function>
void loop(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += sizeof(Vector) / sizeof(float)) {
    store(y + i, function(load(x + i)));
  }
}

using Loop = void (*)(const float*, float*, std::size_t);
constexpr std::pair<std::string_view, Loop> loops[] = {
    {"exp", loop<v_exp>},           {"exp2", loop<v_exp2>},       {"expm1", loop<v_expm1>},
    {"log", loop<v_log>},           {"log2", loop<v_log2>},       {"log10", loop<v_log10>},
    {"log1p", loop<v_log1p>},       {"sin", loop<v_sin>},         {"cos", loop<v_cos>},
    {"tanh", loop<v_tanh>},         {"sinh", loop<v_sinh>},       {"cosh", loop<v_cosh>},
    {"erf", loop<v_erf>},           {"erfc", loop<v_erfc>},       {"atan", loop<v_atan>},
    {"sigmoid", loop<sigmoid>},     {"softplus", loop<softplus>}, {"elu", loop<elu>},
    {"silu", loop<silu>},           {"mish", loop<mish>},         {"gelu", loop<gelu>},
    {"gelu_tanh", loop<gelu_tanh>},
};

std::function<void()> prepare(const Job& job) {
  constexpr std::size_t whole = sizeof(Vector) / sizeof(float);
  if (job.type != Type::f32 || job.direction != Direction::forward || job.n % whole != 0) return {};
  for (const auto& [name, run] : loops) {
    if (name == job.function) {
      return [run = run, x = static_cast<const float*>(job.x), y = static_cast<float*>(job.y),
              n = job.n] { run(x, y, n); };
    }
  }
  return {};
}

}  // namespace
}  // namespace bench

bench::Peers actc_bench_peers() {
  static constexpr bench::Peer self = {bench::peer_name, bench::offer<bench::prepare>};
  return {&self, std::size_t(bench::is_supported() ? 1 : 0)};
}
