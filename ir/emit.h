// Definitions written in other languages, to be used without actc.
//
// Code in C is of a lowered graph and computes its bits. JavaScript and NumPy are of graphs over
// the reals, which their functions compute in binary64; LaTeX and MathML set such graphs as
// formulas. How each operation and function is spelled stands in one table, ir/emit_spelling.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ir/function.h"
#include "ir/graph.h"
#include "ir/text.h"

namespace actc::ir {

// One function of the emitted text: an output of the graph.
struct EmittedOutput {
  std::string name;  // "mish", "mish_grad"
  std::string of;    // what it is the derivative with respect to; empty of the value
};

// A definition ready to be written. Thrown away once it is.
struct Emitted {
  std::string name;
  std::string documentation;
  std::string formula;  // in actc's own language, for a comment; may be empty
  // Inputs come first, then, where derivatives are products with it, the gradient from above. The
  // names are the definition's: what a language has taken is renamed as it is written.
  Names names;
  std::vector<Parameter> parameters;  // in the order of Names::parameters
  std::vector<bool> fixed;            // of each: it is a constant and no argument
  bool with_seed = false;             // the last input is the gradient from above
  bool over_rows = false;
  std::optional<FunctionId> self;  // what calls of the graph may mean the definition itself
  Graph graph;
  std::vector<EmittedOutput> outputs;  // of each of the graph's: the value, then the derivatives
};

// How a function that the graph calls is computed where the language does not have it: its inputs,
// then its parameters are the inputs of the graph.
struct Helper {
  std::vector<std::string> arguments;
  const Graph* body;
};
using Helpers = std::function<std::optional<Helper>(FunctionId callee)>;

// Does the language have the function itself?
bool is_native_in_python(const Function& function);
bool is_native_in_javascript(const Function& function);
// Has it a name in formulas by which it is known?
bool has_formula_name(const Function& function);

// Self-contained C11 of a graph lowered to one float format.
std::string emit_c(const Emitted& definition, Format format);

// Of graphs over the reals whose calls are native or have helpers.
std::string emit_javascript(const Emitted& definition, const Library& library,
                            const Helpers& helpers);
std::string emit_python(const Emitted& definition, const Library& library, const Helpers& helpers);

// Of graphs over the reals.
std::string emit_latex(const Emitted& definition, const Library& library);
std::string emit_mathml(const Emitted& definition, const Library& library);

}  // namespace actc::ir
