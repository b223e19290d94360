// Which part of a text each node of a definition's formula comes from, for messages about what is
// known only once the formula is there; and the names that a definition has for nothing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "frontend/frontend.h"
#include "ir/function.h"

namespace actc::frontend {

struct NodePlace {
  // Of the expression that made the node first: where a function of the text is called, within that
  // function. Empty for inputs and parameters.
  Span span;
  // Of its operands, where the node is that expression's own value; of what the library's functions
  // are made of there are none.
  std::vector<Span> operands;
};

struct TracedDefinition {
  const ItemHead* item = nullptr;  // while the tree is there
  ir::Graph meaning;  // what lowering gives, the calls of the text's own functions opened
  std::vector<NodePlace> places;  // one a node
  // Parameters, inputs and `let` names that nothing uses, those that begin with `_` aside.
  std::vector<Diagnostic> unused;
  // Others of the text call it, and nothing documents it.
  bool is_helper = false;
  // A derivative is written beside it.
  bool has_derivative = false;
};

// Where a part of the formula stands in the text, given as a graph of its own; nothing where it is
// not found, as rules may have made it.
std::optional<Span> place_of(const TracedDefinition& definition, const ir::Graph& part);

// The definitions of a text that `lower` found right, by the ids that it gave them.
std::map<ir::FunctionId, TracedDefinition> trace(std::string_view source,
                                                 const std::shared_ptr<const ir::Library>& base);

// The same as far as lowering knows it: item, meaning, places.
std::map<ir::FunctionId, TracedDefinition> lower_traced(
    const SyntaxTree& tree, std::string_view source,
    const std::shared_ptr<const ir::Library>& base);

// The names in a definition's head and its `let`s that nothing uses. A parameter that a derivative
// or an implementation of the function uses is used.
std::vector<Diagnostic> find_unused(const SyntaxTree& tree, const ItemHead& definition);

}  // namespace actc::frontend
