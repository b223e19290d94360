// Formula and derivatives of a definition as LaTeX, with the commands of amsmath.
#include <string>

#include "ir/emit_formula.h"

namespace actc::ir {
namespace {

// Parentheses grow with what is higher than a line.
std::string parenthesize(const std::string& text) {
  for (const char* high : {"\\frac", "\\sqrt", "\\begin", "\\sum", "\\max_", "\\min_", "^{"}) {
    if (text.find(high) != std::string::npos) return "\\left(" + text + "\\right)";
  }
  return "(" + text + ")";
}

std::string variable(std::string_view name) {
  if (const Greek letter = greek(name); !letter.name.empty()) return std::string(letter.latex);
  if (name.size() == 1) return std::string(name);
  std::string text = "\\mathit{";
  for (const char c : name) text += c == '_' ? std::string("\\_") : std::string(1, c);
  return text + "}";
}

constexpr Markup markup = {
    .tongue = Tongue::latex,
    .number = "$0",
    .minus = "-",
    .less = " - ",
    .plus = " + ",
    .equals = " = ",
    .distributed = " \\sim U(0, 1)",
    .times = " \\, ",
    .dot = " \\cdot ",
    .cross = " \\times ",
    .comma = ", ",
    .semicolon = "; ",
    .name = "\\operatorname{$0}",
    .apply = "$0$1",
    .subscript = "$0_{$1}",
    .power = "$0^{$1}",
    .root = "\\sqrt{$0}",
    .fraction = "\\frac{$0}{$1}",
    .derivative = "\\frac{\\partial}{$0} ",
    .prime = "$0'",
    .partial = "\\partial ",
    .over = "$0_{$1} ",
    .case_row = "$0 & \\text{if } $1",
    .case_else = "$0 & \\text{otherwise}",
    .cases = "\\begin{cases} $0 \\end{cases}",
    .case_end = " \\\\ ",
    .parenthesize = &parenthesize,
    .variable = &variable,
};

}  // namespace

std::string emit_latex(const Emitted& definition, const Library& library) {
  std::string lines;
  const auto line = [&](const std::string& text) {
    lines += (lines.empty() ? "" : " \\\\\n") + text;
  };
  for (const Equation& e : write_equations(definition, library, markup)) {
    line(e.left + " &= " + e.right);
    for (const std::string& where : e.where)
      line("&\\quad \\text{" + std::string(&where == &e.where.front() ? "where } " : "and } ") +
           where);
  }
  return "\\begin{aligned}\n" + lines + "\n\\end{aligned}\n";
}

}  // namespace actc::ir
