// The activations that are compared, and the form of a function that computes one.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace bench {

using Forward = void (*)(const float* x, float* y, std::size_t n);
using Backward = void (*)(const float* x, const float* dy, float* dx, std::size_t n);

// One activation with its default parameters, elementwise over arrays of any alignment. An output
// may be an input.
struct UnaryKernel {
  std::string_view name;  // as actc's built-in
  Forward forward;
  Backward backward;  // dx = dy * f'(x)
};

// Both lists hold, in this order:
// relu leaky_relu hard_swish sigmoid tanh elu softplus silu mish gelu_tanh gelu, and mish and gelu
// once more under the names of actc's built-ins that are as accurate as these.

// Hand-written with AVX2 and FMA intrinsics; for processors that have both. Accurate over the whole
// range, tails and subnormal results included: tests/bench_avx2_test.cpp holds the bounds.
std::span<const UnaryKernel> avx2_kernels();

// The loops that an author would write with <cmath>.
std::span<const UnaryKernel> plain_loops();

inline bool host_has_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

}  // namespace bench
