// For what draws random numbers: the seed, and where in its array a call begins.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jit/kernel_abi.h"

namespace actc::detail {

// The place of an element is its index in the array, in C's order; it grows by `row_step` from a
// row to the next and by `column_step` within one.
struct Places {
  std::uint64_t seed = 0;
  std::uint64_t first = 0;

  void fill(actc_call& call, std::size_t offset, std::size_t row_step,
            std::size_t column_step) const {
    call.seed = seed;
    call.offset = first + offset;
    call.index_row_step = row_step;
    call.index_column_step = column_step;
  }
};

}  // namespace actc::detail
