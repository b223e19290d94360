// What people read when a text is wrong: the place, the line, the caret, the suggestion.
#include <gtest/gtest.h>

#include <string>

#include "frontend_support.h"

namespace actc::frontend {
namespace {

std::size_t count(std::string_view text) { return compile(text).diagnostics.size(); }

TEST(Rendering, ShowsTheLineAndTheSpan) {
  EXPECT_EQ(errors("f(x) = x\ng(x) = x * sigmod(x) + 1"),
            "text:2:12: error: unknown function `sigmod` [unknown-function]\n"
            "    g(x) = x * sigmod(x) + 1\n"
            "               ^~~~~~\n"
            "  help: did you mean `sigmoid`?\n");
}

TEST(Rendering, StandsUnderTheRightColumnWithTabsAndUtf8) {
  EXPECT_EQ(errors("\tx *\ty"),
            "text:1:6: error: unknown name `y` [unknown-name]\n"
            "    \tx *\ty\n"
            "    \t   \t^\n"
            "  help: a bare expression has the one input `x`; for others write a definition, as "
            "`f(x, y) = ...`\n");
  EXPECT_EQ(errors("x × 2 + exp"),
            "text:1:3: error: `×` (U+00D7) has no meaning here [stray-character]\n"
            "    x × 2 + exp\n"
            "      ^\n"
            "  help: write `*`\n"
            "text:1:9: error: `exp` is a function, not a value [not-a-value]\n"
            "    x × 2 + exp\n"
            "            ^~~\n"
            "  help: call it: `exp(...)`\n");
}

TEST(Rendering, OfTheEndIsAfterTheLastToken) {
  EXPECT_EQ(errors("f(x) = x +   # more\n\n"),
            "text:1:11: error: the text ends where an expression is expected [syntax]\n"
            "    f(x) = x +   # more\n"
            "              ^\n");
}

TEST(Rendering, OfASpanOfSeveralLinesEndsWithTheFirst) {
  EXPECT_EQ(errors("f(x) = sqrt(x,\n  2)\r\n"),
            "text:1:8: error: `sqrt` takes 1 argument, 2 are given [wrong-inputs]\n"
            "    f(x) = sqrt(x,\n"
            "           ^~~~~~~\n"
            "  help: it is `sqrt(x)`\n");
}

TEST(Rendering, CutsLongLinesAroundTheSpan) {
  const Compiled compiled = compile("x" + repeat(" + x", 1'000) + " + yy" + repeat(" + x", 1'000));
  ASSERT_EQ(compiled.diagnostics.size(), 1U);
  const Diagnostic& d = compiled.diagnostics[0];
  EXPECT_EQ(d.column, 4'005U);
  EXPECT_EQ(d.width, 2U);
  EXPECT_LT(d.line_text.size(), 210U);
  EXPECT_TRUE(d.line_text.starts_with("…") && d.line_text.ends_with("…"));
  EXPECT_EQ(d.line_text.substr(d.caret + 2, 2), "yy");  // `…` has three bytes
}

TEST(Rendering, EscapesWhatIsNotPrintable) {
  EXPECT_EQ(errors(std::string_view("x + \0 1", 7)),
            "text:1:5: error: the text holds a NUL byte [stray-character]\n"
            "    x + \\x00 1\n"
            "        ^~~~\n"
            "  help: is it a text?\n");
  EXPECT_EQ(errors("x + \xff\xfe"),
            "text:1:5: error: the text is not valid UTF-8 [stray-character]\n"
            "    x + \\xff\\xfe\n"
            "        ^~~~\n"
            "  help: save it as UTF-8\n");
  EXPECT_EQ(errors("x \x1b[31m"),
            "text:1:3: error: the character U+001B has no meaning here [stray-character]\n"
            "    x \\x1b[31m\n"
            "      ^~~~\n"
            "text:1:4: error: `[` has no meaning here [stray-character]\n"
            "    x \\x1b[31m\n"
            "          ^\n"
            "  help: write `(`\n");
}

TEST(Rendering, OfWarningsSaysSo) {
  Diagnostic d;
  d.severity = Severity::warning;
  d.span = {0, 1};
  d.message = "odd";
  std::vector<Diagnostic> all{d};
  locate(all, "x");
  EXPECT_EQ(render(all[0], "file.act"), "file.act:1:1: warning: odd\n    x\n    ^\n");
  EXPECT_FALSE(has_errors(all));
}

// A text, the messages that it gives in order, and the suggestion of the first.
struct Case {
  std::string_view text;
  std::vector<std::string_view> messages;
  std::string_view suggestion = "";
};

void expect(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const Compiled compiled = compile(c.text);
    std::vector<std::string_view> messages;
    for (const Diagnostic& d : compiled.diagnostics) messages.push_back(d.message);
    EXPECT_EQ(messages, c.messages);
    if (!messages.empty()) {
      EXPECT_EQ(compiled.diagnostics[0].suggestion, c.suggestion);
    }
    EXPECT_FALSE(compiled.lowered.library);
    EXPECT_FALSE(compiled.lowered.entry);
  }
}

TEST(Syntax, OfExpressions) {
  expect({
      {"", {"the text has no definition"}, "for example `swish(x) = x / (1 + exp(-x))`"},
      {"# only a comment",
       {"the text has no definition"},
       "for example `swish(x) = x / (1 + exp(-x))`"},
      {"2x", {"an operator is missing before `x`"}, "for the product write `2 * x`"},
      {"2(x + 1)", {"an operator is missing before `(`"}, "for the product write `2 * (...)`"},
      {"(x + 1)(x - 1)",
       {"an operator is missing before `(`"},
       "for the product write `(...) * (...)`"},
      {"x x", {"an operator is missing before `x`"}, "for the product write `x * x`"},
      {"1e", {"`1e` has no digits in its exponent"}, "for the product with e write `1 * e`"},
      {"1.2.3", {"`1.2.3` is not a number"}},
      {"1_000", {"`1_000` is not a number"}},
      {"0x12g", {"`0x12g` is not a hexadecimal integer"}},
      {"1e309", {"the number is beyond the largest binary64 number"}},
      {"x = 1 ? 2 : 3", {"the definition of `x` has no inputs"}, "write `x(x) = ...`"},
      {"x + 1 = 2", {"`=` defines; it does not compare"}, "to compare write `==`"},
      {"where(2 * x = 1, 2, 3)", {"`=` defines; it does not compare"}, "to compare write `==`"},
      {"1 < x < 2", {"comparisons do not chain"}, "write `1 < x and x < 2`"},
      {"0 <= x + 1 == 2", {"comparisons do not chain"}, "write `0 <= x + 1 and x + 1 == 2`"},
      {"1 < x < 2 < 3", {"comparisons do not chain"}, "write `1 < x and x < 2`"},
      {"x > 0 && x < 1 || !(x > 3)",
       {"`&&` is not an operator", "`||` is not an operator", "`!` is not an operator"},
       "write `and`"},
      {"(x + 1", {"`(` without its `)`"}},
      {"x + 1)", {"`)` without its `(`"}},
      {"exp(x", {"the call of `exp` has no `)`"}},
      {"x * * 2", {"an expression is missing before `*`"}},
      {"()", {"an expression is missing before `)`"}},
      {"max(x, )", {"an argument is missing before `)`"}},
      {"max(x,, 2)", {"an argument is missing before `,`"}},
      {"x ? 1", {"`?` without its `:`"}, "write `condition ? a : b`"},
      {"x : 1", {"`:` without its `?`"}},
      {"(x, 1)", {"`,` stands only between the arguments of a call"}},
      {"x; x",
       {"`;` stands only before the parameters of a call"},
       "items need nothing between them"},
      {"let y = 2 * y", {"`let` without its `in`"}, "write `let name = value in expression`"},
      {"let in = 2 in x",
       {"`let` needs a name, not the reserved word `in`"},
       "write `let name = value in expression`"},
      {"x in x", {"`in` without its `let`"}},
      {"x + rule", {"`rule` is a reserved word"}},
      {"x if x > 0 else 1",
       {"there is no `if`"},
       "write `condition ? a : b` or `where(condition, a, b)`"},
      {"swish(x, beta = 2)",
       {"the parameter `beta` is given before the `;`"},
       "write `swish(x; beta = ...)`"},
      {"swish(x; 2)",
       {"after `;` parameters are given by name, as `name = value`"},
       "write `swish(...; name = value)`"},
      {"np.exp(x)", {"`.` has no meaning here"}, "functions have plain names: `exp`, not `np.exp`"},
      {"x % 2", {"`%` has no meaning here"}, "the remainder is `a - b * floor(a / b)`"},
      {"x $ 2", {"`$` has no meaning here"}},
      {"x // 2",
       {"`//` is not an operator"},
       "a comment starts with `#`; the integer quotient is `floor(a / b)`"},
      {"π * x", {"`π` (U+03C0) has no meaning here"}, "write `pi`"},
      {"x ≤ 1", {"`≤` (U+2264) has no meaning here"}, "write `<=`"},
      {"x − 1", {"`−` (U+2212) has no meaning here"}, "write `-`"},
      {"x²", {"`²` (U+00B2) has no meaning here"}, "write `^2`"},
      {"f(x) = 猫",
       {"`猫` (U+732B) has no meaning here"},
       "outside comments a text is written in ASCII characters"},
  });
}

TEST(Syntax, OfItems) {
  const std::string no_function =
      "this rule would apply to everything: there is no function and no quotient on its left side";
  const std::string what_a_left_side_is =
      "a left side is a function of variables, a sum or product with one in it, as `1 + erf(u)`, "
      "or divided by a sum";
  const std::string endless = "this rule would apply to its own right side, without end";
  expect({
      {"f = x", {"the definition of `f` has no inputs"}, "write `f(x) = ...`"},
      {"f() = 2", {"`f` has no inputs"}, "write `f(x) = ...`"},
      {"f(x = 1) = x",
       {"the input `x` has a default"},
       "parameters stand after `;`, as in `f(x; x = ...)`"},
      {"f(x, learn a) = x",
       {"only a parameter is learned, not an input"},
       "write `f(x; learn a = 1) = ...`"},
      {"f(x, in) = x", {"`in` is a reserved word"}, "choose another name"},
      {"f(2) = x", {"`2` is not the name of an input"}},
      {"f(x; ) = x", {"the name of a parameter is missing before `)`"}},
      {"f(x y) = x", {"`,`, `;` or `)` is expected before `y`"}},
      {"f(x, x; x) = x",
       {"the input `x` is there already", "the parameter `x` is there already"},
       "give it another name"},
      {"f(x) = surrogate x",
       {"only a derivative can be a surrogate"},
       "write `d/dx f(...) = surrogate ...`"},
      {"rule exp(u) exp(v)",
       {"`=` is missing before `exp`"},
       "a rule is written `rule log(1 + exp(u)) = log1pexp(u)`"},
      {"rule exp(u) = log(w)",
       {"unknown name `w`"},
       "the variables of a rule are the names on its left side"},
      {"rule log(u) = exp(u) for v > 0",
       {"unknown name `v`"},
       "the variables of a rule are the names on its left side"},
      {"rule u = exp(u)", {no_function}, what_a_left_side_is},
      {"rule u * v = exp(u)", {no_function}, what_a_left_side_is},
      {"rule 1 + exp(3) = 2", {no_function}, what_a_left_side_is},
      {"rule exq(u) = log(u)", {"unknown function `exq`"}, "did you mean `exp`?"},
      {"rule log(u) = 2 * log(u)", {endless}, "write the right side with other functions"},
      {"rule tanh(u) + 1 = 1 + tanh(u)", {endless}, "write the right side with other functions"},
      {"rule tanh(u * v) = 1",
       {"a match would leave a variable undetermined"},
       "each variable must be the argument of a function, alone or with constants, or one factor "
       "of a product"},
      {"rule tanh(let v = u in v) = u",
       {"the left side of a rule has no `let`"},
       "write the value where its name stands"},
      {"rule tanh(u) = exp(u) for u",
       {"the condition of a rule is a comparison"},
       "as in `rule exp(log(u)) = u for u > 0`"},
      {"rule tanh(u) = exp(u) for unbounded(2 * u)",
       {"`unbounded` asks about one variable of the rule"},
       "as in `for unbounded(u)`"},
      {"rule tanh(u) = u for", {"the text ends where an expression is expected"}},
      {"f(x) = x f(x) = 2", {"`f` is defined twice"}, "the first definition is in line 1"},
      {"x + 1\nx + 2",
       {"the text has two expressions without a name"},
       "the first is in line 1; is an operator missing before this one?"},
      {"d/dx exp = x", {"`exp` has no inputs here"}, "write `exp(x) = ...`"},
  });
}

TEST(Syntax, AllErrorsOfATextAreFound) {
  const Compiled compiled = compile(R"(
a(x) = (x + 1
b(x) = x + * 2
c(x) = 2x + sigmod(x)
## Documented.
d(x) = x + unknown
e(x) = a(x) + b(x) + c(x) + d(x)
f(x = 1) = f2(x)
g(x) = f(x) + f(x, 2)
d/dx h(x) = 1 +
binary32 exp(x) = x ? 1 : 2
)");
  std::vector<std::uint32_t> lines;
  for (const Diagnostic& d : compiled.diagnostics) lines.push_back(d.line);
  EXPECT_EQ(lines, (std::vector<std::uint32_t>{2, 3, 4, 4, 6, 8, 10, 11, 11})) << compiled.errors();
}

TEST(Syntax, AnErrorInParenthesesDoesNotMakeItemsOfWhatFollowsInThem) {
  EXPECT_EQ(count("where(x $ 1, f(x) = 2, g(x) = 3)\nh(x) = zeta"), 2U);
  EXPECT_EQ(count("f(x) = let a = x $ 2 in let b = 3 in g(x; c = 2)"), 1U);
}

TEST(Syntax, ErrorsAreCapped) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "f" + std::to_string(i) + "(x) = zeta\n";
  const Compiled compiled = compile(text);
  ASSERT_EQ(compiled.diagnostics.size(), 101U);
  EXPECT_EQ(compiled.diagnostics.back().message, "too many errors: the others are not shown");
  EXPECT_EQ(count(repeat("$", 10'000)), 101U);
}

TEST(Meaning, OfNamesAndCalls) {
  expect({
      {"f(x) = alpha * x", {"unknown name `alpha`"}},
      {"f(alpha) = alhpa", {"unknown name `alhpa`"}, "did you mean `alpha`?"},
      {"x + zz * zz",
       {"unknown name `zz`"},
       "a bare expression has the one input `x`; for others write a definition, as `f(x, zz) = "
       "...`"},
      {"tnah(x)", {"unknown function `tnah`"}, "did you mean `tanh`?"},
      {"ln(x)", {"unknown function `ln`"}, "did you mean `log`?"},
      {"x * exp", {"`exp` is a function, not a value"}, "call it: `exp(...)`"},
      {"x(x + 1)", {"`x` is a value, not a function"}, "for the product write `x * (...)`"},
      {"pi(2)", {"`pi` is a value, not a function"}, "for the product write `pi * (...)`"},
      {"clamp(x)",
       {"`clamp` takes 3 inputs, 1 is given"},
       "it is `clamp(x, lo, hi)`: `lo` and `hi` are missing"},
      {"clamp(x, 1, 2, 3)", {"`clamp` takes 3 inputs, 4 are given"}, "it is `clamp(x, lo, hi)`"},
      {"swish(x, 2 + 1)",
       {"`swish` takes 1 input, 2 are given"},
       "parameters are given by name: `swish(x; beta = 2 + 1)`"},
      {"swish(x; bta = 2)", {"`swish` has no parameter `bta`"}, "did you mean `beta`?"},
      {"swish(x; x = 2)",
       {"`x` is an input of `swish`, not a parameter"},
       "inputs are given by position: `swish(x; beta = 1)`"},
      {"swish(x; beta = 1, beta = 2)", {"the parameter `beta` is given twice"}},
      {"threshold(x)",
       {"`threshold` needs a value for its parameters: `threshold` and `value` are missing"},
       "write `threshold(...; threshold = ..., value = ...)`"},
      {"max(x, 1, 2)",
       {"`max` takes 2 arguments, 3 are given"},
       "it is `max(a, b)`, or of a row `max(x)`"},
      {"sum(x, 1)", {"`sum` takes 1 argument, 2 are given"}, "it is `sum(x)`"},
      {"where(x > 0, 1)",
       {"`where` takes 3 arguments, 2 are given"},
       "it is `where(condition, a, b)`"},
      {"sqrt(x; a = 1)", {"`sqrt` has no parameters"}, "it is `sqrt(x)`"},
      {"x ? 1 : 2", {"a condition is expected, this is a number"}, "write `x != 0`"},
      {"where(x and x > 1, 1, 2)", {"a condition is expected, this is a number"}, "write `x != 0`"},
      {"f(x) = f(x)",
       {"`f` calls itself"},
       "a definition cannot use itself, directly or through others"},
      {"f(x) = g(x) g(x) = h(x) h(x) = f(x) k(x) = f(x)",
       {"`f` calls `g`, `g` calls `h`, `h` calls `f`"},
       "a definition cannot use itself, directly or through others"},
      {"f(x; a = x) = a",
       {"unknown name `x`"},
       "the default of a parameter is a constant, without inputs or parameters"},
      {"f(x; a = 1 / 0) = a", {"the default of `a` is not a finite number"}},
      {"f(x; a = log(-1)) = a", {"the default of `a` is not a finite number"}},
      {"f(x; a = columns) = a", {"the default of `a` is not a finite number"}},
      {"f(x; a = sum(1)) = a", {"the default of `a` is not a finite number"}},
      {"bits(x)",
       {"`bits` has no meaning over the reals, so the expression has none"},
       "only implementations (`binary32 f(x) = ...`) and what they alone use can compute so"},
  });
}

TEST(Meaning, OfDerivativesAndImplementations) {
  expect({
      {"d/dx nosuch(x) = 1", {"unknown function `nosuch`"}},
      {"d/dx sqrt(x) = 1",
       {"`sqrt` is an operation; it has its derivative and its code"},
       "define a function of another name"},
      {"f(x, y; a = 1) = x\nd/dz f(x, y) = 1",
       {"`f` has no input or parameter `z`"},
       "it is `f(x, y; a = 1)`"},
      {"f(x, y; a = 1) = x\nd/dx f(x) = 1",
       {"the inputs are not those of the definition of `f`"},
       "it is `f(x, y; a = 1)`"},
      {"f(x; a = 1) = x\nd/dx f(x; b) = 1", {"`f` has no parameter `b`"}, "it is `f(x; a = 1)`"},
      {"f(x; a = 1) = x\nd/dx f(x; a = 2) = 1",
       {"the definition of `f` gives `a` another default"},
       "leave the default to the definition: `a`"},
      {"f(x; a, b) = x\nd/dx f(x; b, a) = 1",
       {"the parameters are in another order than those of the definition"},
       "it is `f(x; a, b)`"},
      {"f(x) = x\nd/dx f(x) = 1\nd/dx f(x) = 1",
       {"a second derivative of `f` with respect to `x`"},
       "the first is in line 2"},
      {"f(x) = x\nbinary32 f(x) = x\nbinary32 f(x) = x",
       {"a second implementation of `f` for binary32"},
       "the first is in line 2"},
      {"f(x) = x - max(x)\nd/dx f(x) = 1",
       {"`f` is over a row: its derivative is derived, and it has no implementation of its own"},
       "write that of the functions of one element that it calls"},
      {"f(x) = x\nd/dx f(x) = 1 / sum(x)",
       {"a derivative that is over a row"},
       "`d/dx` is the slope of one element"},
      {"f(x) = x\nbinary32 f(x) = x / sum(x)",
       {"`sum` of a row has no place in an implementation"},
       "an implementation computes one element"},
      {"f(x) = x\nbinary32 f(x) = x / columns",
       {"`columns` has no place in an implementation"},
       "an implementation computes one element"},
      {"f(x) = x\nd/dx f(x) = bits(x)",
       {"`bits` has no meaning over the reals"},
       "only implementations (`binary32 f(x) = ...`) can use it"},
      {"f(x) = x\nbinary32 f(x) = x + binary64(x)",
       {"`+` has operands of different formats, binary32 and binary64"},
       "convert one: `binary64(x)`, or the other with `binary32(...)`"},
      {"f(x) = x\nbinary32 f(x) = x + bits(x)",
       {"`+` has operands of different formats, binary32 and int32"},
       "`to_float` and `to_integer` convert, `bits` and `from_bits` reinterpret"},
      {"f(x) = x\nbinary32 f(x) = binary64(x)",
       {"the implementation is for binary32, its value is binary64"},
       "write `binary32(...)`"},
      {"f(x) = x\nbinary32 f(x) = from_bits(bits(x) + 1.5)",
       {"the constant is not an integer; int32 is expected here"}},
      {"f(x) = x\nbinary32 f(x) = from_bits(bits(x) + 0x100000000)",
       {"the constant does not fit int32"}},
      {"f(x) = x\nbinary32 f(x) = from_bits(shift_left(bits(x), 32))",
       {"int32 is shifted by 0 to 31 bits"}},
      {"f(x) = x\nbinary32 f(x) = from_bits(x)",
       {"`from_bits` takes integers, this is binary32"},
       "`to_integer(x)` converts, `bits(x)` reinterprets"},
      {"f(x) = x\nbinary32 f(x) = sqrt(bits(x))",
       {"`sqrt` takes floats, this is int32"},
       "`to_float(i)` converts, `from_bits(i)` reinterprets"},
      {"f(x) = x\nbinary32 f(x) = exp(bits(x))",
       {"`exp` takes floats, this is int32"},
       "`to_float(i)` converts, `from_bits(i)` reinterprets"},
      {"f(x) = x\nbinary32 f(x) = real_log(x)",
       {"`real_log` has no code of its own"},
       "call `log`, which has an implementation"},
      {"f(x) = x\nbinary32 f(x) = table(to_integer(x), 1, x)",
       {"the entries of a `table` are constants"}},
      {"f(x) = x\nbinary32 f(x) = table(x, 1, 2)",
       {"`table` is indexed by an integer, not binary32"},
       "mask it: `bit_and(i, 15)`"},
      {"f(x) = x\nbinary32 f(x) = f(x)",
       {"this implementation computes `f` in binary32 with itself"},
       "an implementation cannot use itself, directly or through others"},
      {"f(x) = x\ng(x) = f(x)\nd/dx g(x) = 1\nbinary32 f(x) = g(x)",
       {"this implementation computes `f` in binary32 with itself"},
       "an implementation cannot use itself, directly or through others"},
  });
}

TEST(Meaning, AFunctionIsWrongOnceHoweverManyBuildOnIt) {
  EXPECT_EQ(
      compile("f(x) = y\ng(x) = f(x)\nh(x) = g(x) + 1\nk(x) = h(x) * g(x)").diagnostics.size(), 1U);
}

TEST(Meaning, AHelperIsWrongOnceHoweverOftenItIsUsed) {
  EXPECT_EQ(count("h(x) = sqrt(bits(x))\nf(x) = x\nbinary32 f(x) = h(x) + h(x + 1)"), 1U);
}

TEST(Meaning, AnImplementationMayUseAnotherFormat) {
  EXPECT_EQ(errors("f(x) = x\nbinary32 f(x) = binary32(f(binary64(x)))"), "");
  EXPECT_EQ(errors("f(x) = x\nbinary32 f(x) = binary32(f(binary64(x)))\nbinary64 f(x) = x"), "");
}

}  // namespace
}  // namespace actc::frontend
