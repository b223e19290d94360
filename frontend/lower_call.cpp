// What a call gives against what its callee takes.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/lower_body.h"
#include "frontend/names.h"

namespace actc::frontend {
namespace {

using ir::NodeId;

std::string count(std::size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

// "`lo` is missing", "`lo` and `hi` are missing".
std::string missing(std::span<const std::string> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
    text += fmt::format("`{}`", names[i]);
  }
  return text + (names.size() == 1 ? " is missing" : " are missing");
}

}  // namespace

NodeId BodyLowerer::apply_call(ir::Operation op, const Expr& expr, const CallExpr& call,
                               std::span<const NodeId> args, std::span<const Span> spans) {
  const std::size_t given = call.arguments.size();
  if (const auto reduction = ir::reduction_of(op); reduction && given == 1) op = *reduction;
  const int arity = ir::info(op).arity;
  if (!call.named.empty()) {
    program_.report.error(Code::unknown_parameter, call.named.front().span,
                          fmt::format("`{}` has no parameters", call.callee),
                          fmt::format("it is `{}`", signature(op)));
    return poison;
  }
  const bool fits = arity < 0 ? given >= 2 : given == static_cast<std::size_t>(arity);
  if (!fits) {
    const std::string takes =
        arity < 0 ? "at least 2 arguments" : count(static_cast<std::size_t>(arity), "argument");
    program_.report.error(
        Code::wrong_inputs, expr.span,
        fmt::format("`{}` takes {}, {} given", call.callee, takes,
                    given == 1 ? "1 is" : fmt::format("{} are", given)),
        fmt::format("it is `{}`{}", signature(op),
                    ir::reduction_of(op) ? fmt::format(", or of a row `{}(x)`", call.callee)
                                         : std::string()));
    return poison;
  }
  if (std::ranges::find(args, poison) != args.end()) return poison;
  return operations_.apply(op, args, expr.span, spans);
}

void BodyLowerer::report_inputs(const CallExpr& call, const ir::Function& function) {
  const std::size_t given = call.arguments.size();
  const std::size_t inputs = function.inputs.size();
  const Span whole{call.callee_span.begin,
                   given == 0 ? call.callee_span.end : span(call.arguments.back()).end};
  std::string message =
      fmt::format("`{}` takes {}, {} given", function.name, count(inputs, "input"),
                  given == 1 ? "1 is" : fmt::format("{} are", given));
  if (given < inputs) {
    const std::span<const std::string> names(function.inputs);
    program_.report.error(
        Code::wrong_inputs, whole, std::move(message),
        fmt::format("it is `{}`: {}", signature(function), missing(names.subspan(given))));
    return;
  }
  const Span surplus{span(call.arguments[inputs]).begin, whole.end};
  if (given > function.argument_count() || !call.named.empty()) {
    program_.report.error(Code::wrong_inputs, surplus, std::move(message),
                          fmt::format("it is `{}`", signature(function)));
    return;
  }
  // The rest would fit the parameters: they go by name.
  std::string corrected = function.name + "(";
  for (std::size_t i = 0; i < given; ++i) {
    const std::string_view text = program_.slice(span(call.arguments[i]));
    if (i < inputs) {
      corrected += fmt::format("{}{}", i > 0 ? ", " : "", text);
    } else {
      corrected += fmt::format("{}{} = {}", i == inputs ? "; " : ", ",
                               function.parameters[i - inputs].name, text);
    }
  }
  program_.report.error(Code::wrong_inputs, surplus, std::move(message),
                        fmt::format("parameters are given by name: `{})`", corrected));
}

std::optional<std::size_t> BodyLowerer::parameter_of(const NamedArgument& argument,
                                                     const ir::Function& function) {
  const auto& parameters = function.parameters;
  const auto it = std::ranges::find(parameters, argument.name, &ir::Parameter::name);
  if (it != parameters.end()) return static_cast<std::size_t>(it - parameters.begin());
  if (std::ranges::find(function.inputs, argument.name) != function.inputs.end()) {
    program_.report.error(
        Code::unknown_parameter, argument.span,
        fmt::format("`{}` is an input of `{}`, not a parameter", argument.name, function.name),
        fmt::format("inputs are given by position: `{}`", signature(function)));
    return std::nullopt;
  }
  std::vector<std::string_view> names;
  for (const ir::Parameter& parameter : parameters) names.push_back(parameter.name);
  std::string suggestion = suggest_name(argument.name, names);
  if (suggestion.empty()) suggestion = fmt::format("it is `{}`", signature(function));
  program_.report.error(Code::unknown_parameter, argument.span,
                        fmt::format("`{}` has no parameter `{}`", function.name, argument.name),
                        std::move(suggestion));
  return std::nullopt;
}

std::optional<std::vector<NodeId>> BodyLowerer::arrange(const CallExpr& call, const Callee& callee,
                                                        std::span<const NodeId> given) {
  const ir::Function& function = program_.function(callee);
  const std::size_t inputs = function.inputs.size();
  if (call.arguments.size() != inputs) {
    report_inputs(call, function);
    return std::nullopt;
  }
  std::vector<NodeId> args(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(inputs));
  args.resize(function.argument_count(), poison);
  std::vector<bool> named(function.parameters.size(), false);
  bool fits = true;
  for (std::size_t i = 0; i < call.named.size(); ++i) {
    const NamedArgument& argument = call.named[i];
    const std::optional<std::size_t> parameter = parameter_of(argument, function);
    if (!parameter) {
      fits = false;
    } else if (named[*parameter]) {
      program_.report.error(Code::repeated_name, argument.span,
                            fmt::format("the parameter `{}` is given twice", argument.name));
      fits = false;
    } else {
      named[*parameter] = true;
      args[inputs + *parameter] = given[inputs + i];
    }
  }
  if (!fits) return std::nullopt;
  std::vector<std::string> without;
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const ir::Parameter& parameter = function.parameters[i];
    if (named[i]) continue;
    if (parameter.default_value) {
      args[inputs + i] = graph_.constant(*parameter.default_value);
    } else {
      without.push_back(parameter.name);
    }
  }
  if (without.empty()) return args;
  std::string values;
  for (const std::string& name : without) {
    values += fmt::format("{}{} = ...", values.empty() ? "" : ", ", name);
  }
  program_.report.error(Code::missing_parameter, call.callee_span,
                        fmt::format("`{}` needs a value for its parameter{}: {}", function.name,
                                    without.size() == 1 ? "" : "s", missing(without)),
                        fmt::format("write `{}(...; {})`", function.name, values));
  return std::nullopt;
}

}  // namespace actc::frontend
