// SLEEF's vector functions with its bound of 1 ULP, as loops over arrays; built where SLEEF is
// installed (Debian's libsleef-dev).
#pragma once

#include <span>
#include <string_view>

#include "bench/kernels.h"

namespace bench {

struct MathLoop {
  std::string_view name;  // as actc's built-in
  Forward run;            // of whole vectors: n is a multiple of 16
};

std::span<const MathLoop> sleef_avx2();
// To be called only where the processor has AVX-512F.
std::span<const MathLoop> sleef_avx512();

}  // namespace bench
