// The shape of a function: the part of the card that its formula alone decides.
#pragma once

#include "tools/card/card.h"
#include "tools/card/signs.h"

namespace actc::tools {

// All of Shape but what is about N(0, 1). Pieces must not be empty. What the deadline leaves open
// is sampled; `notes` says what could not be proved.
// Throws ir::GraphTooLarge.
Shape shape_of(const Pieces& pieces, Clock::time_point deadline, std::vector<std::string>& notes);

}  // namespace actc::tools
