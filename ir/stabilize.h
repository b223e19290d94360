// Rewriting by rules: naive formulas to forms that keep their digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/rulebook.h"
#include "ir/text.h"

namespace actc::ir {

struct Firing {
  std::string rule;
  std::string before;  // the subexpression, and what it became
  std::string after;
};

// What ended the rewriting before no rule applied any more.
enum class StabilizeLimit : std::uint8_t {
  none,
  work,  // of matching: some nodes were not tried
  rounds,
  nodes,  // of the graph; what the round before made stands
};
// "some still applied after the last round that there may be": of the rules; empty for `none`.
std::string_view reason(StabilizeLimit limit);

struct StabilizeLog {
  std::optional<Names> names;  // for the texts; with those of the seeds. Without: no firings
  std::vector<Firing> firings;
  StabilizeLimit limit = StabilizeLimit::none;
};

// What becomes of the graph next. Quotients of sums of powers of e (ir/exponentials.h) stay as they
// are until they have been derived.
enum class StabilizeFor : std::uint8_t { derivation, legalization };

// Applies the rules wherever they match and their conditions are proved, larger expressions before
// their parts, until none does or a limit is met. The value over the reals is unchanged. Inputs at
// positions from `input_count` on are the seeds of gradients.
Graph stabilize(const Graph& graph, const Library& library, const Rulebook& rules,
                std::size_t input_count, StabilizeFor next, StabilizeLog* log = nullptr);

}  // namespace actc::ir
