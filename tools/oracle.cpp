// From a text to its graphs, and these in jets of intervals.
#include "tools/oracle.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "frontend/frontend.h"
#include "ir/evaluate.h"
#include "ir/passes.h"
#include "stdlib/stdlib.h"

namespace actc::tools {
namespace {

using ir::NodeId;
using ir::Operation;

// A call to this "function" joins a value with derivatives that are written: its arguments are the
// value, then ∂/∂argument for each argument, then the arguments. The value's own derivative does
// not count.
constexpr ir::FunctionId joint = std::numeric_limits<ir::FunctionId>::max();

frontend::LoweredText lowered(std::string_view text,
                              const std::shared_ptr<const ir::Library>& base) {
  std::vector<frontend::Diagnostic> diagnostics;
  const frontend::SyntaxTree tree = frontend::parse(text, diagnostics);
  return frontend::lower(tree, text, base, diagnostics);
}

bool keeps_its_derivative(const ir::Library& library, ir::FunctionId id) {
  const ir::Function& f = library[id];
  bool written = false;
  for (const auto& d : f.derivatives) {
    if (!d || d->derived) continue;
    if (d->surrogate) return true;
    written = true;
  }
  return written && has_kinks(ir::expand_meaning(f.meaning, library));
}

ir::Graph with_joints(const ir::Library& library, const ir::Graph& call, int depth);

// The value of a call with the derivatives that are written of the function.
NodeId joint_of(ir::Graph& graph, const ir::Library& library, const ir::Function& f, NodeId value,
                std::span<const NodeId> args, int depth) {
  std::vector<NodeId> parts = {value};
  for (std::size_t k = 0; k < args.size(); ++k) {
    const auto& d = f.derivatives[k];
    if (!d) {
      // What is not written for one of its arguments: 0 · its derivative says "not known".
      parts.push_back(graph.node(Operation::NotANumber, ir::Format::real, {}));
      continue;
    }
    const ir::Graph body =
        depth > 0 ? with_joints(library, d->body, depth - 1) : ir::expand_meaning(d->body, library);
    parts.push_back(ir::inline_body(graph, body, f.inputs.size(), args).front());
  }
  parts.insert(parts.end(), args.begin(), args.end());
  return graph.call(joint, parts);
}

// The meaning with joints where derivatives are written that count. Written derivatives have
// joints of their own `depth` times: a second derivative asks for theirs, nothing asks further
// (those of cosh and sinh are each other).
ir::Graph with_joints(const ir::Library& library, const ir::Graph& call, int depth) {
  std::map<ir::FunctionId, bool> kept;
  ir::Graph current = call;
  for (bool again = true; again;) {
    again = false;
    ir::Graph next;
    const std::vector<bool> needed = ir::reachable(current);
    std::vector<NodeId> mapped(current.size());
    for (NodeId id = 0; id < current.size(); ++id) {
      if (!needed[id]) continue;
      const ir::Node& node = current[id];
      std::vector<NodeId> args;
      for (const NodeId a : current.args(id)) args.push_back(mapped[a]);
      switch (node.op) {
        case Operation::Constant:
          mapped[id] = next.constant(current.value(id), node.format);
          continue;
        case Operation::Input:
          mapped[id] = next.input(node.payload, node.format);
          continue;
        case Operation::Parameter:
          mapped[id] = next.parameter(node.payload, node.format);
          continue;
        case Operation::Call:
          break;
        default:
          mapped[id] = next.node(node.op, node.format, args);
          continue;
      }
      if (node.payload == joint) {
        mapped[id] = next.call(joint, args);
        continue;
      }
      again = true;
      const ir::Function& f = library[node.payload];
      if (!kept.contains(node.payload)) {
        kept[node.payload] = keeps_its_derivative(library, node.payload);
      }
      mapped[id] = ir::inline_body(next, f.meaning, f.inputs.size(), args).front();
      if (kept[node.payload]) {
        mapped[id] = joint_of(next, library, f, mapped[id], args, depth);
      }
    }
    for (const NodeId id : current.outputs) next.outputs.push_back(mapped[id]);
    current = std::move(next);
  }
  return current;
}

ir::Graph call_of(const ir::Function& f, ir::FunctionId id) {
  ir::Graph graph;
  std::vector<NodeId> args;
  for (std::uint32_t k = 0; k < f.inputs.size(); ++k) args.push_back(graph.input(k));
  for (std::uint32_t k = 0; k < f.parameters.size(); ++k) args.push_back(graph.parameter(k));
  graph.outputs = {graph.call(id, args)};
  return graph;
}

}  // namespace

bool has_kinks(const ir::Graph& meaning) {
  const std::vector<bool> needed = ir::reachable(meaning);
  for (NodeId id = 0; id < meaning.size(); ++id) {
    if (!needed[id]) continue;
    switch (meaning[id].op) {
      case Operation::Abs:
      case Operation::Min:
      case Operation::Max:
      case Operation::Floor:
      case Operation::Ceil:
      case Operation::Round:
      case Operation::Trunc:
      case Operation::CopySign:
      case Operation::Where:
      case Operation::Rarely:
        return true;
      default:
        break;
    }
  }
  return false;
}

bool is_math_function(std::string_view name) {
  std::vector<frontend::Diagnostic> diagnostics;
  const frontend::SyntaxTree tree = frontend::parse(stdlib::file("math.act"), diagnostics);
  return std::ranges::any_of(tree.items, [&](const frontend::Item& item) {
    return std::holds_alternative<frontend::DefinitionItem>(item) &&
           frontend::head_of(item).name == name;
  });
}

Oracle::Oracle(std::string_view text, std::string_view name) {
  static const std::shared_ptr<const ir::Library> standard =
      lowered(stdlib::text(), nullptr).library;
  library_ = standard;
  std::optional<ir::FunctionId> entry;
  if (!text.empty()) {
    frontend::LoweredText own = lowered(text, standard);
    library_ = std::move(own.library);
    entry = own.entry;
  }
  if (!name.empty()) entry = library_->find(name);
  assert(entry && "the text compiles and defines the function");
  id_ = *entry;
  const ir::Graph call = call_of(function(), id_);
  value_ = ir::expand_meaning(call, *library_);
  slopes_ = with_joints(*library_, call, 1);
}

ir::Graph Oracle::call() const { return call_of(function(), id_); }

bool Oracle::asks_isnan() const {
  const std::vector<bool> needed = ir::reachable(value_);
  for (NodeId id = 0; id < value_.size(); ++id) {
    if (needed[id] && value_[id].op == Operation::IsNan) return true;
  }
  return false;
}

bool Oracle::is_multiple_of_input_at_zero(std::span<const double> parameters) const {
  if (function().inputs.size() != 1) return false;
  const double zero = -0.0;
  ir::Graph all = value_;
  all.outputs.clear();
  for (NodeId id = 0; id < all.size(); ++id) all.outputs.push_back(id);
  const std::vector<double> values = ir::evaluate<double>(all, {&zero, 1}, parameters);
  NodeId at = value_.outputs.front();
  while (value_[at].op == Operation::Where)
    at = value_.arg(at, values[value_.arg(at, 0)] != 0 ? 1 : 2);
  const auto is_input = [&](NodeId id) { return value_[id].op == Operation::Input; };
  const bool product = value_[at].op == Operation::Mul || value_[at].op == Operation::Div;
  const bool multiple =
      is_input(at) ||
      (product && (is_input(value_.arg(at, 0)) ||
                   (value_[at].op == Operation::Mul && is_input(value_.arg(at, 1)))));
  return multiple && values[at] == 0 && std::signbit(values[at]);
}

Evaluator::Plan Evaluator::plan_of(const ir::Graph& graph) {
  Plan plan{.graph = &graph, .needed = ir::reachable(graph), .varies = {}, .jets = {}};
  plan.varies.resize(graph.size());
  plan.jets.resize(graph.size());
  for (NodeId id = 0; id < graph.size(); ++id) {
    plan.varies[id] = graph[id].op == Operation::Input;
    for (const NodeId a : graph.args(id)) plan.varies[id] = plan.varies[id] || plan.varies[a];
  }
  return plan;
}

Evaluator::Evaluator(const Oracle& oracle, std::vector<double> parameters)
    : parameters_(std::move(parameters)),
      value_(plan_of(oracle.value_)),
      slopes_(plan_of(oracle.slopes_)) {}

void Evaluator::evaluate(Plan& plan, NodeId id, std::span<const Interval> inputs, int order,
                         std::size_t variable) {
  const ir::Graph& graph = *plan.graph;
  const ir::Node& node = graph[id];
  Jet& jet = plan.jets[id];
  switch (node.op) {
    case Operation::Constant:
      jet = Jet{.value = interval_of(graph.value(id)), .first = {}, .second = {}};
      return;
    case Operation::Parameter:
      jet = Jet{.value = Interval(parameters_[node.payload]), .first = {}, .second = {}};
      return;
    case Operation::Input:
      jet = Jet{.value = inputs[node.payload], .first = {}, .second = {}};
      if (node.payload == variable && order > 0) {
        jet.varies = true;
        jet.first = Interval(1);
      }
      return;
    default:
      break;
  }
  std::array<const Jet*, 3> few{};
  if (node.arg_count <= few.size()) {
    for (std::size_t k = 0; k < node.arg_count; ++k) few[k] = &plan.jets[graph.arg(id, k)];
    jet = JetRules(order).apply(node.op, std::span(few).first(node.arg_count));
    return;
  }
  std::vector<const Jet*> args;
  for (const NodeId a : graph.args(id)) args.push_back(&plan.jets[a]);
  jet = JetRules(order).apply(node.op, args);
}

Jet Evaluator::at(std::span<const Interval> inputs, int order, std::size_t variable) {
  Plan& plan = order == 0 ? value_ : slopes_;
  const bool constants = plan.constants_at != PrecisionScope::bits();
  plan.constants_at = PrecisionScope::bits();
  for (NodeId id = 0; id < plan.graph->size(); ++id) {
    if (plan.needed[id] && (plan.varies[id] || constants)) {
      evaluate(plan, id, inputs, order, variable);
    }
  }
  return plan.jets[plan.graph->outputs.front()];
}

}  // namespace actc::tools
