// Definitions in other languages: the graphs that each of the emitters of ir/emit.h is given.
#include "ir/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "ir/passes.h"
#include "ir/round.h"
#include "runtime/state.h"
#include "stdlib/stdlib.h"

namespace actc {
namespace detail {
namespace {

std::string_view language_name(Language language) {
  switch (language) {
    case Language::c:
      return "C";
    case Language::python:
      return "NumPy";
    case Language::javascript:
      return "JavaScript";
    case Language::latex:
      return "LaTeX";
    case Language::mathml:
      return "MathML";
  }
  return "";
}

bool is_formula(Language language) {
  return language == Language::latex || language == Language::mathml;
}

// How functions are computed in binary64 where a language has exp, log and their kin.
const ir::Library& plain_library() {
  static const std::shared_ptr<const ModuleState> state = [] {
    auto compiled = compile_text(stdlib::file("plain.act"), standard_module());
    if (auto* diagnostics = std::get_if<1>(&compiled)) throw Error(std::move(*diagnostics));
    return std::get<0>(compiled);
  }();
  return *state->library;
}

// A built-in's function there.
const ir::Function* plain(const ir::Library& library, ir::FunctionId id) {
  const std::size_t standard = standard_module()->library->size();
  if (id >= standard) return nullptr;
  const auto found = plain_library().find(library[id].name);
  return found && *found >= standard ? &plain_library()[*found] : nullptr;
}

// Variables of graphs: the definition's inputs, then the learned parameters, so that their
// derivatives are elements, then the gradient from above.
struct Plan {
  const ModuleState& module;
  ir::FunctionId id;
  const KernelOptions& options;
  std::vector<std::size_t> learned = {};

