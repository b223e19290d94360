// Arithmetic of exact constants.
#pragma once

#include <optional>
#include <span>

#include "ir/graph.h"

namespace actc::frontend {

// The value of an operation on rationals where it is a rational, and one of bounded size: nothing
// for a division by zero, for sqrt and the functions, and for results past 8,192 bits (so that
// repeated squaring costs no memory). real_pow is folded for integer exponents.
std::optional<ir::Rational> fold(ir::Operation op, std::span<const ir::Rational> arguments);

// The truth of a comparison of rationals; nothing for other operations.
std::optional<bool> fold_comparison(ir::Operation op, std::span<const ir::Rational> arguments);

}  // namespace actc::frontend
