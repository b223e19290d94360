// Rare blocks from a graph without control flow: which `rarely` nodes share a block, which nodes go
// into it, and an order in which blocks and nodes follow their arguments.
#include "jit/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <functional>
#include <queue>
#include <set>
#include <utility>

#include "jit/engine.h"

namespace actc::jit {
namespace {

using ir::Graph;
using ir::NodeId;
using ir::Operation;

constexpr std::size_t max_groups = 64;  // a bit each in GroupSet
using GroupSet = std::uint64_t;
constexpr std::uint32_t none = ~std::uint32_t{0};

bool is_reduction(const Graph& graph, NodeId id) {
  return ir::info(graph[id].op).klass == ir::OperationClass::reduction;
}

std::vector<bool> needed_for(const Graph& graph, std::span<const NodeId> roots,
                             bool through_reductions, std::optional<NodeId> known = {}) {
  std::vector<bool> needed(graph.size(), false);
  for (const NodeId id : roots) needed[id] = true;
  for (auto id = static_cast<NodeId>(graph.size()); id-- > 0;) {
    if (!needed[id] || (!through_reductions && is_reduction(graph, id)) || id == known) continue;
    for (const NodeId a : graph.args(id)) needed[a] = true;
  }
  return needed;
}

struct Grouping {
  std::vector<RareGroup> groups;
  std::vector<std::uint32_t> group_of;  // by node; `none` for all but grouped `rarely` nodes
};

// A `rarely` joins the first group with its condition on whose results it does not depend, through
// other groups either: so groups, taken as single nodes, form no cycle.
Grouping form_groups(const Graph& graph, const std::vector<bool>& needed) {
  Grouping result;
  result.group_of.assign(graph.size(), none);
  std::vector<GroupSet> depends(graph.size(), 0);
  std::vector<GroupSet> group_depends;

  const auto closure = [&](GroupSet set) {
    for (GroupSet seen = 0, todo = set; (todo = set & ~seen) != 0;) {
      const int g = std::countr_zero(todo);
      seen |= GroupSet{1} << g;
      set |= group_depends[static_cast<std::size_t>(g)];
    }
    return set;
  };

  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id]) continue;
    for (const NodeId a : graph.args(id)) depends[id] |= depends[a];
    if (graph[id].op != Operation::Rarely || !varies_along_row(graph[id].shape)) continue;
    const NodeId condition = graph.arg(id, 0);
    if (!varies_along_row(graph[condition].shape)) continue;
    const GroupSet reaches = closure(depends[id]);
    std::size_t g = 0;
    while (g < result.groups.size() &&
           (result.groups[g].condition != condition || (reaches >> g & 1) != 0)) {
      ++g;
    }
    if (g == max_groups) continue;
    if (g == result.groups.size()) {
      result.groups.push_back({condition, {}, {}});
      group_depends.push_back(0);
    }
    result.groups[g].members.push_back(id);
    result.group_of[id] = static_cast<std::uint32_t>(g);
    group_depends[g] |= depends[id];
    depends[id] |= GroupSet{1} << g;
  }
  return result;
}

// Element nodes and groups so that each follows what it needs; otherwise in the graph's order.
std::vector<Step> order_steps(const Graph& graph, const std::vector<bool>& needed,
                              const Grouping& grouping, std::optional<NodeId> known) {
  // A group stands for all its members, numbered as its last.
  const auto representative = [&](NodeId id) {
    const std::uint32_t g = grouping.group_of[id];
    return g == none ? id : grouping.groups[g].members.back();
  };
  std::vector<std::uint32_t> waits_for(graph.size(), 0);
  std::vector<std::vector<NodeId>> users(graph.size());
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id] || !varies_along_row(graph[id].shape) || id == known) continue;
    for (const NodeId a : graph.args(id)) {
      if (!varies_along_row(graph[a].shape)) continue;
      users[representative(a)].push_back(representative(id));
      ++waits_for[representative(id)];
    }
  }
  std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
  for (NodeId id = 0; id < graph.size(); ++id) {
    const bool element = needed[id] && varies_along_row(graph[id].shape);
    if (element && representative(id) == id && waits_for[id] == 0) ready.push(id);
  }
  std::vector<Step> order;
  while (!ready.empty()) {
    const NodeId id = ready.top();
    ready.pop();
    const std::uint32_t g = grouping.group_of[id];
    order.push_back(g == none ? Step{false, id} : Step{true, g});
    for (const NodeId user : users[id]) {
      if (--waits_for[user] == 0) ready.push(user);
    }
  }
  return order;
}

