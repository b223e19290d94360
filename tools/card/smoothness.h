// How often a function is continuously differentiable.
#pragma once

#include <optional>
#include <utility>

#include "tools/card/card.h"

namespace actc::tools {

// −1 where it jumps or has no value, nothing where always. Derivatives from both sides of each cut
// are held against each other, up to the eighth.
std::pair<std::optional<int>, Certainty> differentiable(const Pieces& pieces);

}  // namespace actc::tools
