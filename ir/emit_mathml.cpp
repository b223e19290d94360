// Formula and derivatives of a definition as MathML Core, for pages; well-formed as XML too.
#include <string>

#include "ir/emit_formula.h"

namespace actc::ir {
namespace {

std::string parenthesize(const std::string& text) {
  return "<mrow><mo>(</mo>" + text + "<mo>)</mo></mrow>";
}

std::string variable(std::string_view name) {
  const Greek letter = greek(name);
  return "<mi>" + std::string(letter.name.empty() ? name : letter.letter) + "</mi>";
}

constexpr std::string_view open_row = "<mrow>";
constexpr std::string_view close_row = "</mrow>";

constexpr Markup markup = {
    .tongue = Tongue::mathml,
    .number = "<mn>$0</mn>",
    .minus = "<mo>&#x2212;</mo>",
    .less = "<mo>&#x2212;</mo>",
    .plus = "<mo>+</mo>",
    .equals = "<mo>=</mo>",
    .distributed = "<mo>&#x223C;</mo><mi>U</mi><mo>(</mo><mn>0</mn><mo>,</mo><mn>1</mn><mo>)</mo>",
    .times = "<mo>&#x2062;</mo><mspace width=\"0.17em\"/>",
    .dot = "<mo>&#x22C5;</mo>",
    .cross = "<mo>&#xD7;</mo>",
    .comma = "<mo>,</mo>",
    .semicolon = "<mo>;</mo>",
    .name = "<mi>$0</mi>",
    .apply = "$0<mo>&#x2061;</mo>$1",
    .subscript = "<msub><mrow>$0</mrow><mrow>$1</mrow></msub>",
    .power = "<msup><mrow>$0</mrow><mrow>$1</mrow></msup>",
    .root = "<msqrt><mrow>$0</mrow></msqrt>",
    .fraction = "<mfrac><mrow>$0</mrow><mrow>$1</mrow></mfrac>",
    .derivative = "<mfrac><mo>&#x2202;</mo><mrow>$0</mrow></mfrac><mspace width=\"0.17em\"/>",
    // Not as a superscript: the letter is a raised one in all but TeX's fonts.
    .prime = "$0<mo lspace=\"0\" rspace=\"0\">&#x2032;</mo>",
    .partial = "<mo>&#x2202;</mo>",
    .over = "<munder><mrow>$0</mrow><mrow>$1</mrow></munder>",
    .case_row = "<mtr><mtd>$0</mtd><mtd><mtext>if&#xA0;</mtext>$1</mtd></mtr>",
    .case_else = "<mtr><mtd>$0</mtd><mtd><mtext>otherwise</mtext></mtd></mtr>",
    .cases = "<mrow><mo>{</mo><mtable>$0</mtable></mrow>",
    .case_end = "",
    .parenthesize = &parenthesize,
    .variable = &variable,
};

// `<mrow>` around one element says nothing.
std::string without_idle_rows(const std::string& text) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    const bool opens = text.compare(at, open_row.size(), open_row) == 0;
    const std::size_t inner = at + open_row.size();
    // One element without elements inside, and the row's end after it.
    if (opens && text[inner] == '<' && text[inner + 1] != '/') {
      const std::size_t name_end = text.find_first_of(" >/", inner + 1);
      const std::string end = "</" + text.substr(inner + 1, name_end - inner - 1) + ">";
      const std::size_t next = text.find('<', inner + 1);
      if (next != std::string::npos && text.compare(next, end.size(), end) == 0 &&
          text.compare(next + end.size(), close_row.size(), close_row) == 0) {
        result.append(text, inner, next + end.size() - inner);
        at = next + end.size() + close_row.size();
        continue;
      }
    }
    result += text[at++];
  }
  return result;
}

}  // namespace

std::string emit_mathml(const Emitted& definition, const Library& library) {
  std::string text;
  for (const Equation& e : write_equations(definition, library, markup)) {
    std::string line = e.left + std::string(markup.equals) + e.right;
    for (const std::string& where : e.where) {
      const bool first = &where == &e.where.front();
      line += std::string(markup.comma) + "<mspace width=\"1.5em\"/><mtext>" +
              (first ? "where" : "and") + "&#xA0;</mtext>" + where;
    }
    text += "<math xmlns=\"http://www.w3.org/1998/Math/MathML\" display=\"block\"><mrow>" +
            without_idle_rows(line) + "</mrow></math>\n";
  }
  return text;
}

}  // namespace actc::ir
