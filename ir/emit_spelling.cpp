// The one table of the emitters: a row for each operation, a column for each language. What a
// language says in more than one text (a choice of several, a product without its sign, a sum's
// index) is in its emitter.
#include "ir/emit_spelling.h"

#include <algorithm>
#include <cassert>

namespace actc::ir {
namespace {

using enum Binding;

// In C `%` stands for what a name has for its format: `f` or nothing for floats, 32 or 64 for
// integers, which are unsigned and so wrap; `#` for the type of the result. In formulas a spelling
// without places is the name of a function.
struct Row {
  Operation op;
  Spelling c = {};
  Spelling c_integer = {};
  Spelling python = {};
  Spelling javascript = {};
  Spelling latex = {};
  Spelling mathml = {};
};

constexpr Row leaf(Operation op, std::string_view c, std::string_view python,
                   std::string_view javascript, std::string_view latex, std::string_view mathml) {
  return {op, {c, sign}, {}, {python}, {javascript}, {latex}, {mathml}};
}

// What is one text in C, Python and JavaScript.
constexpr Row infix(Operation op, std::string_view code, Binding binding, std::string_view latex,
                    std::string_view mathml, Binding formula_binding) {
  const Spelling s = {code, binding};
  return {op, s, s, s, s, {latex, formula_binding}, {mathml, formula_binding}};
}

constexpr Row comparing(Operation op, std::string_view code, std::string_view on_integers,
                        std::string_view javascript, std::string_view latex,
                        std::string_view mathml) {
  const Spelling s = {code, comparison};
  return {op,
          s,
          {on_integers, comparison},
          s,
          {javascript, comparison},
          {latex, comparison},
          {mathml, comparison}};
}

constexpr Row function(Operation op, std::string_view c, std::string_view python,
                       std::string_view javascript, std::string_view latex,
                       std::string_view mathml) {
  return {op, {c}, {}, {python}, {javascript}, {latex}, {mathml}};
}

// Of representations, which C alone has.
constexpr Row on_bits(Operation op, std::string_view from_float, std::string_view from_integer,
                      Binding binding) {
  return {op, {from_float, binding}, {from_integer, binding}};
}

constexpr std::array rows = {
    leaf(Operation::Constant, "", "", "", "", ""),
    leaf(Operation::Input, "", "", "", "", ""),
    leaf(Operation::Parameter, "", "", "", "", ""),
    leaf(Operation::Pi, "", "np.pi", "Math.PI", "\\pi", "<mi>&#x3C0;</mi>"),
    leaf(Operation::E, "", "np.e", "Math.E", "e", "<mi>e</mi>"),
    leaf(Operation::Infinity, "(#)INFINITY", "np.inf", "Infinity", "\\infty", "<mi>&#x221E;</mi>"),
    leaf(Operation::NotANumber, "(#)NAN", "np.nan", "NaN", "\\mathrm{NaN}", "<mi>NaN</mi>"),
    leaf(Operation::Columns, "", "", "", "n", "<mi>n</mi>"),
    leaf(Operation::ColumnIndex, "", "", "", "", ""),
    leaf(Operation::UnitRandom, "", "", "", "", ""),
    infix(Operation::Add, "$+0 + $*1", sum, "$+0 + $*1", "$+0<mo>+</mo>$*1", sum),
    infix(Operation::Sub, "$+0 - $*1", sum, "$+0 - $*1", "$+0<mo>&#x2212;</mo>$*1", sum),
    infix(Operation::Mul, "$*0 * $-1", product, "", "", product),
    infix(Operation::Div, "$*0 / $-1", product, "\\frac{$.0}{$.1}",
          "<mfrac><mrow>$.0</mrow><mrow>$.1</mrow></mfrac>", power),
    infix(Operation::Neg, "-$^0", sign, "-$*0", "<mo>&#x2212;</mo>$*0", sum),
    Row{Operation::Fma,
        {"fma%($.0, $.1, $.2)"},
        {},
        {"$*0 * $-1 + $*2", sum},
        {"$*0 * $-1 + $*2", sum}},
    function(Operation::Sqrt, "sqrt%($.0)", "np.sqrt($.0)", "Math.sqrt($.0)", "\\sqrt{$.0}",
             "<msqrt><mrow>$.0</mrow></msqrt>"),
    function(Operation::Abs, "fabs%($.0)", "np.abs($.0)", "Math.abs($.0)", "\\left|$.0\\right|",
             "<mrow><mo>|</mo>$.0<mo>|</mo></mrow>"),
    function(Operation::Min, "actc_min%($.0, $.1)", "np.minimum($.0, $.1)", "Math.min($.0, $.1)",
             "\\min", "<mi>min</mi>"),
    function(Operation::Max, "actc_max%($.0, $.1)", "np.maximum($.0, $.1)", "Math.max($.0, $.1)",
             "\\max", "<mi>max</mi>"),
    function(Operation::Floor, "floor%($.0)", "np.floor($.0)", "Math.floor($.0)",
             "\\left\\lfloor $.0 \\right\\rfloor",
             "<mrow><mo>&#x230A;</mo>$.0<mo>&#x230B;</mo></mrow>"),
    function(Operation::Ceil, "ceil%($.0)", "np.ceil($.0)", "Math.ceil($.0)",
             "\\left\\lceil $.0 \\right\\rceil",
             "<mrow><mo>&#x2308;</mo>$.0<mo>&#x2309;</mo></mrow>"),
    function(Operation::Round, "nearbyint%($.0)", "np.rint($.0)", "round_half_even($.0)",
             "\\operatorname{round}", "<mi>round</mi>"),
    function(Operation::Trunc, "trunc%($.0)", "np.trunc($.0)", "Math.trunc($.0)",
             "\\operatorname{trunc}", "<mi>trunc</mi>"),
    function(Operation::CopySign, "copysign%($.0, $.1)", "np.copysign($.0, $.1)",
             "copysign($.0, $.1)", "\\operatorname{copysign}", "<mi>copysign</mi>"),
    function(Operation::Sum, "", "np.sum($.0, axis=-1, keepdims=True)", "", "\\sum",
             "<mo>&#x2211;</mo>"),
    function(Operation::Largest, "", "np.max($.0, axis=-1, keepdims=True)", "", "\\max",
             "<mi>max</mi>"),
    function(Operation::Smallest, "", "np.min($.0, axis=-1, keepdims=True)", "", "\\min",
             "<mi>min</mi>"),
    comparing(Operation::Less, "$+0 < $+1", "(int%_t)$@0 < (int%_t)$@1", "$+0 < $+1", "$+0 < $+1",
              "$+0<mo>&lt;</mo>$+1"),
    comparing(Operation::LessEqual, "$+0 <= $+1", "(int%_t)$@0 <= (int%_t)$@1", "$+0 <= $+1",
              "$+0 \\le $+1", "$+0<mo>&#x2264;</mo>$+1"),
    comparing(Operation::Greater, "$+0 > $+1", "(int%_t)$@0 > (int%_t)$@1", "$+0 > $+1",
              "$+0 > $+1", "$+0<mo>&gt;</mo>$+1"),
    comparing(Operation::GreaterEqual, "$+0 >= $+1", "(int%_t)$@0 >= (int%_t)$@1", "$+0 >= $+1",
              "$+0 \\ge $+1", "$+0<mo>&#x2265;</mo>$+1"),
    comparing(Operation::Equal, "$+0 == $+1", "$@0 == $@1", "$+0 === $+1", "$+0 = $+1",
              "$+0<mo>=</mo>$+1"),
    comparing(Operation::NotEqual, "$+0 != $+1", "$@0 != $@1", "$+0 !== $+1", "$+0 \\ne $+1",
              "$+0<mo>&#x2260;</mo>$+1"),
    Row{Operation::IsNan,
        {"isnan($.0)"},
        {},
        {"np.isnan($.0)"},
        {"Number.isNaN($.0)"},
        {"$+0 \\text{ is NaN}", comparison},
        {"$+0<mtext>&#xA0;is NaN</mtext>", comparison}},
    Row{Operation::And,
        {"$@0 && $@1", conjunction},
        {},
        {"np.logical_and($.0, $.1)"},
        {"$&0 && $<1", conjunction},
        {"$&0 \\text{ and } $<1", conjunction},
        {"$&0<mtext>&#xA0;and&#xA0;</mtext>$<1", conjunction}},
    Row{Operation::Or,
        {"$@0 || $@1", disjunction},
        {},
        {"np.logical_or($.0, $.1)"},
        {"$|0 || $&1", disjunction},
        {"$|0 \\text{ or } $&1", disjunction},
        {"$|0<mtext>&#xA0;or&#xA0;</mtext>$&1", disjunction}},
    Row{Operation::Not,
        {"!$@0", sign},
        {},
        {"np.logical_not($.0)"},
        {"!$@0", sign},
        {"\\text{not } $@0", comparison},
        {"<mtext>not&#xA0;</mtext>$@0", comparison}},
    Row{Operation::Where,
        {"$|0 ? $|1 : $?2", conditional},
        {"$|0 ? $|1 : $?2", conditional},
        {"np.where($.0, $.1, $.2)"},
        {"$|0 ? $|1 : $?2", conditional}},
    Row{Operation::Rarely,
        {"$|0 ? $|1 : $?2", conditional},
        {"$|0 ? $|1 : $?2", conditional},
        {"np.where($.0, $.1, $.2)"},
        {"$|0 ? $|1 : $?2", conditional}},
    on_bits(Operation::BitAnd, "", "$@0 & $@1", conditional),
    on_bits(Operation::BitOr, "", "$@0 | $@1", conditional),
    on_bits(Operation::BitXor, "", "$@0 ^ $@1", conditional),
    on_bits(Operation::ShiftLeft, "", "$@0 << $@1", conditional),
    on_bits(Operation::ShiftRight, "", "$@0 >> $@1", conditional),
    on_bits(Operation::ShiftRightSigned, "", "(uint%_t)((int%_t)$@0 >> $@1)", sign),
    on_bits(Operation::Bits, "actc_bits%($.0)", "", atom),
    on_bits(Operation::FromBits, "", "actc_from_bits%($.0)", atom),
    on_bits(Operation::ToInteger, "actc_to_integer%($.0)", "", atom),
    on_bits(Operation::ToFloat, "", "(#)(int%_t)$@0", sign),
    on_bits(Operation::ToBinary32, "(float)$@0", "", sign),
    on_bits(Operation::ToBinary64, "(double)$@0", "", sign),
    on_bits(Operation::ToInt32, "", "(uint32_t)$@0", sign),
    on_bits(Operation::ToInt64, "", "(uint64_t)(int%_t)$@0", sign),
    on_bits(Operation::Table, "", "", atom),
    function(Operation::RealExp, "", "np.exp($.0)", "Math.exp($.0)", "e^{$.0}",
             "<msup><mi>e</mi><mrow>$.0</mrow></msup>"),
    function(Operation::RealLog, "", "np.log($.0)", "Math.log($.0)", "\\ln", "<mi>ln</mi>"),
    function(
        Operation::RealLog1p, "", "np.log1p($.0)", "Math.log1p($.0)", "\\ln\\left(1 + $*0\\right)",
        "<mi>ln</mi><mo>&#x2061;</mo><mrow><mo>(</mo><mn>1</mn><mo>+</mo>$*0<mo>)</mo></mrow>"),
    Row{Operation::RealExpm1,
        {},
        {},
        {"np.expm1($.0)"},
        {"Math.expm1($.0)"},
        {"e^{$.0} - 1", sum},
        {"<msup><mi>e</mi><mrow>$.0</mrow></msup><mo>&#x2212;</mo><mn>1</mn>", sum}},
    function(Operation::RealTanh, "", "np.tanh($.0)", "Math.tanh($.0)", "\\tanh", "<mi>tanh</mi>"),
    function(Operation::RealErf, "", "", "", "\\operatorname{erf}", "<mi>erf</mi>"),
    function(Operation::RealErfc, "", "", "", "\\operatorname{erfc}", "<mi>erfc</mi>"),
    function(Operation::RealSin, "", "np.sin($.0)", "Math.sin($.0)", "\\sin", "<mi>sin</mi>"),
    function(Operation::RealCos, "", "np.cos($.0)", "Math.cos($.0)", "\\cos", "<mi>cos</mi>"),
    function(Operation::RealAtan, "", "np.arctan($.0)", "Math.atan($.0)", "\\arctan",
             "<mi>arctan</mi>"),
    Row{Operation::RealPow,
        {},
        {},
        {"$@0 ** $^1", power},
        {"$@0 ** $^1", product},
        {"$@0^{$.1}", power},
        {"<msup><mrow>$@0</mrow><mrow>$.1</mrow></msup>", power}},
    leaf(Operation::Detach, "", "$.0", "$.0", "$.0", "$.0"),
    leaf(Operation::Call, "", "", "", "", ""),
};

constexpr bool is_in_order() {
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (rows[k].op != static_cast<Operation>(k)) return false;
  }
  return rows.size() == static_cast<std::size_t>(Operation::Call) + 1;
}
static_assert(is_in_order(), "a row for each operation, in the order of the operations");

// Functions that languages have, or that formulas write in a way of their own.
struct FunctionRow {
  std::string_view name;
  std::string_view python, javascript;
  Spelling latex = {}, mathml = {};
};

constexpr std::array function_rows = {
    FunctionRow{"exp2",
                "np.exp2($.0)",
                "",
                {"2^{$.0}", power},
                {"<msup><mn>2</mn><mrow>$.0</mrow></msup>", power}},
    FunctionRow{"log2",
                "np.log2($.0)",
                "Math.log2($.0)",
                {"\\log_{2}"},
                {"<msub><mi>log</mi><mn>2</mn></msub>"}},
    FunctionRow{"log10",
                "np.log10($.0)",
                "Math.log10($.0)",
                {"\\log_{10}"},
                {"<msub><mi>log</mi><mn>10</mn></msub>"}},
    FunctionRow{"cosh", "np.cosh($.0)", "Math.cosh($.0)", {"\\cosh"}, {"<mi>cosh</mi>"}},
    FunctionRow{"sinh", "np.sinh($.0)", "Math.sinh($.0)", {"\\sinh"}, {"<mi>sinh</mi>"}},
    FunctionRow{"asinh",
                "np.arcsinh($.0)",
                "Math.asinh($.0)",
                {"\\operatorname{arsinh}"},
                {"<mi>arsinh</mi>"}},
    FunctionRow{
        "logaddexp",
        "np.logaddexp($.0, $.1)",
        "",
        {"\\ln\\left(e^{$.0} + e^{$.1}\\right)"},
        {"<mi>ln</mi><mo>&#x2061;</mo><mrow><mo>(</mo><msup><mi>e</mi><mrow>$.0</mrow></msup>"
         "<mo>+</mo><msup><mi>e</mi><mrow>$.1</mrow></msup><mo>)</mo></mrow>"}},
    FunctionRow{"sech", "", "", {"\\operatorname{sech}"}, {"<mi>sech</mi>"}},
    FunctionRow{"sigmoid", "", "", {"\\sigma"}, {"<mi>&#x3C3;</mi>"}},
    FunctionRow{"sigmoid_slope",
                "",
                "",
                {"\\sigma'"},
                {"<mi>&#x3C3;</mi><mo lspace=\"0\" rspace=\"0\">&#x2032;</mo>"}},
    // The exponential of a difference from the largest of a row, and shares of a sum.
    FunctionRow{"exp_below",
                "",
                "",
                {"e^{$+0 - $*1}", power},
                {"<msup><mi>e</mi><mrow>$+0<mo>&#x2212;</mo>$*1</mrow></msup>", power}},
    FunctionRow{"below", "", "", {"$+0 - $*1", sum}, {"$+0<mo>&#x2212;</mo>$*1", sum}},
    FunctionRow{"share",
                "",
                "",
                {"\\frac{$.0}{$.1}", power},
                {"<mfrac><mrow>$.0</mrow><mrow>$.1</mrow></mfrac>", power}},
    FunctionRow{"tanh_slope",
                "",
                "",
                {"\\operatorname{sech}^{2}"},
                {"<msup><mi>sech</mi><mn>2</mn></msup>"}},
    FunctionRow{"log1pexp",
                "",
                "",
                {"\\ln\\left(1 + e^{$.0}\\right)"},
                {"<mi>ln</mi><mo>&#x2061;</mo><mrow><mo>(</mo><mn>1</mn><mo>+</mo><msup><mi>e</mi>"
                 "<mrow>$.0</mrow></msup><mo>)</mo></mrow>"}},
    FunctionRow{"logcosh",
                "",
                "",
                {"\\ln\\left(\\cosh\\left($.0\\right)\\right)"},
                {"<mi>ln</mi><mo>&#x2061;</mo><mrow><mo>(</mo><mi>cosh</mi><mo>&#x2061;</mo><mrow>"
                 "<mo>(</mo>$.0<mo>)</mo></mrow><mo>)</mo></mrow>"}},
    FunctionRow{"erf", "", "", {"\\operatorname{erf}"}, {"<mi>erf</mi>"}},
    FunctionRow{"erfc", "", "", {"\\operatorname{erfc}"}, {"<mi>erfc</mi>"}},
    FunctionRow{"normcdf", "", "", {"\\Phi"}, {"<mi>&#x3A6;</mi>"}},
    FunctionRow{"normpdf", "", "", {"\\varphi"}, {"<mi>&#x3C6;</mi>"}},
};

constexpr std::array greek_letters = {
    Greek{"alpha", "\\alpha", "&#x3B1;"},
    Greek{"beta", "\\beta", "&#x3B2;"},
    Greek{"gamma", "\\gamma", "&#x3B3;"},
    Greek{"delta", "\\delta", "&#x3B4;"},
    Greek{"epsilon", "\\varepsilon", "&#x3B5;"},
    Greek{"eps", "\\varepsilon", "&#x3B5;"},
    Greek{"zeta", "\\zeta", "&#x3B6;"},
    Greek{"eta", "\\eta", "&#x3B7;"},
    Greek{"theta", "\\theta", "&#x3B8;"},
    Greek{"kappa", "\\kappa", "&#x3BA;"},
    Greek{"lambda", "\\lambda", "&#x3BB;"},
    Greek{"lambd", "\\lambda", "&#x3BB;"},
    Greek{"mu", "\\mu", "&#x3BC;"},
    Greek{"nu", "\\nu", "&#x3BD;"},
    Greek{"xi", "\\xi", "&#x3BE;"},
    Greek{"rho", "\\rho", "&#x3C1;"},
    Greek{"sigma", "\\sigma", "&#x3C3;"},
    Greek{"tau", "\\tau", "&#x3C4;"},
    Greek{"phi", "\\phi", "&#x3C6;"},
    Greek{"chi", "\\chi", "&#x3C7;"},
    Greek{"psi", "\\psi", "&#x3C8;"},
    Greek{"omega", "\\omega", "&#x3C9;"},
};

// Words that a definition's names may not be: keywords, and what the emitted text itself uses.
using Words = std::span<const std::string_view>;

constexpr std::string_view c_words[] = {
    "auto",     "break",    "case",   "char",     "const",    "continue", "default",  "do",
    "double",   "else",     "enum",   "extern",   "float",    "for",      "goto",     "if",
    "inline",   "int",      "long",   "register", "restrict", "return",   "short",    "signed",
    "sizeof",   "static",   "struct", "switch",   "typedef",  "union",    "unsigned", "void",
    "volatile", "while",    "asm",    "typeof",   "linux",    "unix",     "main",     "memcpy",
    "isnan",    "INFINITY", "NAN",    "NULL",     "abs",      "labs",     "llabs",    "div",
    "exit",     "abort",    "malloc", "free",     "printf",   "index",    "remove",   "rename",
    "bool",     "true",     "false",  "nullptr"};
// Of <math.h>, which has each with an `f` and an `l` too.
constexpr std::string_view c_math[] = {
    "acos",       "acosh",  "asin",      "asinh",  "atan",        "atan2",     "atanh",
    "cbrt",       "ceil",   "copysign",  "cos",    "cosh",        "erf",       "erfc",
    "exp",        "exp2",   "expm1",     "fabs",   "fdim",        "floor",     "fma",
    "fmax",       "fmin",   "fmod",      "frexp",  "hypot",       "ilogb",     "ldexp",
    "lgamma",     "llrint", "llround",   "log",    "log10",       "log1p",     "log2",
    "logb",       "lrint",  "lround",    "modf",   "nan",         "nearbyint", "nextafter",
    "nexttoward", "pow",    "remainder", "remquo", "rint",        "round",     "scalbln",
    "scalbn",     "sin",    "sinh",      "sqrt",   "tan",         "tanh",      "tgamma",
    "trunc",      "j0",     "j1",        "jn",     "y0",          "y1",        "yn",
    "gamma",      "exp10",  "pow10",     "drem",   "significand", "finite",    "isinf",
    "scalb",      "sincos", "roundeven"};
constexpr std::string_view python_words[] = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield",    "np"};
constexpr std::string_view javascript_words[] = {
    "arguments",  "await",     "break",      "case",      "catch",
    "class",      "const",     "continue",   "debugger",  "default",
    "delete",     "do",        "else",       "enum",      "eval",
    "export",     "extends",   "false",      "finally",   "for",
    "function",   "if",        "implements", "import",    "in",
    "instanceof", "interface", "let",        "new",       "null",
    "package",    "private",   "protected",  "public",    "return",
    "static",     "super",     "switch",     "this",      "throw",
    "true",       "try",       "typeof",     "undefined", "var",
    "void",       "while",     "with",       "yield",     "Math",
    "Number",     "NaN",       "Infinity",   "Object",    "window",
    "document",   "self",      "name",       "top",       "status",
    "location",   "event",     "length",     "parent",    "round_half_even",
    "copysign"};

bool is_in(Words words, std::string_view name) {
  return std::ranges::find(words, name) != words.end();
}

bool is_taken(std::string_view name, Tongue tongue) {
  switch (tongue) {
    case Tongue::c:
    case Tongue::c_integer: {
      const bool suffixed = name.ends_with('f') || name.ends_with('l');
      return is_in(c_words, name) || is_in(c_math, name) || name.starts_with("actc_") ||
             (suffixed && is_in(c_math, name.substr(0, name.size() - 1)));
    }
    case Tongue::python:
      return is_in(python_words, name);
    case Tongue::javascript:
      return is_in(javascript_words, name);
    case Tongue::latex:
    case Tongue::mathml:
      break;
  }
  return false;
}

constexpr std::string_view binding_letters = ".?|&<+*-^@";

}  // namespace

