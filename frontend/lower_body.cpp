// The walk over a body. Names and the order of things are settled here, formats in `Operations`.
#include "frontend/lower_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "frontend/names.h"
#include "ir/passes.h"

namespace actc::frontend {
namespace {

using ir::NodeId;
using ir::Operation;

constexpr std::array<std::pair<std::string_view, Operation>, 7> constants = {{
    {"pi", Operation::Pi},
    {"e", Operation::E},
    {"inf", Operation::Infinity},
    {"nan", Operation::NotANumber},
    {"columns", Operation::Columns},
    {"column_index", Operation::ColumnIndex},
    {"unit_random", Operation::UnitRandom},
}};

bool holds_poison(std::span<const NodeId> values) {
  return std::ranges::find(values, poison) != values.end();
}

}  // namespace

bool is_constant_name(std::string_view name) {
  return std::ranges::any_of(constants, [&](const auto& c) { return c.first == name; });
}

NodeId BodyLowerer::lower(const ItemHead& head, ExprId body, std::span<const Binding> names) {
  activations_.push_back({&head, {}, {}, std::nullopt});
  for (const auto& [name, node] : names) activations_.back().names[name].push_back(node);
  tasks_.push_back({TaskKind::visit, body});
  if (places_ != nullptr) places_->resize(graph_.size());
  while (!tasks_.empty()) {
    const Task task = tasks_.back();
    tasks_.pop_back();
    const std::size_t nodes_before = graph_.size();
    switch (task.kind) {
      case TaskKind::visit:
        visit(task.expr);
        keep_places(task.expr, nodes_before);
        break;
      case TaskKind::finish:
        finish(task.expr);
        keep_places(task.expr, nodes_before);
        break;
      case TaskKind::bind: {
        const auto& let = std::get<LetExpr>(program_.tree.expressions[task.expr].form);
        activations_.back().names[let.name].push_back(pop(1)[0]);
        break;
      }
      case TaskKind::unbind: {
        const auto& let = std::get<LetExpr>(program_.tree.expressions[task.expr].form);
        activations_.back().names[let.name].pop_back();
        break;
      }
      case TaskKind::leave:
        calls_.emplace(std::move(*activations_.back().call), values_.back());
        activations_.pop_back();
        break;
    }
  }
  const NodeId value = pop(1)[0];
  activations_.pop_back();
  if (value == poison) return poison;
  const std::size_t nodes_before = graph_.size();
  const NodeId result = operations_.result(value, span(body));
  keep_places(body, nodes_before);
  return result;
}

void BodyLowerer::keep_places(ExprId id, std::size_t nodes_before) {
  if (places_ == nullptr || graph_.size() == nodes_before) return;
  const Expr& expr = program_.tree.expressions[id];
  places_->resize(graph_.size(), {expr.span, {}});
  if (values_.empty() || values_.back() < nodes_before || values_.back() == poison) return;
  std::vector<Span>& operands = (*places_)[values_.back()].operands;
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.form)) {
    operands = {span(unary->operand)};
  } else if (const auto* binary = std::get_if<BinaryExpr>(&expr.form)) {
    operands = {span(binary->left), span(binary->right)};
  } else if (const auto* conditional = std::get_if<ConditionalExpr>(&expr.form)) {
    operands = {span(conditional->condition), span(conditional->then),
                span(conditional->otherwise)};
  } else if (const auto* call = std::get_if<CallExpr>(&expr.form)) {
    // Of a library's function that is written out here no part is the caller's own.
    const ir::Operation op = graph_[values_.back()].op;
    if (op != Operation::Call && program_.resolve(call->callee).kind != Callee::Kind::operation) {
      return;
    }
    for (const ExprId argument : call->arguments) operands.push_back(span(argument));
  }
}

std::vector<NodeId> BodyLowerer::pop(std::size_t count) {
  std::vector<NodeId> values(values_.end() - static_cast<std::ptrdiff_t>(count), values_.end());
  values_.resize(values_.size() - count);
  return values;
}

