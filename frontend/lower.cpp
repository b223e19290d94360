// From the tree to a library: who is defined, in which order, and each body in turn.
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <mutex>
#include <set>
#include <utility>

#include "frontend/fold.h"
#include "frontend/frontend.h"
#include "frontend/lower_body.h"
#include "frontend/lower_rule.h"
#include "frontend/names.h"
#include "frontend/program.h"
#include "frontend/trace.h"
#include "ir/constants.h"
#include "ir/passes.h"
#include "ir/round.h"

namespace actc::frontend {
namespace {

using ir::Format;
using ir::NodeId;

std::string shown_name(const ItemHead& head) {
  return head.name.empty() ? std::string("the expression") : fmt::format("`{}`", head.name);
}

struct Deferred;

class TextLowerer {
 public:
  TextLowerer(const SyntaxTree& tree, std::string_view source,
              const std::shared_ptr<const ir::Library>& base, Reporter& report)
      : program_{.tree = tree,
                 .source = source,
                 .base = base,
                 .report = report,
                 .library = std::make_shared<ir::Library>(base),
                 .own = {},
                 .own_by_name = {},
                 .expanded_meanings = {}} {}

  // With `deferred`, which holds this, implementations are left to be lowered later.
  LoweredText run(const std::shared_ptr<Deferred>& deferred = nullptr);
  // The definitions alone, with the places of their nodes.
  std::map<ir::FunctionId, TracedDefinition> run_traced();
  // An implementation that was left: of an item of the tree.
  ir::Graph implementation(const ImplementationItem& item);

 private:
  void collect_definitions();
  void collect_additions();
  void add_to_library();
  void check_names(const ItemHead& head);
  void lower_definition(OwnFunction& own);
  void lower_default(const ItemHead& head, ExprId expr, ir::Parameter& parameter);
  std::optional<ir::Rational> constant(const ItemHead& head, ExprId expr);
  void lower_addition(const Item& item);
  bool matches_definition(const ItemHead& head, const ir::Function& function);
  std::optional<std::size_t> variable(const DerivativeItem& item, const ir::Function& function);
  void lower_derivative(const DerivativeItem& item, ir::Function& function);
  void lower_implementation(const ImplementationItem& item, ir::Function& function);
  void forget_implementations();
  // The body with the names of the head for the function's inputs and parameters; the graph's
  // output where nothing is wrong.
  bool lower_body(const ItemHead& head, const ir::Function& function, Format format,
                  ir::Graph& graph, std::vector<NodePlace>* places = nullptr);
  // Runs a step of lowering; a graph past its limit is an error at the item.
  template <class Step>
  bool within_limits(const ItemHead& head, Step step);

  Program program_;
  std::shared_ptr<Deferred> deferred_;  // while it runs
};

// A text whose implementations are lowered one at a time, from any thread.
struct Deferred {
  Deferred(std::shared_ptr<const SyntaxTree> tree_in, std::string_view source)
      : tree(std::move(tree_in)), lowerer(*tree, source, nullptr, report) {}

