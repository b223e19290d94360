// From arrays of any shape to calls of a kernel, which takes rows.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/format.h"
#include "jit/kernel_abi.h"
#include "runtime/places.h"
#include "runtime/totals.h"
#include "runtime/view.h"

namespace actc::detail {

// An array of a call: what it is, for errors, and over what its values vary.
struct Operand {
  std::string what;  // "input `x`"
  Layout layout;
  ir::Shape shape = ir::Shape::element;  // row: one value a row
  bool written = false;
};

// Calls `kernel` until it has seen all elements of the operands, the first of which gives the
// shape; inputs stand before what is written. `axis` is that of the rows, from the end where it is
// negative; nothing for what computes each element for itself. `name` is the definition's, for
// errors. `places` is for what draws random numbers, else null. `totals` are the gradients of
// learned parameters, which the kernel writes last.
//
// Throws Error: shapes that differ, an axis that is not there, rows without elements, strides that
// are negative, or 0 in an output, and outputs that overlap what they must not.
void sweep(const std::string& name, std::span<const Operand> operands,
           std::optional<std::ptrdiff_t> axis, const void* parameters, const Places* places,
           actc_kernel kernel, Totals& totals);

}  // namespace actc::detail
