// What a gradient can be computed from when x is gone: found by derivation, from the formulas of
// value and gradient.
//
// From the value y: what y is made of is solved for, as far as that goes: a sum or product with
// one unknown, a choice whose branches have values on two sides of a threshold. The gradient is
// then written with what is known; identities between functions are rules of their own
// (stdlib/saved.act). From a bit an element: where the gradient depends on x only by a choice
// between two outcomes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/function.h"
#include "ir/graph.h"

namespace actc::ir {

// `gradients` has one input of elements, and dy after it; its outputs are y and dx.
bool from_nothing(const Graph& gradients);

struct FromMask {
  Graph gradients;  // y, dx of the bit in x's place, and the bit: 1 or 0
};
std::optional<FromMask> from_mask(const Graph& gradients, const Library& library);

struct FromValue {
  Graph gradients;                    // y, and dx of y in x's place
  std::vector<std::size_t> positive;  // parameters that must be positive, as their defaults are
};
// Nothing also where it could not be proved, and for graphs too large to try.
std::optional<FromValue> from_value(const Graph& gradients, const Library& library,
                                    std::span<const Rule> identities,
                                    std::span<const Parameter> parameters);

// The functions that identities are about, by id: those stay calls where a formula is opened for
// from_value.
std::vector<FunctionId> functions_of(std::span<const Rule> identities);

}  // namespace actc::ir
