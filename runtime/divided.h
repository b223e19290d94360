// A call of a kernel divided among threads.
#pragma once

#include <cstddef>
#include <span>

#include "jit/kernel_abi.h"
#include "runtime/actc.h"

namespace actc::detail {

// A call on contiguous arrays of one length, whose elements are computed each by itself: of one
// input, so that there are at most four (x, dy, y, dx).
struct Divided {
  actc_kernel code = nullptr;
  std::span<const actc_array> arrays;  // inputs before outputs
  std::size_t input_count = 0;
  std::size_t elements = 0;  // of each
  const void* parameters = nullptr;
};

// Returns when all is computed.
void run_divided(const Divided& call, const Executor& executor);

}  // namespace actc::detail
