// Domains are not listed by name: what a function's formula takes the logarithm of says it.
#include "ir/demands.h"

#include <algorithm>

namespace actc::ir {
namespace {

bool is_input(const Graph& g, NodeId id, std::uint32_t position) {
  return g[id].op == Operation::Input && g[id].payload == position;
}

std::optional<Demand> demand_of_operation(const Graph& g, NodeId id) {
  switch (g[id].op) {
    case Operation::Sqrt:
      return Demand{FaultKind::negative_root, g.arg(id, 0)};
    case Operation::RealLog:
      return Demand{FaultKind::negative_logarithm, g.arg(id, 0)};
    case Operation::RealLog1p:
      return Demand{FaultKind::negative_logarithm, g.arg(id, 0), -1};
    case Operation::RealPow:
      return Demand{FaultKind::negative_power, g.arg(id, 0)};
    case Operation::Div:
      return Demand{FaultKind::zero_divisor, g.arg(id, 1)};
    default:
      return std::nullopt;
  }
}

std::optional<Demand> demand_of_call(const Graph& g, const Library& library, NodeId id) {
  const Function& f = library[g[id].payload];
  const Graph& meaning = f.meaning;
  const std::vector<bool> needed = reachable(meaning);
  for (NodeId m = 0; m < meaning.size(); ++m) {
    std::optional<Demand> demand = needed[m] ? demand_of_operation(meaning, m) : std::nullopt;
    if (!demand || demand->kind == FaultKind::zero_divisor) continue;
    const bool power = demand->kind == FaultKind::negative_power;
    if (f.argument_count() != (power ? 2U : 1U) || !is_input(meaning, demand->argument, 0))
      continue;
    if (power && !is_input(meaning, meaning.arg(m, 1), 1)) continue;
    demand->argument = g.arg(id, 0);
    return demand;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Demand> demand_of(const Graph& g, const Library& library, NodeId id) {
  return g[id].op == Operation::Call ? demand_of_call(g, library, id) : demand_of_operation(g, id);
}

bool is_staircase(Operation op) {
  return op == Operation::Floor || op == Operation::Ceil || op == Operation::Round ||
         op == Operation::Trunc;
}

std::vector<bool> varying(const Graph& g) {
  std::vector<bool> varies(g.size());
  for (NodeId id = 0; id < g.size(); ++id) {
    varies[id] = g[id].op == Operation::Input ||
                 std::ranges::any_of(g.args(id), [&](NodeId a) { return varies[a]; });
  }
  return varies;
}

NodeId without_constants(const Graph& g, const std::vector<bool>& varies, NodeId id) {
  while (true) {
    const Operation op = g[id].op;
    if (op == Operation::Neg) {
      id = g.arg(id, 0);
      continue;
    }
    const bool linear = op == Operation::Add || op == Operation::Sub || op == Operation::Mul ||
                        op == Operation::Div;
    if (!linear || varies[g.arg(id, 0)] == varies[g.arg(id, 1)]) return id;
    id = g.arg(id, varies[g.arg(id, 0)] ? 0 : 1);
  }
}

bool is_step(const Graph& graph) {
  const std::vector<bool> varies = varying(graph);
  const NodeId top = without_constants(graph, varies, graph.outputs.front());
  if (graph[top].op != Operation::Where) return false;
  std::vector<bool> of_top(graph.size());
  of_top[top] = true;
  for (NodeId id = top + 1; id-- > 0;) {
    if (!of_top[id]) continue;
    if (graph[id].op == Operation::Where && varies[id]) {
      of_top[graph.arg(id, 1)] = true;
      of_top[graph.arg(id, 2)] = true;
    } else if (varies[id]) {
      return false;
    }
  }
  return true;
}

}  // namespace actc::ir