void BodyLowerer::visit(ExprId id) {
  const auto later = [&](TaskKind kind, ExprId expr) { tasks_.push_back({kind, expr}); };
  const Expr& expr = program_.tree.expressions[id];
  if (const auto* number = std::get_if<NumberExpr>(&expr.form)) {
    push(graph_.constant(number->value));
  } else if (const auto* form = std::get_if<NameExpr>(&expr.form)) {
    push(name(*form, expr.span));
  } else if (const auto* unary = std::get_if<UnaryExpr>(&expr.form)) {
    later(TaskKind::finish, id);
    later(TaskKind::visit, unary->operand);
  } else if (const auto* binary = std::get_if<BinaryExpr>(&expr.form)) {
    later(TaskKind::finish, id);
    later(TaskKind::visit, binary->right);
    later(TaskKind::visit, binary->left);
  } else if (const auto* conditional = std::get_if<ConditionalExpr>(&expr.form)) {
    later(TaskKind::finish, id);
    later(TaskKind::visit, conditional->otherwise);
    later(TaskKind::visit, conditional->then);
    later(TaskKind::visit, conditional->condition);
  } else if (const auto* call = std::get_if<CallExpr>(&expr.form)) {
    later(TaskKind::finish, id);
    for (auto it = call->named.rbegin(); it != call->named.rend(); ++it) {
      later(TaskKind::visit, it->value);
    }
    for (auto it = call->arguments.rbegin(); it != call->arguments.rend(); ++it) {
      later(TaskKind::visit, *it);
    }
  } else if (const auto* let = std::get_if<LetExpr>(&expr.form)) {
    later(TaskKind::unbind, id);
    later(TaskKind::visit, let->body);
    later(TaskKind::bind, id);
    later(TaskKind::visit, let->value);
  }
}

void BodyLowerer::finish(ExprId id) {
  const Expr& expr = program_.tree.expressions[id];
  const auto apply = [&](Operation op, std::span<const ExprId> operands) {
    const std::vector<NodeId> args = pop(operands.size());
    std::vector<Span> spans;
    for (const ExprId operand : operands) spans.push_back(span(operand));
    push(holds_poison(args) ? poison : operations_.apply(op, args, expr.span, spans));
  };
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.form)) {
    apply(unary->op, std::array{unary->operand});
  } else if (const auto* binary = std::get_if<BinaryExpr>(&expr.form)) {
    if (binary->op == Operation::RealPow) {
      finish_power(expr, *binary);
    } else {
      apply(binary->op, std::array{binary->left, binary->right});
    }
  } else if (const auto* conditional = std::get_if<ConditionalExpr>(&expr.form)) {
    apply(Operation::Where,
          std::array{conditional->condition, conditional->then, conditional->otherwise});
  } else if (const auto* call = std::get_if<CallExpr>(&expr.form)) {
    finish_call(expr, *call);
  }
}

NodeId BodyLowerer::name(const NameExpr& form, Span span) {
  const auto& names = activations_.back().names;
  if (const auto it = names.find(form.name); it != names.end() && !it->second.empty()) {
    return it->second.back();
  }
  for (const auto& [word, operation] : constants) {
    if (word != form.name) continue;
    if (!operations_.in_meaning() && ir::is_known_at_run_time(operation)) {
      program_.report.error(Code::over_rows, span,
                            fmt::format("`{}` has no place in an implementation", word),
                            operation == Operation::UnitRandom
                                ? "an implementation is of a function, which draws nothing"
                                : "an implementation computes one element");
      return poison;
    }
    if (operation == Operation::UnitRandom) {
      return graph_.node(operation, ir::Format::real, {}, streams_++);
    }
    return graph_.node(operation, ir::Format::real, {});
  }
  return unknown_name(form, span);
}

