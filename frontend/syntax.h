// The syntax tree: flat, children before parents, so that nothing that visits or destroys it
// recurses with the depth of the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "frontend/diagnostic.h"
#include "ir/format.h"
#include "ir/graph.h"

namespace actc::frontend {

using ExprId = std::uint32_t;

struct NumberExpr {
  ir::Rational value;
};
struct NameExpr {
  std::string name;
};
struct UnaryExpr {
  ir::Operation op;  // Neg, Not; a unary plus leaves no node
  ExprId operand;
};
struct BinaryExpr {
  ir::Operation op;  // Add … NotEqual, And, Or; RealPow for ^ and **
  ExprId left, right;
};
struct ConditionalExpr {  // c ? a : b
  ExprId condition, then, otherwise;
};
struct NamedArgument {
  std::string name;
  Span span;
  ExprId value;
};
struct CallExpr {
  std::string callee;
  Span callee_span;
  std::vector<ExprId> arguments;
  std::vector<NamedArgument> named;  // after `;`
};
struct LetExpr {
  std::string name;
  Span name_span;
  ExprId value, body;
};

struct Expr {
  Span span;  // with the parentheses around it
  std::variant<NumberExpr, NameExpr, UnaryExpr, BinaryExpr, ConditionalExpr, CallExpr, LetExpr>
      form;
};

struct InputSyntax {
  std::string name;
  Span span;
};
struct ParameterSyntax {
  std::string name;
  Span span;
  std::optional<ExprId> default_value;
  bool learned = false;
};

// What a syntax error (already reported) has left of an item: lowering knows its name, so that its
// uses are not errors too, but lowers no body that is not whole.
enum class Damage : std::uint8_t { none, body, head };

struct ItemHead {
  std::string documentation;
  std::string name;  // empty: a bare expression in x
  Span name_span;
  std::vector<InputSyntax> inputs;
  std::vector<ParameterSyntax> parameters;
  ExprId body = 0;
  Span body_span;
  // The item's expressions, defaults and body: [first, last).
  ExprId first = 0;
  ExprId last = 0;
  Damage damage = Damage::none;
};

struct DefinitionItem {  // name(inputs; parameters) = body
  ItemHead head;
};
struct DerivativeItem {  // d/dx name(inputs; parameters) = [surrogate] body
  ItemHead head;
  std::string variable;
  Span variable_span;
  bool surrogate = false;
};
struct ImplementationItem {  // binary32 name(inputs; parameters) = body
  ItemHead head;
  ir::Format format;
};

struct RuleItem {  // rule left = right for condition
  ItemHead head;   // the body is the right side; the name is `rule`, which nothing else can have
  ExprId left = 0;
  Span left_span;
  std::optional<ExprId> condition;
  Span condition_span;
  Span span;  // of the whole item
};

using Item = std::variant<DefinitionItem, DerivativeItem, ImplementationItem, RuleItem>;

inline const ItemHead& head_of(const Item& item) {
  return std::visit([](const auto& form) -> const ItemHead& { return form.head; }, item);
}

struct SyntaxTree {
  std::vector<Expr> expressions;
  std::vector<Item> items;
};

}  // namespace actc::frontend