  std::mutex mutex;
  std::shared_ptr<const SyntaxTree> tree;
  std::vector<Diagnostic> diagnostics;
  Reporter report{diagnostics};
  TextLowerer lowerer;
};

LoweredText TextLowerer::run(const std::shared_ptr<Deferred>& deferred) {
  deferred_ = deferred;
  const std::size_t errors_before = program_.report.count();
  collect_definitions();
  collect_additions();
  const std::vector<std::size_t> order = order_definitions(program_);
  add_to_library();
  for (const std::size_t i : order) {
    if (program_.own[i].definition != nullptr) lower_definition(program_.own[i]);
  }
  for (const Item& item : program_.tree.items) {
    if (!std::holds_alternative<DefinitionItem>(item)) lower_addition(item);
  }
  for (const Item& item : program_.tree.items) {
    const auto* rule = std::get_if<RuleItem>(&item);
    if (rule == nullptr || rule->head.damage != Damage::none) continue;
    within_limits(rule->head, [&] { lower_rule(program_, *rule); });
  }
  if (!deferred_) check_implementation_cycles(program_);
  LoweredText text{program_.library, std::nullopt};
  if (deferred) forget_implementations();
  const bool holds_nothing = program_.own.empty() && program_.library->rules().empty();
  if (program_.report.count() != errors_before || holds_nothing) return {};

  for (const OwnFunction& own : program_.own) {
    if (own.helper) continue;
    // Copies stand after all definitions: they are meant only where there are none.
    if (own.definition != nullptr || !text.entry) text.entry = own.id;
  }
  return text;
}

std::map<ir::FunctionId, TracedDefinition> TextLowerer::run_traced() {
  run();
  std::map<ir::FunctionId, TracedDefinition> all;
  for (OwnFunction& own : program_.own) {
    if (own.definition == nullptr || own.helper || own.broken) continue;
    TracedDefinition traced;
    traced.item = own.definition;
    within_limits(*own.definition, [&] {
      const ir::Function& function = program_.own_function(own);
      if (lower_body(*own.definition, function, Format::real, traced.meaning, &traced.places)) {
        all.emplace(own.id, std::move(traced));
      }
    });
  }
  return all;
}

template <class Step>
bool TextLowerer::within_limits(const ItemHead& head, Step step) {
  try {
    step();
    return true;
  } catch (const ir::GraphTooLarge&) {
    program_.report.error(
        Code::limit, head.name_span,
        fmt::format("{} is too large: with the functions that it uses written out it passes the "
                    "limit of {} operations",
                    shown_name(head), ir::Graph::max_nodes));
    return false;
  }
}

void TextLowerer::collect_definitions() {
  for (const Item& item : program_.tree.items) {
    const auto* definition = std::get_if<DefinitionItem>(&item);
    if (definition == nullptr) continue;
    const ItemHead& head = definition->head;
    const auto [it, first] = program_.own_by_name.try_emplace(head.name, program_.own.size());
    if (!first) {
      const Span earlier = program_.own[it->second].definition->name_span;
      program_.report.error(
          Code::defined_twice, head.name_span,
          head.name.empty() ? std::string("the text has two expressions without a name")
                            : fmt::format("`{}` is defined twice", head.name),
          head.name.empty()
              ? fmt::format("the first is in line {}; is an operator missing before this one?",
                            program_.line_of(earlier))
              : fmt::format("the first definition is in line {}", program_.line_of(earlier)));
      continue;
    }
    OwnFunction own;
    own.definition = &head;
    own.broken = head.damage != Damage::none;
    program_.own.push_back(std::move(own));
  }
}

// Functions for which the text has a derivative or an implementation: its own, or copies.
void TextLowerer::collect_additions() {
  for (const Item& item : program_.tree.items) {
    if (std::holds_alternative<DefinitionItem>(item) || std::holds_alternative<RuleItem>(item))
      continue;
    const ItemHead& head = head_of(item);
    const Callee callee = program_.resolve(head.name);
    switch (callee.kind) {
      case Callee::Kind::own:
        program_.own[callee.own].opaque = true;
        break;
      case Callee::Kind::base: {
        OwnFunction copy;
        copy.id = callee.id;  // of the original, until the copy has its own
        copy.opaque = true;
        program_.own_by_name.emplace(head.name, program_.own.size());
        program_.own.push_back(std::move(copy));
        break;
      }
      case Callee::Kind::operation:
        program_.report.error(
            Code::operation_fixed, head.name_span,
            fmt::format("`{}` is an operation; it has its derivative and its code", head.name),
            fmt::format("define a function of another name"));
        break;
      case Callee::Kind::unknown:
        program_.report.error(Code::unknown_function, head.name_span,
                              fmt::format("unknown function `{}`", head.name),
                              suggest_name(head.name, program_.function_names()));
        break;
    }
  }
}

void TextLowerer::add_to_library() {
  for (OwnFunction& own : program_.own) {
    ir::Function function;
    if (own.definition == nullptr) {
      function = (*program_.base)[own.id];
    } else {
      const ItemHead& head = *own.definition;
      function.name = head.name;
      function.documentation = head.documentation;
      function.source = program_.slice(head.body_span);
      for (const InputSyntax& input : head.inputs) function.inputs.push_back(input.name);
      for (const ParameterSyntax& parameter : head.parameters) {
        function.parameters.push_back({parameter.name, std::nullopt, parameter.learned});
      }
      function.derivatives.resize(function.argument_count());
    }
    if (own.helper) {
      own.helper_function = std::move(function);
    } else {
      own.id = program_.library->add(std::move(function));
    }
  }
}

void TextLowerer::check_names(const ItemHead& head) {
  std::set<std::string_view> seen;
  const auto check = [&](std::string_view what, const std::string& name, Span span) {
    if (seen.insert(name).second) return;
    program_.report.error(Code::repeated_name, span,
                          fmt::format("the {} `{}` is there already", what, name),
                          "give it another name");
  };
  for (const InputSyntax& input : head.inputs) check("input", input.name, input.span);
  for (const ParameterSyntax& parameter : head.parameters) {
    check("parameter", parameter.name, parameter.span);
  }
}

void TextLowerer::lower_definition(OwnFunction& own) {
  const ItemHead& head = *own.definition;
  if (head.damage == Damage::head || own.broken) return;
  const std::size_t errors_before = program_.report.count();
  check_names(head);
  ir::Function& function = program_.own_function(own);
  bool whole = true;
  const bool fits = within_limits(head, [&] {
    for (std::size_t i = 0; i < head.parameters.size(); ++i) {
      if (const auto expr = head.parameters[i].default_value) {
        lower_default(head, *expr, function.parameters[i]);
      }
    }
    if (own.helper) return;  // its body is lowered where it is used
    ir::Graph graph;
    // What uses a broken function is broken too, without an error of its own.
    whole = lower_body(head, function, Format::real, graph);
    if (const std::uint32_t streams = ir::stream_count(graph); streams > ir::max_streams) {
      program_.report.error(
          Code::limit, head.name_span,
          fmt::format("{} draws {} random numbers: at most {} are possible", shown_name(head),
                      streams, ir::max_streams),
          "`uniform` draws one, `normal` two; a name for one (`let`) draws it once");
    }
    if (whole) function.meaning = std::move(graph);
  });
  own.broken = !fits || !whole || program_.report.count() != errors_before;
}

void TextLowerer::lower_default(const ItemHead& head, ExprId expr, ir::Parameter& parameter) {
  const Span span = program_.tree.expressions[expr].span;
  const std::size_t errors_before = program_.report.count();
  const std::optional<ir::Rational> value = constant(head, expr);
  if (program_.report.count() != errors_before) return;
  static const ir::Rational largest = ir::exact(std::numeric_limits<double>::max());
  if (!value || abs(*value) > largest) {
    program_.report.error(
        Code::bad_default, span,
        fmt::format("the default of `{}` is not a finite number", parameter.name));
    return;
  }
  parameter.default_value = value;
}

// Exact where it is rational, else with 100 digits.
std::optional<ir::Rational> TextLowerer::constant(const ItemHead& head, ExprId expr) {
  ir::Graph graph;
  BodyLowerer lowerer(program_, graph, Format::real);
  const NodeId output = lowerer.lower(head, expr, {});
  if (output == poison) return std::nullopt;
  graph.outputs = {output};
  if (ir::is_random(graph)) {
    program_.report.error(Code::bad_default, program_.tree.expressions[expr].span,
                          "a default is a constant: nothing is drawn for it");
    return std::nullopt;
  }
  const ir::Graph expanded = ir::expand_meaning(graph, *program_.library);
  std::vector<std::optional<ir::Rational>> values(expanded.size());
  for (NodeId id = 0; id < expanded.size(); ++id) {
    if (expanded.is_constant(id)) values[id] = expanded.value(id);
    std::vector<ir::Rational> args;
    for (const NodeId a : expanded.args(id)) {
      if (values[a]) args.push_back(*values[a]);
    }
    if (!args.empty() && args.size() == expanded[id].arg_count) {
      values[id] = fold(expanded[id].op, args);
    }
  }
  if (const auto& exact = values[expanded.outputs[0]]) return exact;
  const ir::Constants constants(expanded);
  if (!constants.is_constant(expanded.outputs[0])) return std::nullopt;
  ir::Graph rounded;
  const NodeId value = constants.rounded(expanded.outputs[0], rounded, Format::binary64);
  if (!rounded.is_constant(value)) return std::nullopt;
  return rounded.value(value);
}

bool TextLowerer::lower_body(const ItemHead& head, const ir::Function& function, Format format,
                             ir::Graph& graph, std::vector<NodePlace>* places) {
  std::vector<BodyLowerer::Binding> names;
  for (std::uint32_t i = 0; i < head.inputs.size(); ++i) {
    names.emplace_back(head.inputs[i].name, graph.input(i, format));
  }
  for (const ParameterSyntax& parameter : head.parameters) {
    const auto it = std::ranges::find(function.parameters, parameter.name, &ir::Parameter::name);
    if (it == function.parameters.end()) continue;
    const auto position = static_cast<std::uint32_t>(it - function.parameters.begin());
    names.emplace_back(parameter.name, graph.parameter(position, format));
  }
  BodyLowerer lowerer(program_, graph, format, places);
  const NodeId output = lowerer.lower(head, head.body, names);
  if (output == poison) return false;
  graph.outputs = {output};
  return true;
}

// The head of a derivative or an implementation names the inputs as the definition does; of the
// parameters those that it uses.
bool TextLowerer::matches_definition(const ItemHead& head, const ir::Function& function) {
  const auto same_input = [](const InputSyntax& a, const std::string& b) { return a.name == b; };
  if (!std::ranges::equal(head.inputs, function.inputs, same_input)) {
    program_.report.error(
        Code::other_head, head.name_span,
        fmt::format("the inputs are not those of the definition of `{}`", head.name),
        fmt::format("it is `{}`", signature(function)));
    return false;
  }
  check_names(head);
  auto next = function.parameters.begin();
  for (const ParameterSyntax& parameter : head.parameters) {
    const auto it = std::ranges::find(function.parameters, parameter.name, &ir::Parameter::name);
    if (it == function.parameters.end()) {
      program_.report.error(Code::unknown_parameter, parameter.span,
                            fmt::format("`{}` has no parameter `{}`", head.name, parameter.name),
                            fmt::format("it is `{}`", signature(function)));
      return false;
    }
    if (it < next) {
      program_.report.error(Code::other_head, parameter.span,
                            "the parameters are in another order than those of the "
                            "definition",
                            fmt::format("it is `{}`", signature(function)));
      return false;
    }
    next = it + 1;
    if (!parameter.default_value) continue;
    const std::size_t errors_before = program_.report.count();
    const std::optional<ir::Rational> value = constant(head, *parameter.default_value);
    if (program_.report.count() != errors_before) return false;
    if (value != it->default_value) {
      program_.report.error(
          Code::other_head, parameter.span,
          fmt::format("the definition of `{}` gives `{}` another default", head.name,
                      parameter.name),
          fmt::format("leave the default to the definition: `{}`", parameter.name));
      return false;
    }
  }
  return true;
}

void TextLowerer::lower_addition(const Item& item) {
  const ItemHead& head = head_of(item);
  const Callee callee = program_.resolve(head.name);
  if (callee.kind != Callee::Kind::own || head.damage == Damage::head) return;
  OwnFunction& own = program_.own[callee.own];
  if (own.broken || own.helper) return;
  ir::Function& function = program_.own_function(own);
  if (ir::is_over_rows(function.meaning)) {
    program_.report.error(
        Code::over_rows, head.name_span,
        fmt::format("`{}` is over a row: its derivative is derived, and it has no "
                    "implementation of its own",
                    head.name),
        "write that of the functions of one element that it calls");
    return;
  }
  if (ir::is_random(function.meaning)) {
    program_.report.error(
        Code::random_draw, head.name_span,
        fmt::format("`{}` draws random numbers: its derivative is derived, and it has no "
                    "implementation of its own",
                    head.name),
        "write that of a function that takes what is drawn as an input");
    return;
  }
  if (function.documentation.empty()) function.documentation = head.documentation;
  within_limits(head, [&] {
    if (!matches_definition(head, function)) return;
    if (const auto* derivative = std::get_if<DerivativeItem>(&item)) {
      lower_derivative(*derivative, function);
    } else if (const auto* implementation = std::get_if<ImplementationItem>(&item)) {
      lower_implementation(*implementation, function);
    }
  });
}

std::optional<std::size_t> TextLowerer::variable(const DerivativeItem& item,
                                                 const ir::Function& function) {
  std::vector<std::string_view> names(function.inputs.begin(), function.inputs.end());
  for (const ir::Parameter& parameter : function.parameters) names.push_back(parameter.name);
  const auto it = std::ranges::find(names, item.variable);
  if (it != names.end()) return static_cast<std::size_t>(it - names.begin());
  std::string suggestion = suggest_name(item.variable, names);
  if (suggestion.empty()) suggestion = fmt::format("it is `{}`", signature(function));
  program_.report.error(
      Code::unknown_parameter, item.variable_span,
      fmt::format("`{}` has no input or parameter `{}`", function.name, item.variable),
      std::move(suggestion));
  return std::nullopt;
}

void TextLowerer::lower_derivative(const DerivativeItem& item, ir::Function& function) {
  const std::optional<std::size_t> position = variable(item, function);
  if (!position) return;
  for (const Item& other : program_.tree.items) {
    const auto* earlier = std::get_if<DerivativeItem>(&other);
    if (earlier == &item) break;
    if (earlier == nullptr || earlier->head.name != item.head.name ||
        earlier->variable != item.variable) {
      continue;
    }
    program_.report.error(
        Code::defined_twice, item.head.name_span,
        fmt::format("a second derivative of `{}` with respect to `{}`", function.name,
                    item.variable),
        fmt::format("the first is in line {}", program_.line_of(earlier->head.name_span)));
    return;
  }
  if (item.head.damage != Damage::none) return;
  ir::Derivative derivative;
  derivative.surrogate = item.surrogate;
  if (lower_body(item.head, function, Format::real, derivative.body)) {
    if (ir::is_over_rows(derivative.body)) {
      program_.report.error(Code::over_rows, item.head.body_span, "a derivative that is over a row",
                            "`d/dx` is the slope of one element");
      return;
    }
    if (ir::is_random(derivative.body)) {
      program_.report.error(Code::random_draw, item.head.body_span,
                            "a derivative that draws random numbers",
                            "`d/dx` is the slope of a function, which draws nothing");
      return;
    }
    function.derivatives[*position] = std::move(derivative);
  }
}

void TextLowerer::lower_implementation(const ImplementationItem& item, ir::Function& function) {
  for (const Item& other : program_.tree.items) {
    const auto* earlier = std::get_if<ImplementationItem>(&other);
    if (earlier == &item) break;
    if (earlier == nullptr || earlier->head.name != item.head.name ||
        earlier->format != item.format) {
      continue;
    }
    program_.report.error(
        Code::defined_twice, item.head.name_span,
        fmt::format("a second implementation of `{}` for {}", function.name, name(item.format)),
        fmt::format("the first is in line {}", program_.line_of(earlier->head.name_span)));
    return;
  }
  if (item.head.damage != Damage::none) return;
  if (deferred_) {
    function.implementations.emplace(item.format, ir::Implementation([deferred = deferred_, &item] {
                                       const std::lock_guard lock(deferred->mutex);
                                       return deferred->lowerer.implementation(item);
                                     }));
    return;
  }
  ir::Graph graph;
  if (lower_body(item.head, function, item.format, graph)) {
    function.implementations.insert_or_assign(item.format, std::move(graph));
  }
}

ir::Graph TextLowerer::implementation(const ImplementationItem& item) {
  ir::Graph graph;
  [[maybe_unused]] const bool whole = lower_body(
      item.head, program_.function(program_.resolve(item.head.name)), item.format, graph);
  assert(whole);
  return graph;
}

// What is lowered later needs the functions' names and meanings, and must not hold what holds it.
void TextLowerer::forget_implementations() {
  program_.library = std::make_shared<ir::Library>(*program_.library);
  for (ir::FunctionId id = 0; id < program_.library->size(); ++id) {
    program_.library->own(id).implementations.clear();
  }
  deferred_.reset();
}

}  // namespace

LoweredText lower(const SyntaxTree& tree, std::string_view source,
                  const std::shared_ptr<const ir::Library>& base,
                  std::vector<Diagnostic>& diagnostics) {
  Reporter report(diagnostics);
  const bool parsed = !has_errors(diagnostics);
  LoweredText text = TextLowerer(tree, source, base, report).run();
  return parsed ? text : LoweredText{};
}

std::map<ir::FunctionId, TracedDefinition> lower_traced(
    const SyntaxTree& tree, std::string_view source,
    const std::shared_ptr<const ir::Library>& base) {
  std::vector<Diagnostic> diagnostics;
  Reporter report(diagnostics);
  return TextLowerer(tree, source, base, report).run_traced();
}

LoweredText lower_deferred(std::shared_ptr<const SyntaxTree> tree, std::string_view source,
                           std::vector<Diagnostic>& diagnostics) {
  const auto deferred = std::make_shared<Deferred>(std::move(tree), source);
  LoweredText text = deferred->lowerer.run(deferred);
  diagnostics.insert(diagnostics.end(), deferred->diagnostics.begin(), deferred->diagnostics.end());
  return text;
}

}  // namespace actc::frontend