// Regions form a tree: 0 is the body, g + 1 the rare block of group g.
struct Tree {
  std::vector<std::uint32_t> parent;
  std::vector<std::uint32_t> depth;

  std::uint32_t common(std::uint32_t a, std::uint32_t b) const {
    while (a != b) (depth[a] >= depth[b] ? a : b) = parent[depth[a] >= depth[b] ? a : b];
    return a;
  }
};

// The innermost region that holds every use of a step; steps are visited users first.
void place_steps(const Graph& graph, std::span<const NodeId> roots, const std::vector<Step>& order,
                 const Grouping& grouping, std::optional<NodeId> known, Schedule& result) {
  constexpr std::uint32_t unused = none;
  Tree tree{std::vector<std::uint32_t>(grouping.groups.size() + 1, 0),
            std::vector<std::uint32_t>(grouping.groups.size() + 1, 0)};
  std::vector<std::uint32_t> node_region(graph.size(), unused);
  std::vector<std::uint32_t> group_region(grouping.groups.size(), unused);
  const auto use = [&](NodeId id, std::uint32_t region) {
    const std::uint32_t g = grouping.group_of[id];
    std::uint32_t& place = g == none ? node_region[id] : group_region[g];
    place = place == unused ? region : tree.common(place, region);
  };
  for (const NodeId id : roots) use(id, 0);
  for (auto step = order.rbegin(); step != order.rend(); ++step) {
    if (!step->is_group) {
      if (step->index == known) continue;
      for (const NodeId a : graph.args(step->index)) use(a, node_region[step->index]);
      continue;
    }
    const std::uint32_t outer = group_region[step->index];
    const std::uint32_t inner = step->index + 1;
    tree.parent[inner] = outer;
    tree.depth[inner] = tree.depth[outer] + 1;
    for (const NodeId id : grouping.groups[step->index].members) {
      use(graph.arg(id, 0), outer);
      use(graph.arg(id, 1), inner);
      use(graph.arg(id, 2), outer);
    }
  }
  for (const Step& step : order) {
    const std::uint32_t region = step.is_group ? group_region[step.index] : node_region[step.index];
    (region == 0 ? result.body : result.groups[region - 1].region).push_back(step);
    if (step.is_group) continue;
    ++(region == 0 ? result.element_nodes : result.rare_nodes);
    if (graph[step.index].op == ir::Operation::UnitRandom) result.draws.push_back(step.index);
  }
}

}  // namespace

Schedule schedule(const Graph& graph, std::span<const NodeId> roots, std::optional<NodeId> known) {
  const std::vector<bool> needed = needed_for(graph, roots, false, known);
  const Grouping grouping = form_groups(graph, needed);
  Schedule result;
  result.groups = grouping.groups;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (needed[id] && !varies_along_row(graph[id].shape)) result.uniform.push_back(id);
  }
  place_steps(graph, roots, order_steps(graph, needed, grouping, known), grouping, known, result);
  return result;
}

