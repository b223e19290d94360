// What lowering does not know of a definition: who calls it, and which of its names have no use.
// Such names are slips more often than intentions: a parameter that was to scale
// something, a value that was to replace its formula.
#include "frontend/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace actc::frontend {
namespace {

Diagnostic unused(Code code, Span span, std::string_view what, const std::string& name) {
  Diagnostic warning;
  warning.severity = Severity::warning;
  warning.code = code;
  warning.span = span;
  warning.message = fmt::format("the {} `{}` is never used", what, name);
  warning.suggestion = fmt::format("remove it, or call it `_{}` if that is meant", name);
  return warning;
}

// How often a name stands among the expressions [first, last). One that is hidden by a `let` of the
// same name counts as used: nothing is said rather than something wrong.
bool is_used(const SyntaxTree& tree, ExprId first, ExprId last, const std::string& name) {
  for (ExprId id = first; id < last; ++id) {
    const auto* form = std::get_if<NameExpr>(&tree.expressions[id].form);
    if (form != nullptr && form->name == name) return true;
  }
  return false;
}

}  // namespace

std::vector<Diagnostic> find_unused(const SyntaxTree& tree, const ItemHead& definition) {
  std::vector<Diagnostic> warnings;
  const auto is_used_by_any = [&](const std::string& name) {
    return std::ranges::any_of(tree.items, [&](const Item& item) {
      const ItemHead& head = head_of(item);
      return head.name == definition.name && is_used(tree, head.first, head.last, name);
    });
  };
  const auto is_meant = [](const std::string& name) { return name.starts_with('_'); };
  for (const InputSyntax& input : definition.inputs) {
    // The expression without a name has its input from nowhere.
    if (definition.name.empty() || is_meant(input.name) || is_used_by_any(input.name)) continue;
    warnings.push_back(unused(Code::unused_input, input.span, "input", input.name));
  }
  for (const ParameterSyntax& parameter : definition.parameters) {
    if (is_meant(parameter.name) || is_used_by_any(parameter.name)) continue;
    warnings.push_back(unused(Code::unused_parameter, parameter.span, "parameter", parameter.name));
  }
  for (ExprId id = definition.first; id < definition.last; ++id) {
    const auto* let = std::get_if<LetExpr>(&tree.expressions[id].form);
    if (let == nullptr || is_meant(let->name)) continue;
    // Children stand before their parents: those of the body after those of the value.
    if (is_used(tree, let->value + 1, id, let->name)) continue;
    warnings.push_back(unused(Code::unused_let, let->name_span, "name", let->name));
  }
  return warnings;
}

std::optional<Span> place_of(const TracedDefinition& definition, const ir::Graph& part) {
  const ir::Graph& g = definition.meaning;
  const std::vector<bool> needed = ir::reachable(part);
  std::vector<ir::NodeId> mapped(part.size());
  std::vector<ir::NodeId> args;
  for (ir::NodeId id = 0; id < part.size(); ++id) {
    if (!needed[id]) continue;
    const ir::Node& node = part[id];
    args.clear();
    for (const ir::NodeId a : part.args(id)) args.push_back(mapped[a]);
    std::optional<ir::NodeId> found;
    if (part.is_constant(id)) {
      for (ir::NodeId k = 0; k < g.size() && !found; ++k) {
        if (g.is_constant(k) && g.value(k) == part.value(id)) found = k;
      }
    } else {
      const bool leaf = node.arg_count == 0 || node.op == ir::Operation::Call;
      found = g.find(node.op, node.format, args, leaf ? node.payload : 0);
    }
    if (!found) return std::nullopt;
    mapped[id] = *found;
  }
  const NodePlace& place = definition.places[mapped[part.outputs.front()]];
  if (place.span.end == place.span.begin) return std::nullopt;
  return place.span;
}

std::map<ir::FunctionId, TracedDefinition> trace(std::string_view source,
                                                 const std::shared_ptr<const ir::Library>& base) {
  std::vector<Diagnostic> diagnostics;
  const SyntaxTree tree = parse(source, diagnostics);
  std::set<std::string_view> called;
  for (const Expr& expr : tree.expressions) {
    if (const auto* call = std::get_if<CallExpr>(&expr.form)) called.insert(call->callee);
  }
  std::set<std::string_view> derived;
  for (const Item& item : tree.items) {
    if (std::holds_alternative<DerivativeItem>(item)) derived.insert(head_of(item).name);
  }
  auto all = lower_traced(tree, source, base);
  for (auto& [id, traced] : all) {
    const ItemHead& item = *traced.item;
    traced.unused = find_unused(tree, item);
    // What is drawn, or counts the columns, has an input for its shape.
    if (ir::is_random(traced.meaning) || ir::is_over_rows(traced.meaning)) {
      std::erase_if(traced.unused, [](const auto& d) { return d.code == Code::unused_input; });
    }
    traced.is_helper = item.documentation.empty() && called.contains(item.name);
    traced.has_derivative = derived.contains(item.name);
    traced.item = nullptr;
  }
  return all;
}

}  // namespace actc::frontend
