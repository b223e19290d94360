// sum(f · e^u) over a row is e^m · sum(f · e^(u − m)), where m is the largest u of the row:
// quotients and logarithms of such sums, softmax among them, then stay finite and keep their
// digits.
#pragma once

#include "ir/function.h"
#include "ir/graph.h"

namespace actc::ir {

// Does so wherever u may be arbitrarily large. m is held constant in derivatives, which it does not
// change. Inputs at positions from `input_count` on are the seeds of gradients.
Graph shift_row_exponentials(const Graph& graph, const Library& library, std::size_t input_count);

// e^(u − m) where that is what it has become, or was typed so: by the library's function for it,
// which carries the difference in two words, and knows infinite rows. It has its value alone: for
// graphs that will not be derived again.
Graph name_shifted_exponentials(const Graph& graph, const Library& library);

}  // namespace actc::ir