NodeId BodyLowerer::unknown_name(const NameExpr& form, Span span) {
  Activation& activation = activations_.back();
  if (!activation.unknown.insert(form.name).second || program_.report.full()) return poison;
  std::vector<std::string_view> known;
  for (const auto& [word, nodes] : activation.names) {
    if (!nodes.empty()) known.push_back(word);
  }
  std::ranges::sort(known);  // the map's order is not the same everywhere
  for (const auto& [word, operation] : constants) known.push_back(word);

  if (program_.resolve(form.name).kind != Callee::Kind::unknown) {
    program_.report.error(Code::not_a_value, span,
                          fmt::format("`{}` is a function, not a value", form.name),
                          fmt::format("call it: `{}(...)`", form.name));
    return poison;
  }
  std::string suggestion = suggest_name(form.name, known);
  const ItemHead& head = *activation.head;
  if (suggestion.empty() && head.name == "rule") {
    suggestion = "the variables of a rule are the names on its left side";
  }
  const bool of_the_head =
      std::ranges::find(head.inputs, form.name, &InputSyntax::name) != head.inputs.end() ||
      std::ranges::find(head.parameters, form.name, &ParameterSyntax::name) !=
          head.parameters.end();
  if (of_the_head) {  // only in a default: elsewhere they are known
    suggestion = "the default of a parameter is a constant, without inputs or parameters";
  } else if (suggestion.empty() && head.name.empty()) {
    suggestion = fmt::format(
        "a bare expression has the one input `x`; for others write a definition, as "
        "`f(x, {}) = ...`",
        form.name);
  }
  program_.report.error(Code::unknown_name, span, fmt::format("unknown name `{}`", form.name),
                        std::move(suggestion));
  return poison;
}

void BodyLowerer::unknown_function(const CallExpr& call) {
  Activation& activation = activations_.back();
  const auto& names = activation.names;
  const auto value = names.find(call.callee);
  const bool is_value =
      (value != names.end() && !value->second.empty()) ||
      std::ranges::any_of(constants, [&](const auto& c) { return c.first == call.callee; });
  if (program_.report.full()) return;
  if (is_value) {
    program_.report.error(Code::not_a_function, call.callee_span,
                          fmt::format("`{}` is a value, not a function", call.callee),
                          fmt::format("for the product write `{} * (...)`", call.callee));
    return;
  }
  if (!activation.unknown.insert(call.callee).second) return;
  program_.report.error(Code::unknown_function, call.callee_span,
                        fmt::format("unknown function `{}`", call.callee),
                        suggest_name(call.callee, program_.function_names()));
}

void BodyLowerer::finish_power(const Expr& expr, const BinaryExpr& binary) {
  const std::vector<NodeId> args = pop(2);
  const std::array spans = {span(binary.left), span(binary.right)};
  if (holds_poison(args)) {
    push(poison);
    return;
  }
  const bool constant =
      !operations_.in_meaning() && operations_.is_exact(args[0]) && operations_.is_exact(args[1]);
  const Callee power = program_.resolve_power();
  const bool function = power.kind == Callee::Kind::own || power.kind == Callee::Kind::base;
  if (function && !constant && program_.function(power).argument_count() == 2) {
    call_function(power, args, "pow", expr.span, spans);
  } else {
    push(operations_.apply(Operation::RealPow, args, expr.span, spans));
  }
}

void BodyLowerer::finish_call(const Expr& expr, const CallExpr& call) {
  const std::vector<NodeId> given = pop(call.arguments.size() + call.named.size());
  std::vector<Span> spans;
  for (const ExprId argument : call.arguments) spans.push_back(span(argument));

  const Callee callee = program_.resolve(call.callee);
  switch (callee.kind) {
    case Callee::Kind::unknown:
      unknown_function(call);
      push(poison);
      return;
    case Callee::Kind::operation:
      push(apply_call(callee.operation, expr, call, given, spans));
      return;
    case Callee::Kind::own:
      if (program_.own[callee.own].broken) {
        push(poison);
        return;
      }
      break;
    case Callee::Kind::base: {
      // A base that defines how two numbers compare says nothing of a row.
      const auto operation = ir::callable_operation(call.callee);
      if (operation && ir::reduction_of(*operation) && call.arguments.size() == 1) {
        push(apply_call(*operation, expr, call, given, spans));
        return;
      }
      break;
    }
  }
  std::optional<std::vector<NodeId>> args = arrange(call, callee, given);
  if (!args || holds_poison(*args)) {
    push(poison);
    return;
  }
  // Parameters left at their defaults have no place of their own.
  spans.resize(args->size(), expr.span);
  call_function(callee, std::move(*args), call.callee, expr.span, spans);
}

