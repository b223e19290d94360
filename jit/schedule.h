// Where and in which order a kernel computes the nodes of its graph.
//
// Nodes that do not vary along a row are computed once a call, or once a row between the loops over
// it. The others are steps of a loop's body, or of a rare block: the nodes that nothing but the
// rare sides of `rarely` need. `rarely` nodes with one condition share a block, so that several
// results of one rare computation (the quotient and the remainder of a large argument) cost one
// branch.
#pragma once

#include <cstdint>
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
  std::size_t element_nodes = 0;  // in the body
  std::size_t rare_nodes = 0;     // in rare blocks
};

// The schedule for the given nodes of a lowered graph, and all that they need in one loop, which is
// nothing of what reductions reduce. At most 64 groups are formed; further `rarely` nodes compute
// both sides, which changes no bits.
Schedule schedule(const ir::Graph& graph, std::span<const ir::NodeId> roots);

// A loop over a row, and what is computed before it, once a row.
struct Loop {
  std::vector<ir::NodeId> row_values;
  Schedule schedule;
  std::vector<ir::NodeId> reductions;  // of what the body computes; none in the last loop
};

// Each reduction is done in the first loop in which its argument can be computed, so that there are
// as few loops as the longest chain of reductions needs. The last loop computes the outputs.
struct Plan {
  std::vector<ir::NodeId> call_values;  // computed once a call
  std::vector<bool> once_a_row;         // by node
  std::vector<Loop> loops;              // at least one
};

// `outputs` that are values of a row are among the last loop's row_values, or of an earlier one.
// `totals` are what sums over rows sum: the last loop computes them too, or they are values of a
// row.
Plan plan(const ir::Graph& graph, std::span<const ir::NodeId> outputs,
          std::span<const ir::NodeId> totals);

// The arguments of the sums over rows that an output is the sum of.
std::vector<ir::NodeId> summed_over_rows(const ir::Graph& graph, ir::NodeId output);

}  // namespace actc::jit
