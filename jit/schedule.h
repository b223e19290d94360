// Where and in which order a kernel computes the nodes of its graph.
//
// Nodes that do not vary over elements are computed once a call. The others are steps of the loop's
// body, or of a rare block: the nodes that nothing but the rare sides of `rarely` need. `rarely`
// nodes with one condition share a block, so that several results of one rare computation (the
// quotient and the remainder of a large argument) cost one branch.
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
  std::vector<ir::NodeId> scalars;  // in order; computed before the loop
  Region body;
  std::vector<RareGroup> groups;
  std::size_t element_nodes = 0;  // in the body
  std::size_t rare_nodes = 0;     // in rare blocks
};

// The schedule for the given nodes of a lowered graph, and all that they need. At most 64 groups
// are formed; further `rarely` nodes compute both sides, which changes no bits.
Schedule schedule(const ir::Graph& graph, std::span<const ir::NodeId> roots);

}  // namespace actc::jit