  const ir::Library& library() const { return *module.library; }
  const ir::Function& function() const { return library()[id]; }
};

std::vector<std::size_t> learned_of(const ir::Function& f, const KernelOptions& options) {
  std::vector<std::size_t> positions;
  if (ir::is_over_rows(f.meaning)) return positions;
  for (std::size_t k = 0; k < f.parameters.size(); ++k) {
    if (f.parameters[k].learned && !options.fixed.contains(f.parameters[k].name))
      positions.push_back(k);
  }
  return positions;
}

Stages planned_stages(const Plan& plan, ir::Format format) {
  Variables variables;
  variables.inputs.assign(plan.function().inputs.size() + plan.learned.size(), ir::Shape::element);
  variables.arrays = plan.learned;
  return stages(plan.module, plan.id, format,
                {.stabilize = plan.options.stabilize, .variables = variables});
}

ir::NodeId fixed_value(ir::Graph& graph, double value, ir::Format format) {
  if (std::isfinite(value)) return graph.constant(ir::exact(value), format);
  const auto op = std::isnan(value) ? ir::Operation::NotANumber : ir::Operation::Infinity;
  const ir::NodeId id = graph.node(op, format, {});
  return value < 0 ? graph.node(ir::Operation::Neg, format, {id}) : id;
}

// The gradient from above has the shape of the value.
ir::Shape seed_shape(const ir::Function& f, const ir::Library& library) {
  if (!ir::is_over_rows(f.meaning)) return ir::Shape::element;
  return ir::value_shape(ir::simplify(f.meaning, library));
}

// The graph with its variables as an emitted text has them: parameters that were inputs are
// parameters again, and fixed ones are constants. Without a seed the gradient from above is 1.
ir::Graph with_own_variables(const Plan& plan, const ir::Graph& graph, ir::Format format,
                             bool with_seed) {
  const ir::Function& f = plan.function();
  ir::Graph result;
  const auto parameter = [&](std::size_t k) -> ir::NodeId {
    const auto value = plan.options.fixed.find(f.parameters[k].name);
    if (value == plan.options.fixed.end())
      return result.parameter(static_cast<std::uint32_t>(k), format);
    const double bound = format == ir::Format::binary32
                             ? rounded_parameter<float>(value->first, value->second)
                             : rounded_parameter<double>(value->first, value->second);
    return fixed_value(result, bound, format);
  };
  std::vector<ir::NodeId> args;
  const auto inputs = static_cast<std::uint32_t>(f.inputs.size());
  for (std::uint32_t k = 0; k < inputs; ++k) args.push_back(result.input(k, format));
  for (const std::size_t k : plan.learned) args.push_back(parameter(k));
  args.push_back(with_seed ? result.input(inputs, seed_shape(f, plan.library()), format)
                           : result.constant(1, format));
  const std::size_t input_count = args.size();
  for (std::size_t k = 0; k < f.parameters.size(); ++k) args.push_back(parameter(k));
  result.outputs = ir::inline_body(result, graph, input_count, args);
  return result;
}

ir::Emitted described(const Plan& plan, bool with_seed) {
  const ir::Function& f = plan.function();
  ir::Emitted d;
  d.name = f.name.empty() ? "f" : f.name;
  d.documentation = f.documentation;
  d.names = with_seed ? names_with_seed(f) : ir::names_of(f);
  d.parameters = f.parameters;
  for (const ir::Parameter& p : f.parameters)
    d.fixed.push_back(plan.options.fixed.contains(p.name));
  d.with_seed = with_seed;
  d.over_rows = ir::is_over_rows(f.meaning);
  d.outputs.push_back({d.name, ""});
  const auto derivative = [&](const std::string& of, bool only) {
    d.outputs.push_back({d.name + (only ? "_grad" : "_grad_" + of), of});
  };
  for (const std::string& input : f.inputs) derivative(input, f.inputs.size() == 1);
  for (const std::size_t k : plan.learned) derivative(f.parameters[k].name, false);
  d.formula =
      "y = " + ir::to_formula(readable(f.meaning, plan.library()), plan.library(), ir::names_of(f));
  return d;
}

std::string emit_c(const Plan& plan, ir::Format format) {
  ir::Emitted d = described(plan, true);
  d.graph = with_own_variables(plan, planned_stages(plan, format).lowered, format, true);
  return ir::emit_c(d, format);
}

// The functions of the graph opened down to those that the language has and those of plain.act.
ir::Graph in_plain_functions(const Plan& plan, const ir::Graph& graph,
                             bool (*is_native)(const ir::Function&)) {
  const ir::Library& library = plan.library();
  const ir::Graph open = ir::expand_calls(
      graph, library,
      [&](const ir::Function& callee, const ir::Graph& g, ir::NodeId call) -> const ir::Graph* {
        if (is_native(callee)) return nullptr;
        const ir::Function* instead = plain(library, g[call].payload);
        if (instead == nullptr) return &callee.meaning;
        return instead->documentation.empty() ? &instead->meaning : nullptr;
      });
  return ir::simplify(open, library);
}

// The definition's own value, which is no call of itself.
void open_value(const Plan& plan, ir::Graph& graph) {
  const ir::Function* own = plain(plan.library(), plan.id);
  if (own == nullptr) return;
  std::vector<ir::NodeId> args;
  for (std::uint32_t k = 0; k < own->inputs.size(); ++k) args.push_back(graph.input(k));
  for (std::uint32_t k = 0; k < own->parameters.size(); ++k) args.push_back(graph.parameter(k));
  graph.outputs[0] = ir::inline_body(graph, own->meaning, own->inputs.size(), args).front();
}

std::string emit_program(const Plan& plan, Language language) {
  const bool python = language == Language::python;
  const bool with_seed = ir::is_over_rows(plan.function().meaning);
  const auto is_native = python ? &ir::is_native_in_python : &ir::is_native_in_javascript;
  ir::Emitted d = described(plan, with_seed);
  d.self = plan.id;
  const Stages s = planned_stages(plan, ir::Format::binary64);
  ir::Graph graph = with_own_variables(plan, s.gradient, ir::Format::real, with_seed);
  if (!is_native(plan.function())) open_value(plan, graph);
  d.graph = in_plain_functions(plan, graph, is_native);
  // Bodies of plain.act are opened as the definition is.
  std::map<ir::FunctionId, ir::Graph> bodies;
  const ir::Helpers helpers = [&](ir::FunctionId id) -> std::optional<ir::Helper> {
    const ir::Function* f = plain(plan.library(), id);
    if (f == nullptr) return std::nullopt;
    auto [body, added] = bodies.try_emplace(id);
    if (added) body->second = in_plain_functions(plan, f->meaning, is_native);
    return ir::Helper{f->inputs, &body->second};
  };
  return python ? ir::emit_python(d, plan.library(), helpers)
                : ir::emit_javascript(d, plan.library(), helpers);
}

// What formulas show: no helper of the standard library, but for those that have a name in them.
ir::Graph in_known_functions(const Plan& plan, const ir::Graph& graph) {
  const std::size_t standard = standard_module()->library->size();
  const ir::Graph open = ir::expand_calls(
      graph, plan.library(),
      [&](const ir::Function& f, const ir::Graph& g, ir::NodeId call) -> const ir::Graph* {
        const bool helper = g[call].payload < standard && f.documentation.empty();
        return helper && !ir::has_formula_name(f) ? &f.meaning : nullptr;
      });
  return ir::simplify(open, plan.library());
}

std::string emit_formula(const Plan& plan, Language language) {
  const ir::Function& f = plan.function();
  const bool rows = ir::is_over_rows(f.meaning);
  ir::Emitted d = described(plan, rows);
  const std::size_t inputs = f.inputs.size();
  std::vector<std::size_t> wanted(inputs);
  for (std::size_t k = 0; k < inputs; ++k) wanted[k] = k;
  for (const std::size_t k : plan.learned) wanted.push_back(inputs + k);
  const ir::Graph call = call_graph(plan.library(), plan.id);
  const ir::Graph slopes = rows ? ir::derive_row(call, plan.library(), inputs, wanted)
                                : ir::derive(call, plan.library(), inputs, wanted);
  // One graph of both.
  std::vector<ir::NodeId> args;
  for (std::uint32_t k = 0; k < inputs; ++k) args.push_back(d.graph.input(k));
  if (rows) {
    args.push_back(
        d.graph.input(static_cast<std::uint32_t>(inputs), seed_shape(f, plan.library())));
  }
  const std::size_t input_count = args.size();
  for (std::uint32_t k = 0; k < f.parameters.size(); ++k) {
    const auto value = plan.options.fixed.find(f.parameters[k].name);
    args.push_back(value == plan.options.fixed.end()
                       ? d.graph.parameter(k)
                       : fixed_value(d.graph, value->second, ir::Format::real));
  }
  std::vector<ir::NodeId> value_args = args;
  if (rows) value_args.erase(value_args.begin() + static_cast<std::ptrdiff_t>(inputs));
  d.graph.outputs = ir::inline_body(d.graph, f.meaning, inputs, value_args);
  std::ranges::copy(ir::inline_body(d.graph, slopes, input_count, args),
                    std::back_inserter(d.graph.outputs));
  d.graph = in_known_functions(plan, d.graph);
  return language == Language::latex ? ir::emit_latex(d, plan.library())
                                     : ir::emit_mathml(d, plan.library());
}

void check(const Plan& plan, Language language) {
  const ir::Function& f = plan.function();
  for (const auto& [name, value] : plan.options.fixed) {
    if (std::ranges::find(f.parameters, name, &ir::Parameter::name) == f.parameters.end())
      unknown_parameter(name, f.parameters, f.name);
  }
  if (is_formula(language)) return;
  if (ir::is_random(f.meaning)) {
    throw Error(
        fmt::format("{} draws random numbers, which {} would draw otherwise: it can be "
                    "written as LaTeX and MathML",
                    shown_name(f), language_name(language)));
  }
  if (ir::is_over_rows(f.meaning) && language != Language::python) {
    throw Error(
        fmt::format("{} is over a row, and functions in {} are of one element: it can be "
                    "written as NumPy, LaTeX and MathML",
                    shown_name(f), language_name(language)));
  }
}

}  // namespace

std::string emit(const ModuleState& module, ir::FunctionId id, Language language, ir::Format format,
                 const KernelOptions& options) {
  Plan plan{module, id, options};
  plan.learned = learned_of(plan.function(), options);
  check(plan, language);
  try {
    switch (language) {
      case Language::c:
        return emit_c(plan, format);
      case Language::python:
      case Language::javascript:
        return emit_program(plan, language);
      case Language::latex:
      case Language::mathml:
        return emit_formula(plan, language);
    }
  } catch (const ir::GraphTooLarge&) {
    throw too_large(
        module, id,
        fmt::format("{} needs more than {} operations in {}", shown_name(plan.function()),
                    ir::Graph::max_nodes, language_name(language)));
  }
  return {};
}

}  // namespace detail

template <std::floating_point T>
std::string Function::emit(Language language, const KernelOptions& options) const {
  return detail::emit(*module_, id_, language,
                      std::same_as<T, float> ? ir::Format::binary32 : ir::Format::binary64,
                      options);
}
template ACTC_API std::string Function::emit<float>(Language, const KernelOptions&) const;
template ACTC_API std::string Function::emit<double>(Language, const KernelOptions&) const;

}  // namespace actc
