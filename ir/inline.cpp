// Copying graphs into graphs: inlining of bodies, expansion of calls, extraction of parts.
#include <stdexcept>

#include "ir/passes.h"

namespace actc::ir {

NodeId copy_node(Graph& to, const Graph& from, NodeId id, const std::vector<NodeId>& mapped) {
  const Node& node = from[id];
  switch (node.op) {
    case Operation::Constant:
      return to.constant(from.value(id), node.format);
    case Operation::Input:
      return to.input(node.payload, node.shape, node.format);
    case Operation::Parameter:
      return to.parameter(node.payload, node.format);
    default:
      break;
  }
  std::vector<NodeId> args;
  args.reserve(node.arg_count);
  for (const NodeId a : from.args(id)) args.push_back(mapped[a]);
  return node.op == Operation::Call ? to.call(node.payload, args, node.format)
                                    : to.node(node.op, node.format, args, node.payload);
}

std::vector<NodeId> inline_body(Graph& graph, const Graph& body, std::size_t input_count,
                                std::span<const NodeId> args, std::uint32_t first_stream) {
  const std::vector<bool> needed = reachable(body);
  std::vector<NodeId> mapped(body.size());
  for (NodeId id = 0; id < body.size(); ++id) {
    if (!needed[id]) continue;
    const Node& node = body[id];
    if (node.op == Operation::Input) {
      mapped[id] = args[node.payload];
    } else if (node.op == Operation::Parameter) {
      mapped[id] = args[input_count + node.payload];
    } else if (node.op == Operation::UnitRandom) {
      mapped[id] = graph.node(node.op, node.format, {}, first_stream + node.payload);
    } else {
      mapped[id] = copy_node(graph, body, id, mapped);
    }
  }
  std::vector<NodeId> outputs;
  for (const NodeId id : body.outputs) outputs.push_back(mapped[id]);
  return outputs;
}

Graph expand_calls(const Graph& graph, const Library& library, const BodyPicker& pick) {
  Graph current = graph;
  // Calls nest no deeper than there are functions, unless implementations call each other in a
  // ring.
  std::size_t rounds = 0;
  for (bool again = true; again;) {
    if (rounds++ > library.size()) throw GraphTooLarge{};
    again = false;
    Graph next;
    const std::vector<bool> needed = reachable(current);
    std::vector<NodeId> mapped(current.size());
    for (NodeId id = 0; id < current.size(); ++id) {
      if (!needed[id]) continue;
      const Node& node = current[id];
      const Graph* body = nullptr;
      if (node.op == Operation::Call) body = pick(library[node.payload], current, id);
      if (body == nullptr) {
        mapped[id] = copy_node(next, current, id, mapped);
        continue;
      }
      std::vector<NodeId> args;
      for (const NodeId a : current.args(id)) args.push_back(mapped[a]);
      mapped[id] = inline_body(next, *body, library[node.payload].inputs.size(), args).front();
      again = true;
    }
    for (const NodeId id : current.outputs) next.outputs.push_back(mapped[id]);
    current = std::move(next);
  }
  return current;
}

Graph expand_meaning(const Graph& graph, const Library& library) {
  return expand_calls(graph, library,
                      [](const Function& callee, const Graph&, NodeId) { return &callee.meaning; });
}

Graph extract(const Graph& graph, std::span<const std::size_t> outputs) {
  Graph whole = graph;
  whole.outputs.clear();
  for (const std::size_t k : outputs) whole.outputs.push_back(graph.outputs[k]);
  Graph part;
  const std::vector<bool> needed = reachable(whole);
  std::vector<NodeId> mapped(whole.size());
  for (NodeId id = 0; id < whole.size(); ++id) {
    if (needed[id]) mapped[id] = copy_node(part, whole, id, mapped);
  }
  for (const NodeId id : whole.outputs) part.outputs.push_back(mapped[id]);
  return part;
}

}  // namespace actc::ir
