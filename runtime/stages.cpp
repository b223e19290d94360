// The passes from a definition to a lowered graph, in their order.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "ir/algebra.h"
#include "ir/passes.h"
#include "ir/text.h"
#include "runtime/state.h"

namespace actc::detail {
namespace {

bool is_standard(ir::FunctionId id) { return id < standard_module()->library->size(); }

bool is_derived(const std::optional<ir::Derivative>& d) { return d && d->derived; }

// What was derived from the formulas as rules made them, derived again from the formulas as they
// stand.
ir::Library without_rules(const ir::Library& library) {
  ir::Library plain = library;
  for (auto id = static_cast<ir::FunctionId>(plain.base_size()); id < plain.size(); ++id) {
    if (is_standard(id) || !plain[id].is_opaque()) continue;
    auto& derivatives = plain.own(id).derivatives;
    // A function whose derivatives are all derived is opaque by its implementation.
    for (auto& d : derivatives) {
      if (is_derived(d)) d.reset();
    }
    ir::complete_derivatives(plain, id);
  }
  return plain;
}

// The text's own functions that stay calls, opened where the format has no implementation of them,
// so that rules reach inside.
ir::Graph open_own(const ir::Graph& graph, const ir::Library& library, ir::Format format) {
  return ir::expand_calls(
      graph, library,
      [&](const ir::Function& callee, const ir::Graph& g, ir::NodeId call) -> const ir::Graph* {
        const bool stays = is_standard(g[call].payload) || ir::is_power(callee) ||
                           callee.implementations.contains(format);
        return stays ? nullptr : &callee.meaning;
      });
}

// The known function over the reals that the graph applies to what varies, where there is one: no
// format computes it.
std::optional<ir::Operation> uncomputable(const ir::Graph& graph) {
  const std::vector<bool> needed = ir::reachable(graph);
  std::vector<bool> varies(graph.size());
  for (ir::NodeId id = 0; id < graph.size(); ++id) {
    const ir::Operation op = graph[id].op;
    varies[id] = (op != ir::Operation::Call && ir::is_known_at_run_time(op)) ||
                 std::ranges::any_of(graph.args(id), [&](ir::NodeId a) { return varies[a]; });
    const bool real = ir::info(op).klass == ir::OperationClass::real;
    if (needed[id] && varies[id] && real) return op;
  }
  return std::nullopt;
}

Variables variables_of(const ir::Function& f, const StageOptions& options) {
  Variables variables = options.variables;
  if (variables.inputs.empty()) variables.inputs.assign(f.inputs.size(), ir::Shape::element);
  return variables;
}

// The function's call where some inputs have one value a row or a column, and some parameters are
// inputs after them.
ir::Graph shaped_call(const ir::Library& library, ir::FunctionId id, const Variables& variables) {
  const ir::Function& f = library[id];
  const auto is_element = [](ir::Shape shape) { return shape == ir::Shape::element; };
  if (variables.arrays.empty() && std::ranges::all_of(variables.inputs, is_element)) {
    return call_graph(library, id);
  }
  ir::Graph graph;
  std::vector<ir::NodeId> args;
  const auto input = [&](std::size_t k) {
    return graph.input(static_cast<std::uint32_t>(k), variables.inputs[k]);
  };
  for (std::size_t k = 0; k < f.inputs.size(); ++k) args.push_back(input(k));
  for (std::uint32_t k = 0; k < f.parameters.size(); ++k) {
    const auto at = std::ranges::find(variables.arrays, std::size_t{k});
    args.push_back(
        at == variables.arrays.end()
            ? graph.parameter(k)
            : input(f.inputs.size() + static_cast<std::size_t>(at - variables.arrays.begin())));
  }
  if (f.is_opaque()) {
    graph.outputs = {graph.call(id, args)};
  } else {
    graph.outputs = ir::inline_body(graph, f.meaning, f.inputs.size(), args);
  }
  return graph;
}

Stages make_stages(const ir::Library& library, const ir::Rulebook* rules, ir::FunctionId id,
                   ir::Format format, const StageOptions& options, StageLogs* logs) {
  const Variables variables = variables_of(library[id], options);
  const std::size_t inputs = variables.inputs.size();
  std::vector<std::size_t> learned;
  if (options.learned) learned = learned_parameters(library[id], variables);
  const auto stabilized = [&](const ir::Graph& graph, ir::StabilizeFor next,
                              ir::StabilizeLog* log) {
    return rules == nullptr ? graph : ir::stabilize(graph, library, *rules, inputs, next, log);
  };
  Stages s;
  s.meaning = ir::simplify(shaped_call(library, id, variables), library);
  s.stable =
      stabilized(s.meaning, ir::StabilizeFor::derivation, logs == nullptr ? nullptr : &logs->value);
  s.gradient = ir::with_gradients(s.stable, library, variables.inputs, learned);
  if (options.saved && *options.saved != Saved::x) {
    auto from = saved_gradient(library, library[id], s.stable, s.gradient, *options.saved);
    if (!from) {
      throw Error(fmt::format("the gradient of {} cannot be computed from {}",
                              shown_name(library[id]), saved_name(*options.saved)));
    }
    s.gradient = std::move(from->graph);
    s.positive = std::move(from->positive);
  }
  if (rules != nullptr) {
    const ir::Graph open = ir::simplify(open_own(s.gradient, library, format), library);
    s.gradient = stabilized(open, ir::StabilizeFor::legalization,
                            logs == nullptr ? nullptr : &logs->gradient);
  }
  if (const auto op = uncomputable(open_own(s.gradient, library, format))) {
    const std::string_view name = ir::info(*op).name;
    throw Error(fmt::format(
        "{} needs `{}`, which no number format computes: use `{}`, or give an "
        "implementation for {}",
        shown_name(library[id]), name, name.substr(name.find('_') + 1), ir::name(format)));
  }
  s.lowered = ir::legalize(s.gradient, library, format, 1);
  return s;
}

std::string indented(const ir::StabilizeLog& log) {
  std::string text;
  for (const ir::Firing& f : log.firings) {
    text += fmt::format("  {}\n    {}\n    -> {}\n", f.rule, f.before, f.after);
  }
  if (text.empty()) text = "  none\n";
  if (log.limit != ir::StabilizeLimit::none) {
    text += fmt::format("  and no further: {}\n", ir::reason(log.limit));
  }
  return text;
}

}  // namespace

std::vector<std::size_t> learned_parameters(const ir::Function& f, const Variables& variables) {
  std::vector<std::size_t> positions;
  for (std::size_t k = 0; k < f.parameters.size(); ++k) {
    if (f.parameters[k].learned && !variables.is_array(k)) positions.push_back(k);
  }
  return positions;
}

ir::Graph call_graph(const ir::Library& library, ir::FunctionId id) {
  const ir::Function& f = library[id];
  if (!f.is_opaque()) return f.meaning;
  ir::Graph graph;
  std::vector<ir::NodeId> args;
  for (std::uint32_t k = 0; k < f.inputs.size(); ++k) args.push_back(graph.input(k));
  for (std::uint32_t k = 0; k < f.parameters.size(); ++k) args.push_back(graph.parameter(k));
  graph.outputs = {graph.call(id, args)};
  return graph;
}

Stages stages(const ModuleState& module, ir::FunctionId id, ir::Format format,
              const StageOptions& options, StageLogs* logs) {
  const ir::Library& library = *module.library;
  try {
    if (is_standard(id)) return make_stages(library, nullptr, id, format, options, logs);
    if (options.stabilize) {
      return make_stages(library, module.rules.get(), id, format, options, logs);
    }
    return make_stages(without_rules(library), nullptr, id, format, options, logs);
  } catch (const ir::GraphTooLarge&) {
    throw too_large(module, id,
                    fmt::format("{} needs more than {} operations with its gradient in {}",
                                shown_name(library[id]), ir::Graph::max_nodes, ir::name(format)));
  }
}

ir::Names names_with_seed(const ir::Function& f, std::span<const std::string> as_inputs) {
  ir::Names names = ir::names_of(f);
  names.inputs.insert(names.inputs.end(), as_inputs.begin(), as_inputs.end());
  std::string seed = "dy";
  while (std::ranges::find(names.inputs, seed) != names.inputs.end() ||
         std::ranges::find(names.parameters, seed) != names.parameters.end()) {
    seed += "_";
  }
  names.inputs.push_back(seed);
  return names;
}

std::string stable_text(const ModuleState& module, ir::FunctionId id, ir::Format format,
                        bool stabilize) {
  const ir::Library& library = *module.library;
  const ir::Function& f = library[id];
  StageLogs logs;
  const ir::Names names = names_with_seed(f);
  logs.value.names = ir::names_of(f);
  logs.gradient.names = names;
  const Stages s = stages(module, id, format, {.stabilize = stabilize}, &logs);
  std::string text = fmt::format("y = {}\n", ir::to_formula(s.gradient, library, names, 0));
  for (std::size_t k = 0; k < f.inputs.size(); ++k) {
    text +=
        fmt::format("d{} = {}\n", f.inputs[k], ir::to_formula(s.gradient, library, names, k + 1));
  }
  text += fmt::format("rules in the value:\n{}rules in the gradient:\n{}", indented(logs.value),
                      indented(logs.gradient));
  return text;
}

}  // namespace actc::detail
