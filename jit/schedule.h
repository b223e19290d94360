// Where and in which order a kernel computes the nodes of its graph.
//
// Nodes that do not vary along a row are computed once a call, or once a row between the loops over
// it. The others are steps of a loop's body, or of a rare block: the nodes that nothing but the
// rare sides of `rarely` need. `rarely` nodes with one condition share a block, so that several
// results of one rare computation (the quotient and the remainder of a large argument) cost one
// branch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ir/graph.h"

namespace actc::jit {

// A node to compute, or a group of `rarely` nodes: a branch around its region, then the choice.
struct Step {
  bool is_group;
  std::uint32_t index;  // NodeId, or into Schedule::groups
};

using Region = std::vector<Step>;

struct RareGroup {
  ir::NodeId condition;
  std::vector<ir::NodeId> members;
  Region region;  // computed where some lane's condition is true; empty: no branch is worth it
};

struct Schedule {
  std::vector<ir::NodeId>
      uniform;  // what the loop needs that does not vary along the row, in order
  Region body;
  std::vector<RareGroup> groups;
  std::vector<ir::NodeId> draws;  // of random numbers, in the body and in rare blocks
  std::size_t element_nodes = 0;  // in the body
  std::size_t rare_nodes = 0;     // in rare blocks
};

// The schedule for the given nodes of a lowered graph, and all that they need in one loop, which is
// nothing of what reductions reduce. At most 64 groups are formed; further `rarely` nodes compute
// both sides, which changes no bits.
// `known` is there already: nothing that it alone needs is computed.
Schedule schedule(const ir::Graph& graph, std::span<const ir::NodeId> roots,
                  std::optional<ir::NodeId> known = std::nullopt);

// A loop over a row, and what is computed before it, once a row.
struct Loop {
  std::vector<ir::NodeId> row_values;
  Schedule schedule;
  std::vector<ir::NodeId> reductions;  // of what the body computes; none in the last loop
};

// Each reduction is done in the first loop in which its argument can be computed, so that there are
// as few loops as the longest chain of reductions needs. The last loop computes the outputs.
// Reductions that need each other's results; and what all loops may compute (size_of).
constexpr std::size_t max_loops = 64;
constexpr std::size_t max_planned = ir::Graph::max_nodes;

struct Plan {
  std::vector<ir::NodeId> call_values;  // computed once a call
  std::vector<bool> once_a_row;         // by node
  std::vector<Loop> loops;              // at least one
  // What the loop before the last stores where the output will be, and the last loop reads there.
  std::optional<ir::NodeId> kept;
};

// `outputs` that are values of a row are among the last loop's row_values, or of an earlier one.
// Throws CompileFailure where the plan passes a limit. `totals` are what sums over rows sum: the
// last loop computes them too, or they are values of a row.
Plan plan(const ir::Graph& graph, std::span<const ir::NodeId> outputs,
          std::span<const ir::NodeId> totals);

// Where the last loop reads elements only to compute again what the loop before it has computed, as
// the exponentials of softmax, they are kept in the output until then, which may be an input's
// array. `output` is the only one that has elements.
void keep_in_output(Plan& plan, const ir::Graph& graph, ir::NodeId output);

// What all its loops compute, an operation counted for each that needs it.
std::size_t size_of(const Plan& plan);

// The arguments of the sums over rows that an output is the sum of.
std::vector<ir::NodeId> summed_over_rows(const ir::Graph& graph, ir::NodeId output);

}  // namespace actc::jit
