#include <immintrin.h>
#include <sleef.h>

#include "bench/peers/sleef.h"

namespace bench {
namespace {

template <auto function>
void loop(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 8) {
    _mm256_storeu_ps(y + i, function(_mm256_loadu_ps(x + i)));
  }
}

constexpr MathLoop loops[] = {
    {"exp", loop<Sleef_expf8_u10avx2>},     {"exp2", loop<Sleef_exp2f8_u10avx2>},
    {"expm1", loop<Sleef_expm1f8_u10avx2>}, {"log", loop<Sleef_logf8_u10avx2>},
    {"log2", loop<Sleef_log2f8_u10avx2>},   {"log10", loop<Sleef_log10f8_u10avx2>},
    {"log1p", loop<Sleef_log1pf8_u10avx2>}, {"sin", loop<Sleef_sinf8_u10avx2>},
    {"cos", loop<Sleef_cosf8_u10avx2>},     {"tanh", loop<Sleef_tanhf8_u10avx2>},
    {"sinh", loop<Sleef_sinhf8_u10avx2>},   {"cosh", loop<Sleef_coshf8_u10avx2>},
    {"erf", loop<Sleef_erff8_u10avx2>},     {"atan", loop<Sleef_atanf8_u10avx2>},
    {"erfc", loop<Sleef_erfcf8_u15avx2>},  // 1.5 ULP is its best
};

}  // namespace

std::span<const MathLoop> sleef_avx2() { return loops; }

}  // namespace bench
