// Graphs as statements and expressions of C, JavaScript and Python: what these have in common.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "ir/emit.h"
#include "ir/emit_spelling.h"

namespace actc::ir {

struct CodeOptions {
  Tongue tongue;
  std::vector<std::string> inputs;  // as the language has them
  std::vector<std::string> parameters;
  // Is a value NaN wherever an input is, although the language's comparisons are false there?
  // Graphs that are lowered see to that themselves.
  bool carry_nan = false;
  // "sigmoid($.0)": how a function that the graph calls is spelled.
  std::function<std::string(FunctionId callee, std::size_t arguments)> call = {};
};

struct Code {
  std::vector<std::string> statements;  // without indentation; they define what the result uses
  std::string result;
};

// An output of a graph. What is used more than once, or is long, has a name.
Code write_code(const Graph& graph, NodeId output, const CodeOptions& options);

// What is common to the functions of one emitted JavaScript or Python text.
struct EmittedNames {
  std::vector<std::string> functions;  // of the outputs
  std::vector<std::string> inputs;
  std::vector<std::string> parameters;
};

// The helpers that a definition needs, each before those that call it.
struct NamedHelper {
  FunctionId id;
  std::string name;
  Helper helper;
};
std::vector<NamedHelper> collect_helpers(const Emitted& definition, const Library& library,
                                         const Helpers& helpers, Tongue tongue);

// Names as the language may have them, none of two things.
EmittedNames emitted_names(const Emitted& definition, std::span<const NamedHelper> helpers,
                           Tongue tongue);

// How the definition's own graph is written. Calls are spelled natively, as a helper or as the
// definition itself, so that all arguments must outlive the result.
CodeOptions code_options(const Emitted& definition, const EmittedNames& names,
                         std::span<const NamedHelper> helpers, const Library& library,
                         Tongue tongue);

// "mish: Mish (Misra, 2019).", "y = x * …", "actc made this": lines without a comment's marks.
constexpr std::size_t longest_formula = 200;
std::vector<std::string> heading(const Emitted& definition);
// One line of text that ends no comment and no string: without backslashes, control characters and
// what JavaScript takes for the end of a line.
std::string in_comment(std::string_view text);

// A binary64 as these languages write it, with enough digits to give it back.
std::string literal(double value);

}  // namespace actc::ir
