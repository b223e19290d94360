// What this processor can run.
#pragma once

#include "jit/engine.h"

namespace actc::test {

// Does it run kernels for the instruction set? Where it does, one that does not compile is a fault.
inline bool runs(jit::Isa isa) {
#if defined(__x86_64__)
  return isa != jit::Isa::avx2 ||
         (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("f16c") != 0);
#else
  return isa == jit::Isa::host;
#endif
}

}  // namespace actc::test
