// Is f(−x) = f(x), −f(x), or 2 f(0) − f(x)?
#pragma once

#include <utility>

#include "tools/card/card.h"

namespace actc::tools {

// Proved by the parity of operations, by the identity of polynomials on opposite pieces, or, where
// there is none, by a point.
std::pair<Symmetry, Certainty> symmetry_of(const Pieces& pieces);

}  // namespace actc::tools
