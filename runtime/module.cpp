// Texts to modules, and what can be asked of a definition.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "frontend/names.h"
#include "ir/evaluate.h"
#include "ir/passes.h"
#include "ir/text.h"
#include "runtime/state.h"
#include "stdlib/stdlib.h"

namespace actc {
namespace detail {
namespace {

Diagnostic public_form(frontend::Diagnostic d) {
  return {.severity = d.severity == frontend::Severity::error ? Severity::error : Severity::warning,
          .code = std::string(frontend::name(d.code)),
          .message = std::move(d.message),
          .suggestion = std::move(d.suggestion),
          .line = d.line,
          .column = d.column,
          .width = d.width,
          .line_text = std::move(d.line_text),
          .caret = d.caret};
}

constexpr std::string_view shorten = "write a shorter formula, or give its derivative with `d/dx`";

// Where each of the text's own functions is defined, or, where it is a copy of a built-in, first
// added to.
std::map<ir::FunctionId, frontend::Span> places_of(const frontend::SyntaxTree& tree,
                                                   const ir::Library& library) {
  std::map<ir::FunctionId, frontend::Span> places;
  for (const frontend::Item& item : tree.items) {
    const frontend::ItemHead& head = frontend::head_of(item);
    const auto id = library.find(head.name);
    if (!id || *id < library.base_size()) continue;
    if (std::holds_alternative<frontend::DefinitionItem>(item))
      places[*id] = head.name_span;
    else
      places.emplace(*id, head.name_span);
  }
  return places;
}

}  // namespace

std::vector<Diagnostic> located(std::vector<frontend::Diagnostic> diagnostics,
                                std::string_view source) {
  frontend::locate(diagnostics, source);
  std::vector<Diagnostic> result;
  for (auto& d : diagnostics) result.push_back(public_form(std::move(d)));
  return result;
}

std::string shown_name(const ir::Function& function) {
  return function.name.empty() ? "the formula" : fmt::format("`{}`", function.name);
}

Diagnostic placed(const ModuleState& module, ir::FunctionId id, Severity severity,
                  frontend::Code code, std::string_view message, std::string_view suggestion) {
  const auto place = module.places.find(id);
  if (place == module.places.end()) {
    return {.severity = severity,
            .code = std::string(frontend::name(code)),
            .message = std::string(message),
            .suggestion = std::string(suggestion),
            .line_text = {}};
  }
  frontend::Diagnostic d;
  d.severity =
      severity == Severity::error ? frontend::Severity::error : frontend::Severity::warning;
  d.code = code;
  d.span = place->second;
  d.message = message;
  d.suggestion = suggestion;
  return located({std::move(d)}, module.source).front();
}

void place_within(const ModuleState& module, ir::FunctionId id, const ir::Graph& part,
                  Diagnostic& diagnostic) {
  const auto definition = traced(module).find(id);
  if (definition == traced(module).end()) return;
  const std::optional<frontend::Span> span = frontend::place_of(definition->second, part);
  if (!span) return;
  frontend::Diagnostic d;
  d.span = *span;
  Diagnostic there = located({std::move(d)}, module.source).front();
  diagnostic.line = there.line;
  diagnostic.column = there.column;
  diagnostic.width = there.width;
  diagnostic.line_text = std::move(there.line_text);
  diagnostic.caret = there.caret;
}

ir::Graph readable(const ir::Graph& graph, const ir::Library& library) {
  const std::size_t standard = standard_module()->library->size();
  const ir::Graph open = ir::expand_calls(
      graph, library, [&](const ir::Function& f, const ir::Graph& g, ir::NodeId call) {
        return g[call].payload < standard && f.documentation.empty() ? &f.meaning : nullptr;
      });
  return ir::simplify(open, library);
}

Error too_large(const ModuleState& module, ir::FunctionId id, std::string_view message) {
  return Error(
      std::vector{placed(module, id, Severity::error, frontend::Code::limit, message, shorten)});
}

std::variant<std::shared_ptr<const ModuleState>, std::vector<Diagnostic>> compile_text(
    std::string_view text, const std::shared_ptr<const ModuleState>& base) {
  std::vector<frontend::Diagnostic> diagnostics;
  const auto shared_tree =
      std::make_shared<const frontend::SyntaxTree>(frontend::parse(text, diagnostics));
  const frontend::SyntaxTree& tree = *shared_tree;
  frontend::LoweredText lowered;
  if (!frontend::has_errors(diagnostics)) {
    lowered = base ? frontend::lower(tree, text, base->library, diagnostics)
                   : frontend::lower_deferred(shared_tree, text, diagnostics);
  }
  if (frontend::has_errors(diagnostics)) return located(std::move(diagnostics), text);

  const std::shared_ptr<ir::Library>& library = lowered.library;
  // What the standard library derives from its own formulas it derives from them as they stand.
  auto rules = std::make_shared<const ir::Rulebook>(*library, base ? base->rules : nullptr);
  auto places = places_of(tree, *library);
  for (auto id = static_cast<ir::FunctionId>(library->base_size()); id < library->size(); ++id) {
    if (!(*library)[id].is_opaque()) continue;
    try {
      ir::complete_derivatives(*library, id, base ? rules.get() : nullptr);
    } catch (const ir::GraphTooLarge&) {
      frontend::Diagnostic d;
      d.code = frontend::Code::limit;
      d.span = places[id];
      d.message = fmt::format("the derivative of {} needs more than {} operations",
                              shown_name((*library)[id]), ir::Graph::max_nodes);
      d.suggestion = shorten;
      diagnostics.push_back(std::move(d));
      return located(std::move(diagnostics), text);
    }
  }
  // The standard library's derivatives are checked by its tests.
  if (base) frontend::check_derivatives(tree, *library, diagnostics);

  auto state = std::make_shared<ModuleState>();
  state->base = base;
  state->source = text;
  state->library = library;
  state->rules = std::move(rules);
  state->places = std::move(places);
  for (const frontend::Item& item : tree.items) {
    const frontend::ItemHead& head = frontend::head_of(item);
    const auto id = state->library->find(head.name);
    // What the standard library does not document are its own helpers.
    if (id && !base && (*state->library)[*id].documentation.empty()) continue;
    if (id && *id >= state->library->base_size() &&
        std::ranges::find(state->own, *id) == state->own.end()) {
      state->own.push_back(*id);
    }
  }
  // The entry is last.
  if (lowered.entry && std::erase(state->own, *lowered.entry) > 0) {
    state->own.push_back(*lowered.entry);
  }
  state->warnings = located(std::move(diagnostics), text);
  return std::shared_ptr<const ModuleState>(std::move(state));
}

std::shared_ptr<const ModuleState> standard_module() {
  static const std::shared_ptr<const ModuleState> state = [] {
    auto compiled = compile_text(stdlib::text(), nullptr);
    if (auto* diagnostics = std::get_if<1>(&compiled)) throw Error(std::move(*diagnostics));
    return std::get<0>(compiled);
  }();
  return state;
}

namespace {

// The built-ins, some of them with other derivatives.
std::shared_ptr<const ModuleState> with_convention(std::string_view file) {
  auto compiled = compile_text(stdlib::file(file), standard_module());
  if (auto* diagnostics = std::get_if<1>(&compiled)) throw Error(std::move(*diagnostics));
  auto state = std::make_shared<ModuleState>(*std::get<0>(compiled));
  state->own.clear();
  for (const ir::FunctionId id : standard_module()->own) {
    state->own.push_back(*state->library->find((*state->library)[id].name));
  }
  return state;
}

}  // namespace

std::shared_ptr<const ModuleState> standard_module(Convention convention) {
  switch (convention) {
    case Convention::pytorch:
      break;
    case Convention::jax: {
      static const auto state = with_convention("jax.act");
      return state;
    }
    case Convention::tensorflow: {
      static const auto state = with_convention("tensorflow.act");
      return state;
    }
    case Convention::onednn: {
      static const auto state = with_convention("onednn.act");
      return state;
    }
  }
  return standard_module();
}

const std::string& source_of(const ModuleState& module, ir::FunctionId id) {
  const ModuleState* owner = &module;
  while (owner->base && id < owner->library->base_size()) owner = owner->base.get();
  return owner->source;
}

Module ModuleState::module(std::shared_ptr<const ModuleState> state) {
  Module m;
  m.state_ = std::move(state);
  return m;
}

Function ModuleState::function(std::shared_ptr<const ModuleState> state, ir::FunctionId id) {
  Function f;
  f.module_ = std::move(state);
  f.id_ = id;
  return f;
}

}  // namespace detail

namespace {

// The position of an input or a parameter among both.
std::size_t position_of(const ir::Function& f, std::string_view variable) {
  if (variable.empty()) return 0;
  std::vector<std::string> names = f.inputs;
  for (const ir::Parameter& p : f.parameters) names.push_back(p.name);
  const auto it = std::ranges::find(names, variable);
  if (it != names.end()) return static_cast<std::size_t>(it - names.begin());
  throw Error(fmt::format("`{}` has no input or parameter `{}`; it has {}", f.name, variable,
                          fmt::join(names, ", ")));
}

std::vector<double> bound(const ir::Function& f, const Parameters& given) {
  std::vector<double> values;
  for (const auto& [name, value] : given) {
    if (std::ranges::find(f.parameters, name, &ir::Parameter::name) == f.parameters.end()) {
      detail::unknown_parameter(name, f.parameters, f.name);
    }
  }
  for (const ir::Parameter& p : f.parameters) {
    const auto it = given.find(p.name);
    if (it == given.end() && !p.default_value) {
      throw Error(fmt::format("the parameter `{}` of `{}` has no default: give it a value", p.name,
                              f.name));
    }
    values.push_back(it != given.end() ? it->second : ir::round_to_binary64(*p.default_value));
  }
  return values;
}

template <class F>
auto within_limits(const detail::ModuleState& module, ir::FunctionId id, std::string_view what,
                   F work) {
  try {
    return work();
  } catch (const ir::GraphTooLarge&) {
    throw detail::too_large(
        module, id,
        fmt::format("{}{} needs more than {} operations", what,
                    detail::shown_name((*module.library)[id]), ir::Graph::max_nodes));
  }
}

}  // namespace

std::string_view version() { return ACTC_VERSION; }

Result<Module> try_compile(std::string_view text, Convention convention) {
  auto compiled = detail::compile_text(text, detail::standard_module(convention));
  if (auto* diagnostics = std::get_if<1>(&compiled)) return std::move(*diagnostics);
  return detail::ModuleState::module(std::get<0>(std::move(compiled)));
}

Module compile(std::string_view text, Convention convention) {
  Result<Module> result = try_compile(text, convention);
  if (!result) {
    throw Error(std::vector<Diagnostic>(result.diagnostics().begin(), result.diagnostics().end()));
  }
  return *std::move(result);
}

Module standard_library(Convention convention) {
  return detail::ModuleState::module(detail::standard_module(convention));
}

Function builtin(std::string_view name, Convention convention) {
  return standard_library(convention)[name];
}

std::optional<Function> Module::find(std::string_view name) const {
  const auto id = state_->library->find(name);
  if (!id) return std::nullopt;
  return detail::ModuleState::function(state_, *id);
}

Function Module::operator[](std::string_view name) const {
  if (auto found = find(name)) return *found;
  std::vector<std::string_view> names;
  for (ir::FunctionId id = 0; id < state_->library->size(); ++id)
    names.push_back((*state_->library)[id].name);
  Diagnostic d;
  d.code = frontend::name(frontend::Code::unknown_function);
  d.message = fmt::format("there is no definition `{}`", name);
  d.suggestion = frontend::suggest_name(name, names);
  throw Error(std::vector{d});
}

Function Module::entry() const {
  if (state_->own.empty()) throw Error(std::string("the text has no definition"));
  return detail::ModuleState::function(state_, state_->own.back());
}

std::vector<Function> Module::functions() const {
  std::vector<Function> result;
  for (const ir::FunctionId id : state_->own)
    result.push_back(detail::ModuleState::function(state_, id));
  return result;
}

std::span<const Diagnostic> Module::warnings() const { return state_->warnings; }

std::string Function::name() const { return (*module_->library)[id_].name; }
std::vector<std::string> Function::inputs() const { return (*module_->library)[id_].inputs; }
std::string Function::documentation() const { return (*module_->library)[id_].documentation; }
bool Function::is_over_rows() const { return ir::is_over_rows((*module_->library)[id_].meaning); }
bool Function::is_random() const { return ir::is_random((*module_->library)[id_].meaning); }
bool Function::has_row_value() const {
  const ir::Graph meaning = ir::simplify((*module_->library)[id_].meaning, *module_->library);
  return ir::value_shape(meaning) == ir::Shape::row;
}
std::string Function::source() const { return (*module_->library)[id_].source; }

std::vector<ParameterInfo> Function::parameters() const {
  std::vector<ParameterInfo> result;
  for (const ir::Parameter& p : (*module_->library)[id_].parameters) {
    std::optional<double> value;
    if (p.default_value) value = ir::round_to_binary64(*p.default_value);
    result.push_back({p.name, value, p.learned});
  }
  return result;
}

std::string Function::formula() const {
  const ir::Function& f = (*module_->library)[id_];
  return within_limits(*module_, id_, "", [&] {
    return ir::to_formula(detail::readable(f.meaning, *module_->library), *module_->library,
                          ir::names_of(f));
  });
}

namespace {

ir::Graph derivative_graph(const ir::Library& library, std::uint32_t id, std::string_view variable,
                           int order) {
  const ir::Function& f = library[id];
  const std::size_t wanted[] = {position_of(f, variable)};
  ir::Graph graph = detail::call_graph(library, id);
  if (ir::is_over_rows(graph)) {
    if (order == 1) return ir::derive_row(graph, library, f.inputs.size(), wanted);
    throw Error(
        fmt::format("{} is over a row: it has first derivatives alone", detail::shown_name(f)));
  }
  for (int i = 0; i < order; ++i) graph = ir::derive(graph, library, f.inputs.size(), wanted);
  return graph;
}

}  // namespace

std::string Function::derivative(std::string_view variable, int order) const {
  const ir::Library& library = *module_->library;
  return within_limits(*module_, id_, "the derivative of ", [&] {
    const ir::Graph graph = derivative_graph(library, id_, variable, order);
    return ir::to_formula(detail::readable(graph, library), library,
                          detail::names_with_seed(library[id_]));
  });
}

namespace {

void check_evaluation(const ir::Function& f, std::size_t inputs) {
  if (inputs != f.inputs.size()) {
    throw Error(fmt::format("{} has {} inputs, {} were given", detail::shown_name(f),
                            f.inputs.size(), inputs));
  }
  if (ir::is_over_rows(f.meaning)) {
    throw Error(fmt::format("{} is over a row: one element does not tell its value",
                            detail::shown_name(f)));
  }
  if (ir::is_random(f.meaning)) {
    throw Error(fmt::format("{} draws random numbers: its inputs do not tell its value",
                            detail::shown_name(f)));
  }
}

}  // namespace

double Function::evaluate(std::span<const double> inputs, const Parameters& parameters) const {
  const ir::Library& library = *module_->library;
  const ir::Function& f = library[id_];
  check_evaluation(f, inputs.size());
  return within_limits(*module_, id_, "", [&] {
    return ir::evaluate<double>(ir::expand_meaning(f.meaning, library), inputs,
                                bound(f, parameters))[0];
  });
}

double Function::evaluate_derivative(std::string_view variable, std::span<const double> inputs,
                                     const Parameters& parameters) const {
  const ir::Library& library = *module_->library;
  const ir::Function& f = library[id_];
  check_evaluation(f, inputs.size());
  return within_limits(*module_, id_, "the derivative of ", [&] {
    const ir::Graph graph =
        ir::expand_meaning(derivative_graph(library, id_, variable, 1), library);
    return ir::evaluate<double>(graph, inputs, bound(f, parameters))[0];
  });
}

}  // namespace actc
