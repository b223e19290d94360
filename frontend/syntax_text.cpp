// The `ast` stage: a node a line, indented by its depth.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontend/frontend.h"
#include "ir/text.h"

namespace actc::frontend {
namespace {

struct Line {
  ExprId id;
  std::size_t depth;
  std::string label;  // what the node is to its parent, where the order does not say it
};

// Past this depth the indentation stays, so that the text of a deep tree is not quadratic.
constexpr std::size_t deepest_indent = 40;

std::string indentation(std::size_t depth) {
  return std::string(2 * std::min(depth, deepest_indent), ' ');
}

// Appends the line of a node and its children, last child first.
struct Printer {
  const SyntaxTree& tree;
  std::string& text;
  std::vector<Line>& pending;
  std::size_t depth;

  void child(ExprId id, std::string label = {}) const {
    pending.push_back({id, depth + 1, std::move(label)});
  }

  void operator()(const NumberExpr& form) const {
    text += fmt::format("number {}\n", ir::to_text(form.value));
  }
  void operator()(const NameExpr& form) const { text += fmt::format("name {}\n", form.name); }
  void operator()(const UnaryExpr& form) const {
    text += fmt::format("{}\n", ir::info(form.op).name);
    child(form.operand);
  }
  void operator()(const BinaryExpr& form) const {
    const std::string_view symbol =
        form.op == ir::Operation::RealPow ? std::string_view("^") : ir::info(form.op).name;
    text += fmt::format("{}\n", symbol);
    child(form.right);
    child(form.left);
  }
  void operator()(const ConditionalExpr& form) const {
    text += "?:\n";
    child(form.otherwise);
    child(form.then);
    child(form.condition);
  }
  void operator()(const CallExpr& form) const {
    text += fmt::format("call {}\n", form.callee);
    for (auto it = form.named.rbegin(); it != form.named.rend(); ++it) {
      child(it->value, it->name + " = ");
    }
    for (auto it = form.arguments.rbegin(); it != form.arguments.rend(); ++it) child(*it);
  }
  void operator()(const LetExpr& form) const {
    text += fmt::format("let {}\n", form.name);
    child(form.body);
    child(form.value);
  }
};

void print(const SyntaxTree& tree, ExprId root, std::size_t depth, std::string label,
           std::string& text) {
  std::vector<Line> pending{{root, depth, std::move(label)}};
  while (!pending.empty()) {
    const Line line = std::move(pending.back());
    pending.pop_back();
    text += indentation(line.depth) + line.label;
    std::visit(Printer{tree, text, pending, line.depth}, tree.expressions[line.id].form);
  }
}

std::string title(const Item& item) {
  struct Title {
    std::string operator()(const DefinitionItem& form) const {
      return form.head.name.empty() ? "expression" : "definition " + form.head.name;
    }
    std::string operator()(const DerivativeItem& form) const {
      return fmt::format("derivative {} of {}{}", form.variable, form.head.name,
                         form.surrogate ? " surrogate" : "");
    }
    std::string operator()(const RuleItem&) const { return "rule"; }
    std::string operator()(const ImplementationItem& form) const {
      return fmt::format("implementation {} of {}", ir::name(form.format), form.head.name);
    }
  };
  return std::visit(Title{}, item);
}

}  // namespace

std::string to_text(const SyntaxTree& tree) {
  std::string text;
  for (const Item& item : tree.items) {
    const ItemHead& head = head_of(item);
    text += title(item) + "\n";
    for (const InputSyntax& input : head.inputs) text += fmt::format("  input {}\n", input.name);
    for (const ParameterSyntax& parameter : head.parameters) {
      text +=
          fmt::format("  {}parameter {}\n", parameter.learned ? "learned " : "", parameter.name);
      if (parameter.default_value) print(tree, *parameter.default_value, 2, {}, text);
    }
    if (head.damage != Damage::none) continue;
    const auto* rule = std::get_if<RuleItem>(&item);
    if (rule != nullptr) print(tree, rule->left, 1, "left ", text);
    print(tree, head.body, 1, rule != nullptr ? "right " : "", text);
    if (rule != nullptr && rule->condition) print(tree, *rule->condition, 1, "for ", text);
  }
  return text;
}

}  // namespace actc::frontend
