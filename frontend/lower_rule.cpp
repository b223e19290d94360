// A rule's two sides and its condition are bodies whose inputs are the rule's variables.
#include "frontend/lower_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/lower_body.h"
#include "ir/rulebook.h"

namespace actc::frontend {
namespace {

using ir::NodeId;
using ir::Operation;

class RuleLowerer {
 public:
  RuleLowerer(Program& program, const RuleItem& item) : program_(program), item_(item) {}

  void run() {
    const std::size_t errors_before = program_.report.count();
    if (!find_variables()) return;
    rule_.text = program_.slice(item_.span);
    if (!side(item_.left, rule_.left) || !side(item_.head.body, rule_.right)) return;
    if (item_.condition && !conditions()) return;
    if (program_.report.count() != errors_before) return;
    // The standard library's rules are examined by its tests.
    switch (program_.base ? ir::examine(rule_, *program_.library) : ir::RuleFault::none) {
      case ir::RuleFault::none:
        program_.library->add_rule(std::move(rule_));
        return;
      case ir::RuleFault::nothing_to_match:
        program_.report.error(Code::bad_rule, item_.left_span,
                              "this rule would apply to everything: there is no function and no "
                              "quotient on its left side",
                              "a left side is a function of variables, a sum or product with "
                              "one in it, as `1 + erf(u)`, or divided by a sum");
        return;
      case ir::RuleFault::undetermined:
        program_.report.error(Code::bad_rule, item_.left_span,
                              "a match would leave a variable undetermined",
                              "each variable must be the argument of a function, alone or with "
                              "constants, or one factor of a product");
        return;
      case ir::RuleFault::endless:
        program_.report.error(Code::bad_rule, item_.head.body_span,
                              "this rule would apply to its own right side, without end",
                              "write the right side with other functions");
        return;
    }
  }

 private:
  const Expr& expr(ExprId id) const { return program_.tree.expressions[id]; }

  bool find_variables() {
    // The left side stands before all other expressions of the item, its root last.
    for (ExprId id = item_.head.first; id <= item_.left; ++id) {
      if (std::holds_alternative<LetExpr>(expr(id).form)) {
        program_.report.error(Code::bad_rule, expr(id).span, "the left side of a rule has no `let`",
                              "write the value where its name stands");
        return false;
      }
      const auto* name = std::get_if<NameExpr>(&expr(id).form);
      if (name == nullptr || is_constant_name(name->name)) continue;
      if (program_.resolve(name->name).kind != Callee::Kind::unknown) continue;  // reported later
      if (std::ranges::find(rule_.variables, name->name) == rule_.variables.end()) {
        rule_.variables.push_back(name->name);
      }
    }
    return true;
  }

  NodeId lower(ExprId root, ir::Graph& graph) {
    std::vector<BodyLowerer::Binding> names;
    for (std::uint32_t i = 0; i < rule_.variables.size(); ++i) {
      names.emplace_back(rule_.variables[i], graph.input(i));
    }
    return BodyLowerer(program_, graph, ir::Format::real).lower(item_.head, root, names);
  }

  bool side(ExprId root, ir::Graph& graph) {
    const NodeId output = lower(root, graph);
    if (output == poison) return false;
    graph.outputs = {output};
    return draws_nothing(root, graph);
  }

  bool draws_nothing(ExprId part, const ir::Graph& graph) {
    if (!ir::is_random(graph)) return true;
    program_.report.error(Code::random_draw, expr(part).span, "a rule draws no random numbers",
                          "its variables stand for what is drawn: a rule for `log(u)` is one for "
                          "`log(unit_random)`");
    return false;
  }

  // The condition's parts: `unbounded(u)`, and comparisons.
  bool conditions() {
    std::vector<ExprId> parts = {*item_.condition};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto* both = std::get_if<BinaryExpr>(&expr(parts[i]).form);
      if (both != nullptr && both->op == Operation::And) {
        parts.push_back(both->left);
        parts.push_back(both->right);
      } else if (!condition(parts[i])) {
        return false;
      }
    }
    return true;
  }

  bool condition(ExprId part) {
    const auto* call = std::get_if<CallExpr>(&expr(part).form);
    if (call != nullptr && call->callee == "unbounded") return unbounded(*call, expr(part).span);
    const NodeId value = lower(part, rule_.condition);
    if (value == poison) return false;
    // A boolean as a number is where(c, 1, 0).
    const ir::Graph& g = rule_.condition;
    if (g[value].op != Operation::Where || g[g.arg(value, 0)].format != ir::Format::boolean ||
        !g.is_constant(g.arg(value, 1), 1) || !g.is_constant(g.arg(value, 2), 0)) {
      program_.report.error(Code::bad_rule, expr(part).span,
                            "the condition of a rule is a comparison",
                            "as in `rule exp(log(u)) = u for u > 0`");
      return false;
    }
    rule_.condition.outputs.push_back(g.arg(value, 0));
    return draws_nothing(part, g);
  }

  bool unbounded(const CallExpr& call, Span span) {
    const NameExpr* name =
        call.arguments.size() == 1 ? std::get_if<NameExpr>(&expr(call.arguments[0]).form) : nullptr;
    const auto it =
        name == nullptr ? rule_.variables.end() : std::ranges::find(rule_.variables, name->name);
    if (it == rule_.variables.end() || !call.named.empty()) {
      program_.report.error(Code::bad_rule, span, "`unbounded` asks about one variable of the rule",
                            "as in `for unbounded(u)`");
      return false;
    }
    rule_.unbounded.push_back(static_cast<std::size_t>(it - rule_.variables.begin()));
    return true;
  }

  Program& program_;
  const RuleItem& item_;
  ir::Rule rule_;
};

}  // namespace

void lower_rule(Program& program, const RuleItem& item) { RuleLowerer(program, item).run(); }

}  // namespace actc::frontend
