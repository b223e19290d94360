// Instantiates the hand-written kernels; the only source that is compiled for AVX2 and FMA.
#include <array>

#include "bench/avx2_accurate.h"
#include "bench/avx2_kernels.h"
#include "bench/kernels.h"
#include "bench/loop.h"

namespace bench {

// Vectors side by side: four served best where they were measured, on Zen 5, but for GELU's long
// formula.
template <class Function, int F = 4, int B = 4>
constexpr UnaryKernel kernel(std::string_view name) {
  return {name, &map_forward<Function, F>, &map_backward<Function, B>};
}

std::span<const UnaryKernel> avx2_kernels() {
  static constexpr std::array kernels = {
      kernel<Relu>("relu"),
      kernel<LeakyRelu>("leaky_relu"),
      kernel<HardSwish>("hard_swish"),
      kernel<Sigmoid>("sigmoid"),
      kernel<Tanh>("tanh"),
      kernel<Elu>("elu"),
      kernel<Softplus>("softplus"),
      kernel<Silu>("silu"),
      kernel<Mish>("mish"),
      kernel<GeluTanh>("gelu_tanh"),
      kernel<Gelu, 3>("gelu"),
      kernel<Sigmoid>("sigmoid_fast"),
      kernel<Tanh>("tanh_fast"),
      kernel<Mish>("mish_fast"),
      kernel<Gelu, 3>("gelu_fast"),
  };
  return kernels;
}

std::span<const UnaryKernel> avx2_accurate_kernels() {
  static constexpr std::array kernels = {
      kernel<SigmoidAccurate>("sigmoid"),
      kernel<TanhAccurate>("tanh"),
      kernel<MishAccurate>("mish"),
      kernel<GeluAccurate, 3>("gelu"),
  };
  return kernels;
}

}  // namespace bench
