// The rules of the oracle's jets, of order 0, node by node.
#include "tools/card/enclosure.h"

#include <array>

#include "ir/graph.h"

namespace actc::tools {

using ir::NodeId;
using ir::Operation;

Enclosure::Enclosure(const ir::Graph& graph)
    : graph_(&graph), needed_(ir::reachable(graph)), varies_(graph.size()), values_(graph.size()) {
  for (NodeId id = 0; id < graph.size(); ++id) {
    varies_[id] = graph[id].op == Operation::Input;
    for (const NodeId a : graph.args(id)) varies_[id] = varies_[id] || varies_[a];
  }
}

Interval Enclosure::at(const Interval& x) {
  const JetRules rules(0);
  const bool constants = constants_at_ != PrecisionScope::bits();
  constants_at_ = PrecisionScope::bits();
  for (NodeId id = 0; id < graph_->size(); ++id) {
    if (!needed_[id] || !(varies_[id] || constants)) continue;
    const ir::Node& node = (*graph_)[id];
    Jet& value = values_[id];
    if (node.op == Operation::Constant) {
      value.value = interval_of(graph_->value(id));
    } else if (node.op == Operation::Input) {
      value.value = x;
    } else {
      std::array<const Jet*, 3> args{};
      for (std::size_t k = 0; k < node.arg_count; ++k) args[k] = &values_[graph_->arg(id, k)];
      value = rules.apply(node.op, std::span(args).first(node.arg_count));
    }
  }
  return values_[graph_->outputs.front()].value;
}

}  // namespace actc::tools
