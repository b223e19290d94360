#include <immintrin.h>
#include <sleef.h>

#include "bench/peers/sleef.h"

namespace bench {
namespace {

template <auto function>
void loop(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; i += 16) {
    _mm512_storeu_ps(y + i, function(_mm512_loadu_ps(x + i)));
  }
}

constexpr MathLoop loops[] = {
    {"exp", loop<Sleef_expf16_u10avx512f>},     {"exp2", loop<Sleef_exp2f16_u10avx512f>},
    {"expm1", loop<Sleef_expm1f16_u10avx512f>}, {"log", loop<Sleef_logf16_u10avx512f>},
    {"log2", loop<Sleef_log2f16_u10avx512f>},   {"log10", loop<Sleef_log10f16_u10avx512f>},
    {"log1p", loop<Sleef_log1pf16_u10avx512f>}, {"sin", loop<Sleef_sinf16_u10avx512f>},
    {"cos", loop<Sleef_cosf16_u10avx512f>},     {"tanh", loop<Sleef_tanhf16_u10avx512f>},
    {"sinh", loop<Sleef_sinhf16_u10avx512f>},   {"cosh", loop<Sleef_coshf16_u10avx512f>},
    {"erf", loop<Sleef_erff16_u10avx512f>},     {"atan", loop<Sleef_atanf16_u10avx512f>},
    {"erfc", loop<Sleef_erfcf16_u15avx512f>},  // 1.5 ULP is its best
};

}  // namespace

std::span<const MathLoop> sleef_avx512() { return loops; }

}  // namespace bench
