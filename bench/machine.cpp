#include "bench/machine.h"

#include <fmt/core.h>
#include <sched.h>

#include <cstdio>
#include <vector>

#include "bench/turns.h"

namespace bench {
namespace {

constexpr int rounds_of_fma = 1024;
constexpr int fmas_a_round = 120;

// Twelve chains, which is more than two pipes need at a latency of five cycles.
[[gnu::noinline]] void run_fma_256() {
  asm volatile("vzeroall" ::
                   : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                     "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  for (int k = 0; k < rounds_of_fma; ++k) {
    asm volatile(
        ".rept 10\n"
        ".irp r,0,1,2,3,4,5,6,7,8,9,10,11\n"
        "vfmadd231ps %%ymm12, %%ymm13, %%ymm\\r\n"
        ".endr\n.endr" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
              "xmm10", "xmm11", "xmm12", "xmm13");
  }
}

[[gnu::noinline]] void run_fma_512() {
  asm volatile("vzeroall" ::
                   : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                     "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  for (int k = 0; k < rounds_of_fma; ++k) {
    asm volatile(
        ".rept 10\n"
        ".irp r,0,1,2,3,4,5,6,7,8,9,10,11\n"
        "vfmadd231ps %%zmm12, %%zmm13, %%zmm\\r\n"
        ".endr\n.endr" ::
            : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
              "xmm10", "xmm11", "xmm12", "xmm13");
  }
  asm volatile("vzeroupper");
}

}  // namespace

void run_clock() {
  long x = 0;
  const long one = 1;
  for (int k = 0; k < cycles_of_clock / 512; ++k) {
    asm volatile(".rept 512\n add %1, %0\n .endr" : "+r"(x) : "r"(one));
  }
}

void print_machine() {
  const bool narrow = __builtin_cpu_supports("fma") != 0;
  const bool wide = narrow && __builtin_cpu_supports("avx512f") != 0;
  std::vector<std::function<void()>> runs = {run_clock};
  if (narrow) runs.emplace_back(run_fma_256);
  if (wide) runs.emplace_back(run_fma_512);
  const auto samples = in_turns(runs, 200);
  const double cycle = median(samples[0]) / cycles_of_clock;
  const auto a_cycle = [&](std::size_t k) {
    return rounds_of_fma * fmas_a_round * cycle / median(samples[k]);
  };
  fmt::print(R"({{"kind": "machine", "clock_ghz": {:.3f}, "fma_256": {:.2f}, "fma_512": {:.2f}}})"
             "\n",
             1 / cycle, narrow ? a_cycle(1) : 0.0, wide ? a_cycle(2) : 0.0);
  std::fflush(stdout);
}

int pin_to_one_processor() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof(allowed), &allowed);
  int last = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) last = cpu;
  }
  CPU_ZERO(&allowed);
  CPU_SET(last, &allowed);
  sched_setaffinity(0, sizeof(allowed), &allowed);
  return last;
}

}  // namespace bench
