// The kernels of a checkout of XNNPACK (the cache variable ACTC_BENCH_XNNPACK_SOURCE), without its
// operators around them: for each function the fastest at the size asked for of all that it has for
// an instruction set. Built once for AVX2 and FMA, once for AVX-512.
#include <algorithm>
#include <chrono>
#include <limits>
#include <string_view>

#include "bench/peers/peer.h"
#include "src/xnnpack/hardware-config.h"
#include "src/xnnpack/microparams.h"
#include "src/xnnpack/vunary.h"

namespace bench {
namespace {

using Kernel = void (*)(std::size_t bytes, const float* x, float* y, const void* parameters);
using Clock = std::chrono::steady_clock;

#ifdef __AVX512F__
constexpr const char* peer_name = "XNNPACK, AVX-512";
bool is_supported() { return __builtin_cpu_supports("avx512f") != 0; }
constexpr bool is_ours(unsigned long long architecture) {
  return architecture == xnn_arch_x86_avx512f;
}
#else
constexpr const char* peer_name = "XNNPACK, AVX2";
bool is_supported() { return __builtin_cpu_supports("avx2") != 0; }
constexpr bool is_ours(unsigned long long architecture) {
  return architecture == xnn_arch_x86_fma3 || architecture == xnn_arch_x86_avx2;
}
#endif

struct Variant {
  std::string_view function;
  Kernel run;
};

// XNNPACK lists its kernels in files of this macro.
#define XNN_UKERNEL(architecture, kernel, ...) \
  {function, is_ours(architecture) ? reinterpret_cast<Kernel>(kernel) : nullptr},

template <class Use>
void each_variant(Use use) {
  const auto all = [&](std::initializer_list<Variant> variants) {
    for (const Variant& v : variants) use(v);
  };
  {
    constexpr std::string_view function = "exp";
    all({
#include "src/f32-vexp/f32-vexp.inc"
    });
  }
  {
    constexpr std::string_view function = "sigmoid";
    all({
#include "src/f32-vsigmoid/f32-vsigmoid.inc"
    });
  }
  {
    constexpr std::string_view function = "tanh";
    all({
#include "src/f32-vtanh/f32-vtanh.inc"
    });
  }
  {
    constexpr std::string_view function = "elu";
    all({
#include "src/f32-velu/f32-velu.inc"
    });
  }
  {
    constexpr std::string_view function = "gelu";
    all({
#include "src/f32-vgelu/f32-vgelu.inc"
    });
  }
  {
    constexpr std::string_view function = "gelu_tanh";
    all({
#include "src/f32-vapproxgelu/f32-vapproxgelu.inc"
    });
  }
}

std::function<void()> prepare(const Job& job) {
  if (job.type != Type::f32 || job.direction != Direction::forward) return {};
  static const xnn_f32_elu_params elu = {{1, 1, 1}};
  const auto* x = static_cast<const float*>(job.x);
  auto* y = static_cast<float*>(job.y);
  const std::size_t bytes = job.n * sizeof(float);
  Kernel fastest = nullptr;
  Clock::duration least = Clock::duration::max();
  each_variant([&](const Variant& v) {
    if (v.run == nullptr || v.function != job.function) return;
    for (int k = 0; k < 5; ++k) {
      const Clock::time_point start = Clock::now();
      v.run(bytes, x, y, &elu);
      const Clock::duration time = Clock::now() - start;
      if (time < least) {
        least = time;
        fastest = v.run;
      }
    }
  });
  if (fastest == nullptr) return {};
  return [=] { fastest(bytes, x, y, &elu); };
}

}  // namespace
}  // namespace bench

bench::Peers actc_bench_peers() {
  static constexpr bench::Peer self = {bench::peer_name, bench::offer<bench::prepare>};
  return {&self, std::size_t(bench::is_supported() ? 1 : 0)};
}
