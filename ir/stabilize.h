// Rewriting by rules: naive formulas to forms that keep their digits.
#pragma once

#include <string>
#include <vector>

#include "ir/rulebook.h"
#include "ir/text.h"

namespace actc::ir {

struct Firing {
  std::string rule;
  std::string before;  // the subexpression, and what it became
  std::string after;
};

struct StabilizeLog {
  Names names;  // for the texts; with those of the seeds
  std::vector<Firing> firings;
};

// Applies the rules wherever they match and their conditions are proved, larger expressions before
// their parts, until none does or a limit is met. The value over the reals is unchanged. Inputs at
// positions from `input_count` on are the seeds of gradients.
Graph stabilize(const Graph& graph, const Library& library, const Rulebook& rules,
                std::size_t input_count, StabilizeLog* log = nullptr);

}  // namespace actc::ir
