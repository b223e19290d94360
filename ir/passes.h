// The passes over graphs, in the order in which the compiler runs them. Each is a free function
// from a graph to the next; none recurses with the depth of its input, and each may throw
// GraphTooLarge.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ir/function.h"
#include "ir/graph.h"

namespace actc::ir {

class Rulebook;  // ir/stabilize.h, the home of the pass `stabilize`

// Copies node `id` of `from` into `to`, its arguments already mapped.
NodeId copy_node(Graph& to, const Graph& from, NodeId id, const std::vector<NodeId>& mapped);

// Copies `body`'s outputs into `graph`, its inputs and parameters replaced by `args` (inputs
// first). Returns the nodes of the outputs. What the body draws comes from streams that are
// numbered from `first_stream` on: draws anew where those are free, the same where it is 0.
std::vector<NodeId> inline_body(Graph& graph, const Graph& body, std::size_t input_count,
                                std::span<const NodeId> args, std::uint32_t first_stream = 0);

// Replaces each call for which `pick` gives a body by that body, until no picked call is left.
using BodyPicker =
    std::function<const Graph*(const Function& callee, const Graph& graph, NodeId call)>;
Graph expand_calls(const Graph& graph, const Library& library, const BodyPicker& pick);

// Every call replaced by its meaning: the formula over the reals in operations alone.
Graph expand_meaning(const Graph& graph, const Library& library);

// Exact folding of constants, identities, merging of selections on one condition. The value over
// the reals is unchanged; so is every float result but for the sign of zero.
Graph simplify(const Graph& graph, const Library& library);

// The partial derivatives of a graph with one output with respect to the inputs and parameters at
// `wanted` (inputs first, then parameters; positions as in Function::derivatives), as the outputs
// of a new graph: adjoints in reverse, the output's being 1.
Graph derive(const Graph& graph, const Library& library, std::size_t input_count,
             std::span<const std::size_t> wanted);

// Of the first output of what reduces: `row`, or `element` where it varies along the row. What does
// not reduce has elements.
Shape value_shape(const Graph& graph);

// The same for a graph that reduces rows, as a vector-Jacobian product: `dy`, which has the shape
// of the value, is one more input after the function's own.
Graph derive_row(const Graph& graph, const Library& library, std::size_t input_count,
                 std::span<const std::size_t> wanted);

// The graph of what a kernel computes: y, then dy·∂y/∂input for each input, of the shapes
// `inputs`, dy being one more input after them; of rows the vector-Jacobian product. Where a
// derivative is the constant 0 the product is 0 whatever dy.
// Last, for each parameter at the positions `learned`, the sum of dy times the derivative over all
// elements and rows. So it is for an input that is one value for a row or for all; for one that has
// a value a column, over the rows.
Graph with_gradients(const Graph& meaning, const Library& library, std::span<const Shape> inputs,
                     std::span<const std::size_t> learned = {});

// Derives what is not written of an opaque function's derivatives, from its meaning as the rules
// make it where there are rules. Functions that it calls must be complete.
void complete_derivatives(Library& library, FunctionId id, const Rulebook* rules = nullptr);

// From the reals to a number format: constants rounded, functions replaced by their
// implementations, products and sums contracted to fused multiply-adds, comparisons given the sense
// that carries a NaN. The first `strict_outputs` outputs are NaN wherever an input is.
Graph legalize(const Graph& graph, const Library& library, Format format,
               std::size_t strict_outputs);

// Of a graph in a number format, what is one value for a row: as a factor it leaves the row's sums,
// and of binary32 it is computed in binary64, where it is made of sums, and rounded once.
Graph lower_rows(const Graph& graph);

// The part of the graph that the given outputs need.
Graph extract(const Graph& graph, std::span<const std::size_t> outputs);

}  // namespace actc::ir
