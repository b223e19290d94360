#include "bench/math_table.h"

#include <fmt/core.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <vector>

#include "bench/turns.h"
#ifdef ACTC_BENCH_SLEEF
#include "bench/peers/sleef.h"
#endif

namespace bench {
namespace {

constexpr std::string_view functions[] = {
    "exp",     "exp2",     "expm1",       "log",     "log2",    "log10",  "log1p", "sin",
    "cos",     "tanh",     "sinh",        "cosh",    "atan",    "erf",    "erfc",  "rsqrt",
    "sigmoid", "log1pexp", "log_sigmoid", "logcosh", "normcdf", "normpdf"};

bool wants_positive(std::string_view function) {
  return function.starts_with("log") && function != "log1pexp" && function != "log_sigmoid" &&
         function != "logcosh";
}

Forward peer(std::string_view function, bool avx512) {
#ifdef ACTC_BENCH_SLEEF
  const auto loops = avx512 ? sleef_avx512() : sleef_avx2();
  const auto it = std::ranges::find(loops, function, &MathLoop::name);
  return it != loops.end() ? it->run : nullptr;
#else
  static_cast<void>(function);
  static_cast<void>(avx512);
  return nullptr;
#endif
}

struct Pair {
  double actc = 0;
  double peer = 0;  // 0: there is none
};

Pair measure(std::string_view function, bool avx512, const float* x, const Data& data, int rounds,
             ActcKernels& actc) {
  const std::size_t n = data.size();
  const auto& kernel = actc.get(function, !avx512);
  std::vector<std::function<void()>> contenders = {[&] { kernel.forward({x, n}, data.out()); }};
  if (const Forward run = peer(function, avx512)) {
    contenders.emplace_back([=, &data] { run(x, data.out().data(), n); });
  }
  const auto samples = in_turns(contenders, rounds);
  const auto each = [&](std::size_t k) {
    return k < samples.size() ? minimum(samples[k]) / static_cast<double>(n) : 0.0;
  };
  return {each(0), each(1)};
}

}  // namespace

void print_math_speeds(std::ostream& out, int rounds, ActcKernels& actc) {
  const Data data(32768);
  std::vector<float> positive(data.x().begin(), data.x().end());
  std::ranges::transform(positive, positive.begin(), [](float v) { return std::fabs(v); });
  const bool avx512 = __builtin_cpu_supports("avx512f") != 0;

  fmt::print(
      out,
      "### Mathematical functions, forward, {} elements\n\n"
      "| ns an element | actc | SLEEF, AVX-512 | ratio | actc, AVX2 | SLEEF, AVX2 | ratio |\n"
      "|---|---|---|---|---|---|---|\n",
      data.size());
  for (const std::string_view function : functions) {
    const bool root = function == "rsqrt";
    const float* x = wants_positive(function) || root ? positive.data() : data.x().data();
    fmt::print(out, "| {} |", function);
    for (const bool wide : {true, false}) {
      if (wide && !avx512) {
        fmt::print(out, " – | – | – |");
        continue;
      }
      const Pair times = measure(function, wide, x, data, rounds, actc);
      fmt::print(out, " {:.3f} |", times.actc);
      if (times.peer > 0) {
        fmt::print(out, " {:.3f} | {:.2f} |", times.peer, times.actc / times.peer);
      } else {
        fmt::print(out, " – | – |");
      }
    }
    fmt::print(out, "\n");
    out.flush();
  }
  fmt::print(out, "\n");
}

}  // namespace bench
