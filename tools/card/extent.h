// The range of a function over the line, from where its derivative changes its sign.
#pragma once

#include "tools/card/card.h"
#include "tools/card/signs.h"

namespace actc::tools {

// One function on all pieces: value or slope, its derivative, and that one's signs on each piece.
struct OnPieces {
  const Pieces* pieces;
  ir::Graph Formulas::* graph;
  std::vector<const ir::Graph*> derivatives;
  std::vector<const Signs*> signs;
  std::vector<bool> defined;   // there is a value at all
  Clock::time_point deadline;  // after which nothing more is bounded
};

Extent extent_of(const OnPieces& function);

Known known(const Interval& enclosure);
// Of a limit or a value, which may be infinite.
Known known(const Limit& limit);

}  // namespace actc::tools
