// Graphs over the reals as formulas that a person would write: what LaTeX and MathML have in
// common.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/emit.h"
#include "ir/emit_spelling.h"

namespace actc::ir {

// The marks of a language of formulas. `$0` and `$1` are places for texts.
struct Markup {
  Tongue tongue;
  std::string_view number;
  std::string_view minus, less, plus, equals, distributed;  // minus of one, less of two
  std::string_view times, dot, cross;  // nothing but space, between numbers, before a power of 10
  std::string_view comma, semicolon;
  std::string_view name;   // of a function: several letters
  std::string_view apply;  // a name to what stands in parentheses
  std::string_view subscript, power, root, fraction, derivative;
  std::string_view prime, partial;
  std::string_view over;  // an operator with its index
  std::string_view case_row, case_else, cases, case_end;
  std::string (*parenthesize)(const std::string&);
  std::string (*variable)(std::string_view name);  // one word, without subscripts
};

struct Equation {
  std::string left, right;
  std::vector<std::string> where;  // "t = …": what the right side uses
};

// One for each output of the definition.
std::vector<Equation> write_equations(const Emitted& definition, const Library& library,
                                      const Markup& markup);

}  // namespace actc::ir
