// The loop over an array that all hand-written kernels share.
#pragma once

#include "bench/pack.h"

namespace bench {

// N whole vectors at an index.
template <int N>
struct Whole {
  std::size_t index;

  Pack<N> operator()(const float* p) const { return load<N>(p + index); }
  void store(float* p, Pack<N> x) const { bench::store(p + index, x); }
  void stream(float* p, Pack<N> x) const {
#pragma GCC unroll 8
    for (int k = 0; k < N; ++k) _mm256_stream_ps(p + index + 8 * k, x.v[k]);
  }
};

// Fewer than eight elements at an index.
class Part {
 public:
  Part(std::size_t index, std::size_t count)
      : index_(index),
        mask_(_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                                 _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))) {}
  Pack<1> operator()(const float* p) const { return {{_mm256_maskload_ps(p + index_, mask_)}}; }
  void store(float* p, Pack<1> x) const { _mm256_maskstore_ps(p + index_, mask_, x.v[0]); }

 private:
  std::size_t index_;
  __m256i mask_;
};

// From this many elements on, outputs are stored around the caches: they would be gone from them
// before anyone reads them, and a cached store first reads the line that it replaces.
inline constexpr std::size_t streamed_from = std::size_t{4} << 20;

// out = compute(at) for every place: N vectors at a time, then one, then what remains.
template <int N, class Compute>
inline void each_place(float* out, std::size_t n, bool in_place, Compute compute) {
  std::size_t i = 0;
  if (n >= streamed_from && !in_place) {
    const std::size_t head = (0 - reinterpret_cast<std::uintptr_t>(out)) / sizeof(float) % 8;
    const Part part(0, head);
    part.store(out, compute(part));
    for (i = head; i + 8 * N <= n; i += 8 * N) {
      const Whole<N> at{i};
      at.stream(out, compute(at));
    }
    _mm_sfence();
  }
  for (; i + 8 * N <= n; i += 8 * N) {
    const Whole<N> at{i};
    at.store(out, compute(at));
  }
  for (; i + 8 <= n; i += 8) {
    const Whole<1> at{i};
    at.store(out, compute(at));
  }
  if (i < n) {
    const Part part(i, n - i);
    part.store(out, compute(part));
  }
}

template <class Function, int N>
[[gnu::flatten]] void map_forward(const float* x, float* y, std::size_t n) {
  each_place<N>(y, n, x == y, [x](auto at) { return Function::forward(at(x)); });
}

template <class Function, int N>
[[gnu::flatten]] void map_backward(const float* x, const float* dy, float* dx, std::size_t n) {
  each_place<N>(dx, n, x == dx || dy == dx,
                [x, dy](auto at) { return Function::backward(at(x), at(dy)); });
}

}  // namespace bench
