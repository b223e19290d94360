// The arrays of a call, and how their shapes fit: broadcasting as NumPy has it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/view.h"

namespace actc::detail {

enum class Role : std::uint8_t { input, seed, value, gradient };  // seed: the gradient from above

struct Operand {
  std::string what;  // "the input `x`", for errors
  Layout layout;
  Role role = Role::input;
  std::size_t of = 0;                      // of a gradient: the position of its input
  void (*store)(void*, double) = nullptr;  // of a gradient: rounds to an element

  bool is_written() const { return role == Role::value || role == Role::gradient; }
};

// Arrays on the axes of their common shape.
struct Operands {
  std::span<const Operand> all;  // inputs, then dy, y and the gradients, those that there are
  std::vector<std::size_t> sizes;
  std::optional<std::size_t> axis;  // of the rows, where there are such
  bool has_row_value = false;       // y and dy

  // From one element to the next along axis k, in elements: 0 where it is spread over the axis.
  std::ptrdiff_t stride(const Operand& operand, std::size_t k) const;
  // Is the input the same along some axis of the common shape?
  bool is_spread(std::size_t input) const;
  std::size_t input_count() const;
};

// `axis` is that of the rows, from the end where it is negative; nothing for what computes each
// element for itself. Where `has_row_value`, y and dy are left without that axis, or of size 1
// there. `name` is the definition's.
//
// Throws Error: shapes that do not fit, an axis that is not there, rows without elements, strides
// that are negative, or 0 in what is written, and what is written overlapping something but an
// input that is the same array.
Operands checked_operands(const std::string& name, std::span<const Operand> all,
                          std::optional<std::ptrdiff_t> axis, bool has_row_value);

}  // namespace actc::detail
