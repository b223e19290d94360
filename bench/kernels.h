// The hand-written kernels, and the form of a function that computes an activation.
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

// Hand-written with AVX2 and FMA intrinsics; for processors that have both. Accurate over the whole
// range, tails and subnormal results included: tests/bench_avx2_test.cpp holds the bounds.
std::span<const UnaryKernel> avx2_kernels();

// Those of sigmoid, tanh, mish and gelu once more, as accurate as actc's own: in this order, under
// the names of the built-ins.
std::span<const UnaryKernel> avx2_accurate_kernels();

inline bool host_has_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

}  // namespace bench
