// Graphs as text: formulas that people read and the compiler reads again, and listings of nodes.
#pragma once

#include <span>
#include <string>

#include "ir/function.h"
#include "ir/graph.h"

namespace actc::ir {

// The names of inputs and parameters, in the order of positions.
struct Names {
  std::vector<std::string> inputs;
  std::vector<std::string> parameters;
};
Names names_of(const Function& function);

// A number as the language writes it: a short decimal where there is one, else a quotient.
std::string to_text(const Rational& value);

// One output of a graph over the reals as an expression of the language. What is used more than
// once and is not short becomes a `let`.
std::string to_formula(const Graph& graph, const Library& library, const Names& names,
                       std::size_t output = 0);

// A node a line: `%3 = mul %1 %2 : binary32`, then the outputs.
std::string to_listing(const Graph& graph, const Library& library, const Names& names);

}  // namespace actc::ir