void BodyLowerer::call_function(const Callee& callee, std::vector<NodeId> args,
                                std::string_view name, Span span, std::span<const Span> spans) {
  const bool own = callee.kind == Callee::Kind::own;
  if (own && program_.own[callee.own].broken) {
    push(poison);
    return;
  }
  const bool opaque = program_.stays_call(callee);
  if (!operations_.in_meaning() && ir::is_random(program_.function(callee).meaning)) {
    program_.report.error(Code::random_draw, span,
                          fmt::format("`{}` draws random numbers: it has no place in an "
                                      "implementation",
                                      name),
                          "an implementation is of a function, which draws nothing");
    push(poison);
    return;
  }
  if (operations_.in_meaning()) {
    if (own && program_.own[callee.own].helper) {
      program_.report.error(Code::no_meaning, span,
                            fmt::format("`{}` has no meaning over the reals", name),
                            "only implementations can use it");
      push(poison);
      return;
    }
    operations_.unify_call(args, name, span, spans);
    if (places_ != nullptr && own && !opaque) {
      enter(callee, std::move(args));
      return;
    }
    push(opaque ? graph_.call(callee.id, args)
                : inlined(callee, program_.function(callee).meaning, args));
    return;
  }
  if (own && !opaque) {
    enter(callee, std::move(args));
    return;
  }
  const std::optional<ir::Format> format = operations_.unify_call(args, name, span, spans);
  if (!format) {
    push(poison);
  } else if (*format == ir::Format::real) {
    push(inlined(callee, program_.expanded_meaning(callee.id), args));
  } else {
    push(graph_.call(callee.id, args, *format));
  }
}

NodeId BodyLowerer::inlined(const Callee& callee, const ir::Graph& body,
                            const std::vector<NodeId>& args) {
  // Each call draws anew.
  if (const std::uint32_t streams = ir::stream_count(body); streams != 0) {
    program_.spend(body.size());
    const std::size_t inputs = program_.function(callee).inputs.size();
    const NodeId value = ir::inline_body(graph_, body, inputs, args, streams_).front();
    streams_ += streams;
    return value;
  }
  const std::size_t key = program_.own.size() + callee.id;
  const auto [it, first] = calls_.try_emplace({key, args});
  if (first) {
    program_.spend(body.size());
    const std::size_t inputs = program_.function(callee).inputs.size();
    it->second = ir::inline_body(graph_, body, inputs, args).front();
  }
  return it->second;
}

// The callee's body with the arguments for its names. It is on no cycle: those are broken.
void BodyLowerer::enter(const Callee& callee, std::vector<NodeId> args) {
  CallKey key{callee.own, std::move(args)};
  if (const auto it = calls_.find(key); it != calls_.end()) {
    push(it->second);
    return;
  }
  const ItemHead& head = *program_.own[callee.own].definition;
  program_.spend(head.last - head.first);
  Activation activation{&head, {}, {}, std::nullopt};
  for (std::size_t i = 0; i < head.inputs.size(); ++i) {
    activation.names[head.inputs[i].name].push_back(key.second[i]);
  }
  for (std::size_t i = 0; i < head.parameters.size(); ++i) {
    activation.names[head.parameters[i].name].push_back(key.second[head.inputs.size() + i]);
  }
  activation.call = std::move(key);
  activations_.push_back(std::move(activation));
  tasks_.push_back({TaskKind::leave, 0});
  tasks_.push_back({TaskKind::visit, head.body});
}

}  // namespace actc::frontend