Spelling spelling(Operation op, Tongue tongue) {
  const Row& row = rows[static_cast<std::size_t>(op)];
  switch (tongue) {
    case Tongue::c:
      return row.c;
    case Tongue::c_integer:
      return row.c_integer;
    case Tongue::python:
      return row.python;
    case Tongue::javascript:
      return row.javascript;
    case Tongue::latex:
      return row.latex;
    case Tongue::mathml:
      return row.mathml;
  }
  return {};
}

Spelling spelling(std::string_view function, Tongue tongue) {
  const auto row = std::ranges::find(function_rows, function, &FunctionRow::name);
  if (row == function_rows.end()) return {};
  switch (tongue) {
    case Tongue::c:
    case Tongue::c_integer:
      break;
    case Tongue::python:
      return {row->python};
    case Tongue::javascript:
      return {row->javascript};
    case Tongue::latex:
      return row->latex;
    case Tongue::mathml:
      return row->mathml;
  }
  return {};
}

std::string parenthesized(const std::string& text) { return "(" + text + ")"; }

std::string fill(std::string_view text, std::span<const Piece> args,
                 std::string (*parenthesize)(const std::string&)) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '$') {
      result += text[at];
      continue;
    }
    const auto least = static_cast<Binding>(binding_letters.find(text[at + 1]));
    const Piece& arg = args[static_cast<std::size_t>(text[at + 2] - '0')];
    at += 2;
    result += arg.binding >= least ? arg.text : parenthesize(arg.text);
  }
  return result;
}

std::string free_name(std::string name, Tongue tongue) {
  while (is_taken(name, tongue)) name += '_';
  return name;
}

Greek greek(std::string_view word) {
  const auto it = std::ranges::find(greek_letters, word, &Greek::name);
  return it == greek_letters.end() ? Greek{} : *it;
}

}  // namespace actc::ir