void keep_in_output(Plan& plan, const Graph& graph, NodeId output) {
  constexpr std::size_t worth_it = 8;  // operations, for a store and a load
  if (plan.loops.size() < 2) return;
  std::vector<bool> computed(graph.size(), false);
  const Schedule& before = plan.loops[plan.loops.size() - 2].schedule;
  for (const Step& step : before.body) {
    if (!step.is_group) computed[step.index] = true;
  }
  // The nearest node to the output through which everything that it reads must pass.
  std::set<NodeId> open = {output};
  while (open.size() != 1 || !computed[*open.begin()]) {
    const NodeId latest = *open.rbegin();
    open.erase(latest);
    const bool reads = graph.args(latest).empty();
    if (reads || !varies_along_row(graph[latest].shape)) return;
    for (const NodeId a : graph.args(latest)) {
      if (varies_along_row(graph[a].shape)) open.insert(a);
    }
  }
  const NodeId kept = *open.begin();
  if (graph.args(kept).empty()) return;
  Schedule& last = plan.loops.back().schedule;
  Schedule shorter = schedule(graph, std::array{output}, kept);
  const std::size_t all = last.element_nodes + last.rare_nodes;
  if (shorter.element_nodes + shorter.rare_nodes + worth_it > all) return;
  last = std::move(shorter);
  plan.kept = kept;
}

std::size_t size_of(const Plan& plan) {
  std::size_t size = plan.call_values.size();
  for (const Loop& loop : plan.loops) {
    size += loop.row_values.size() + loop.schedule.element_nodes + loop.schedule.rare_nodes;
  }
  return size;
}

std::vector<NodeId> summed_over_rows(const Graph& graph, NodeId output) {
  std::vector<NodeId> parts = {output};
  std::vector<NodeId> summed;
  while (!parts.empty()) {
    const NodeId id = parts.back();
    parts.pop_back();
    if (graph[id].op == Operation::Sum) {
      summed.push_back(graph.arg(id, 0));
    } else if (graph[id].op == Operation::Add) {
      parts.push_back(graph.arg(id, 0));
      parts.push_back(graph.arg(id, 1));
    } else {
      assert(graph.is_constant(id, 0) && "neither a sum over rows nor the sum of some");
    }
  }
  return summed;
}

Plan plan(const Graph& graph, std::span<const NodeId> outputs, std::span<const NodeId> totals) {
  std::vector<NodeId> wanted(outputs.begin(), outputs.end());
  wanted.insert(wanted.end(), totals.begin(), totals.end());
  const std::vector<bool> needed = needed_for(graph, wanted, true);
  // How many loops must be over before a node can be computed.
  std::vector<std::size_t> loops_before(graph.size(), 0);
  Plan result;
  result.once_a_row.assign(graph.size(), false);
  std::size_t last = 0;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id]) continue;
    bool of_row = common(graph[id].shape, ir::Shape::row) == ir::Shape::row;
    for (const NodeId a : graph.args(id)) {
      loops_before[id] = std::max(loops_before[id], loops_before[a]);
      of_row = of_row || result.once_a_row[a];
    }
    if (is_reduction(graph, id)) {
      ++loops_before[id];
      of_row = true;
    }
    last = std::max(last, loops_before[id]);
    if (!varies_along_row(graph[id].shape)) result.once_a_row[id] = of_row;
  }
  if (last > max_loops) {
    throw CompileFailure{fmt::format(
        "its reductions of a row depend on each other in a chain of {}: at most {} are possible",
        last, max_loops)};
  }
  result.loops.resize(last + 1);
  std::vector<std::vector<NodeId>> roots(last + 1);
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!needed[id] || varies_along_row(graph[id].shape)) continue;
    if (is_reduction(graph, id)) {
      result.loops[loops_before[id] - 1].reductions.push_back(id);
      roots[loops_before[id] - 1].push_back(graph.arg(id, 0));
    } else if (result.once_a_row[id]) {
      result.loops[loops_before[id]].row_values.push_back(id);
    } else {
      result.call_values.push_back(id);
    }
  }
  roots[last] = wanted;
  for (std::size_t k = 0; k <= last; ++k) result.loops[k].schedule = schedule(graph, roots[k]);
  if (last > 0 && size_of(result) > max_planned) {
    throw CompileFailure{
        fmt::format("its {} loops over a row need {} operations together: at most {} are possible",
                    last + 1, size_of(result), max_planned)};
  }
  return result;
}

}  // namespace actc::jit
