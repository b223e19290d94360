// Texts to trees: numbers, precedence, items, and the limits on a text.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "frontend/names.h"
#include "frontend/number.h"
#include "frontend_support.h"

namespace actc::frontend {
namespace {

// A tree as nested lists; for shallow ones.
std::string shape(const SyntaxTree& tree, ExprId id) {
  const Expr& expr = tree.expressions[id];
  const auto child = [&](ExprId c) { return " " + shape(tree, c); };
  if (const auto* number = std::get_if<NumberExpr>(&expr.form)) return number->value.str();
  if (const auto* name = std::get_if<NameExpr>(&expr.form)) return name->name;
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.form)) {
    return "(" + std::string(ir::info(unary->op).name) + child(unary->operand) + ")";
  }
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.form)) {
    const bool power = binary->op == ir::Operation::RealPow;
    return "(" + (power ? std::string("^") : std::string(ir::info(binary->op).name)) +
           child(binary->left) + child(binary->right) + ")";
  }
  if (const auto* choice = std::get_if<ConditionalExpr>(&expr.form)) {
    return "(?" + child(choice->condition) + child(choice->then) + child(choice->otherwise) + ")";
  }
  if (const auto* let = std::get_if<LetExpr>(&expr.form)) {
    return "(let " + let->name + child(let->value) + child(let->body) + ")";
  }
  const auto& call = std::get<CallExpr>(expr.form);
  std::string text = "(" + call.callee;
  for (const ExprId argument : call.arguments) text += child(argument);
  for (const NamedArgument& argument : call.named)
    text += " " + argument.name + "=" + shape(tree, argument.value);
  return text + ")";
}

SyntaxTree tree_of(std::string_view text) {
  std::vector<Diagnostic> diagnostics;
  SyntaxTree tree = parse(text, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << text << ": " << diagnostics.front().message;
  return tree;
}

std::string shape(std::string_view text) {
  const SyntaxTree tree = tree_of(text);
  if (tree.items.size() != 1) return "not one item";
  return shape(tree, head_of(tree.items[0]).body);
}

TEST(Precedence, FollowsTheTableOfTheLanguage) {
  EXPECT_EQ(shape("a + b * c"), "(+ a (* b c))");
  EXPECT_EQ(shape("a - b - c"), "(- (- a b) c)");
  EXPECT_EQ(shape("a / b * c"), "(* (/ a b) c)");
  EXPECT_EQ(shape("(a + b) * c"), "(* (+ a b) c)");
  EXPECT_EQ(shape("a < b + 1"), "(< a (+ b 1))");
  EXPECT_EQ(shape("not a < b"), "(not (< a b))");
  EXPECT_EQ(shape("a and b or c and d"), "(or (and a b) (and c d))");
  EXPECT_EQ(shape("not a and b"), "(and (not a) b)");
  EXPECT_EQ(shape("a == b ? c : d"), "(? (== a b) c d)");
  EXPECT_EQ(shape("a or b ? c : d"), "(? (or a b) c d)");
}

TEST(Precedence, SignsBindLessThanPowers) {
  EXPECT_EQ(shape("-x^2"), "(neg (^ x 2))");
  EXPECT_EQ(shape("2^-x"), "(^ 2 (neg x))");
  EXPECT_EQ(shape("2^-x^2"), "(^ 2 (neg (^ x 2)))");
  EXPECT_EQ(shape("2^-x * y"), "(* (^ 2 (neg x)) y)");
  EXPECT_EQ(shape("-a * b"), "(* (neg a) b)");
  EXPECT_EQ(shape("a * -b"), "(* a (neg b))");
  EXPECT_EQ(shape("- - a"), "(neg (neg a))");
  EXPECT_EQ(shape("+a - +b"), "(- a b)");
}

TEST(Precedence, PowersAndChoicesGroupToTheRight) {
  EXPECT_EQ(shape("a^b^c"), "(^ a (^ b c))");
  EXPECT_EQ(shape("a**b^c"), "(^ a (^ b c))");
  EXPECT_EQ(shape("a ? b : c ? d : f"), "(? a b (? c d f))");
  EXPECT_EQ(shape("a ? b ? c : d : f"), "(? a (? b c d) f)");
}

TEST(Precedence, LetGoesAsFarAsItCan) {
  EXPECT_EQ(shape("let v = a in v + 1"), "(let v a (+ v 1))");
  EXPECT_EQ(shape("a + let v = b in v * 2 + c"), "(+ a (let v b (+ (* v 2) c)))");
  EXPECT_EQ(shape("let v = let w = a in w in v ? v : a"), "(let v (let w a w) (? v v a))");
  EXPECT_EQ(shape("a ? let v = b in v : c"), "(? a (let v b v) c)");
  EXPECT_EQ(shape("(let v = a in v) + 1"), "(+ (let v a v) 1)");
}

TEST(Calls, TakeArgumentsByPositionAndParametersByName) {
  EXPECT_EQ(shape("f(a, b + 1; p = 2, q = c ? 1 : 2)"), "(f a (+ b 1) p=2 q=(? c 1 2))");
  EXPECT_EQ(shape("f(; p = 2)"), "(f p=2)");
  EXPECT_EQ(shape("f(g(x), (x))"), "(f (g x) x)");
}

TEST(Words, NeedABoundary) {
  EXPECT_EQ(shape("inner + lettuce * android"), "(+ inner (* lettuce android))");
  EXPECT_EQ(shape("notx"), "notx");
  EXPECT_EQ(shape("not(x)"), "(not x)");
  EXPECT_EQ(shape("a and(b)"), "(and a b)");
}

TEST(Numbers, AreExactDecimals) {
  const auto read = [](std::string_view text) { return read_number(text).value.str(); };
  EXPECT_EQ(read("2"), "2");
  EXPECT_EQ(read("2."), "2");
  EXPECT_EQ(read(".5"), "1/2");
  EXPECT_EQ(read("0.1"), "1/10");
  EXPECT_EQ(read("1e-3"), "1/1000");
  EXPECT_EQ(read("12.50E+1"), "125");
  EXPECT_EQ(read("00012"), "12");
  EXPECT_EQ(read("0x3f800000"), "1065353216");
  EXPECT_EQ(read("0XffffffffFFFFFFFF"), "18446744073709551615");
  EXPECT_EQ(read("0.000"), "0");
  EXPECT_EQ(read("0e999999999999999999999"), "0");
  EXPECT_EQ(read("9007199254740993"), "9007199254740993");  // no binary64 number
}

TEST(Numbers, HaveARange) {
  EXPECT_EQ(read_number("1.7976931348623157e308").error, "");
  EXPECT_EQ(read_number("179769313486231570e291").error, "");
  EXPECT_EQ(read_number("1.7976931348623158e308").error,
            "the number is beyond the largest binary64 number");
  EXPECT_EQ(read_number("1e309").error, "the number is beyond the largest binary64 number");
  EXPECT_EQ(read_number("1e99999999999999999999").error,
            "the number is beyond the largest binary64 number");
  EXPECT_EQ(read_number("1e9223372036854775807").error,
            "the number is beyond the largest binary64 number");
  EXPECT_EQ(read_number("1e-400").error, "");
  EXPECT_EQ(read_number("0.9999e-400").error, "a number other than 0 is at least 1e-400");
  EXPECT_EQ(read_number("1e-99999999999999999999").error,
            "a number other than 0 is at least 1e-400");
  EXPECT_EQ(read_number("0x10000000000000000").error, "a hexadecimal number has at most 64 bits");
}

TEST(Numbers, HaveAtMostSoManyDigits) {
  const std::string most = "0." + repeat("7", max_number_digits);
  EXPECT_EQ(read_number(most).error, "");
  EXPECT_EQ(read_number(most + "7").error, "a number has at most 1100 digits");
  EXPECT_EQ(read_number(repeat("0", 50'000) + "1." + repeat("0", 50'000)).value, 1);
}

TEST(Items, EndWhereTheNextBegins) {
  const SyntaxTree tree = tree_of(R"(
## First line.
##   Second line.
f(x; a = 1, learn b = sqrt(2) / 2, c) = x * a # comment
d/dx f(x) = surrogate 1 binary32 f(x; a) = x
g(x, y) = x + y d/dy g(x, y) = 1
g(x, x)
)");
  ASSERT_EQ(tree.items.size(), 6U);
  const auto& f = std::get<DefinitionItem>(tree.items[0]).head;
  EXPECT_EQ(f.name, "f");
  EXPECT_EQ(f.documentation, "First line.\n  Second line.");
  ASSERT_EQ(f.parameters.size(), 3U);
  EXPECT_FALSE(f.parameters[0].learned);
  EXPECT_TRUE(f.parameters[1].learned);
  EXPECT_EQ(shape(tree, *f.parameters[1].default_value), "(/ (sqrt 2) 2)");
  EXPECT_FALSE(f.parameters[2].default_value);
  const auto& df = std::get<DerivativeItem>(tree.items[1]);
  EXPECT_EQ(df.variable, "x");
  EXPECT_TRUE(df.surrogate);
  EXPECT_EQ(std::get<ImplementationItem>(tree.items[2]).format, ir::Format::binary32);
  EXPECT_EQ(std::get<DerivativeItem>(tree.items[4]).variable, "y");
  const auto& bare = std::get<DefinitionItem>(tree.items[5]).head;
  EXPECT_EQ(bare.name, "");
  ASSERT_EQ(bare.inputs.size(), 1U);
  EXPECT_EQ(bare.inputs[0].name, "x");
}

TEST(Items, AQuotientOfNamesInDIsNoDerivative) { EXPECT_EQ(shape("d/dx * x"), "(* (/ d dx) x)"); }

TEST(Items, ReadTheSourceAsUtf8InCommentsAndDocumentation) {
  const SyntaxTree tree = tree_of("\xef\xbb\xbf## Größe π\r\nf(x) = x # ≤ ok\r\n");
  ASSERT_EQ(tree.items.size(), 1U);
  EXPECT_EQ(head_of(tree.items[0]).documentation, "Größe π");
}

TEST(Items, AreNotCutByDocumentationWithinParentheses) {
  EXPECT_EQ(shape("f(x) = (x +\n## why\n1\n## how\n)"), "(+ x 1)");
}

TEST(Tree, AsText) {
  EXPECT_EQ(to_text(tree_of(
                "f(x; a = 2) = x > 0 ? -g(x; b = a) : let v = x in v^2\nd/dx f(x) = surrogate 1")),
            R"(definition f
  input x
  parameter a
    number 2
  ?:
    >
      name x
      number 0
    neg
      call g
        name x
        b = name a
    let v
      name x
      ^
        name v
        number 2
derivative x of f surrogate
  input x
  number 1
)");
}

TEST(NearestName, IsFoundAmongMisspellings) {
  const std::vector<std::string_view> names = {"sigmoid", "tanh", "max", "log", "x", "beta"};
  EXPECT_EQ(nearest_name("sigmod", names), "sigmoid");
  EXPECT_EQ(nearest_name("tnah", names), "tanh");
  EXPECT_EQ(nearest_name("Sigmoid", names), "sigmoid");
  EXPECT_EQ(nearest_name("maximum", names), "max");
  EXPECT_EQ(nearest_name("ln", names), "log");
  EXPECT_EQ(nearest_name("y", names), std::nullopt);
  EXPECT_EQ(nearest_name("gelu", names), std::nullopt);
  EXPECT_EQ(edit_distance("tanh", "tnah"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

// Each kind of nesting, as deep as it may be and one deeper. Every text means x where x = 1.
struct Nest {
  std::string_view name;
  std::string_view before, open, middle, close, after;
  std::size_t already = 0;  // levels around it
};

const Nest nests[] = {
    {"parentheses", "", "(", "x", ")", ""},
    {"minus", "abs(", "-", "x", "", ")", 1},
    {"plus", "", "+", "x", "", ""},
    {"not", "where(", "not ", "x > 0 or x <= 0", "", ", x, x)", 1},
    {"power", "x", "^", "1", "", ""},
    {"power, spelled out", "", "x^", "1", "", ""},
    {"call", "", "abs(", "x", ")", ""},
    {"function", "", "clamp(", "x", ", 0, 2)", ""},
    {"parameter", "swish(0; beta = ", "clamp(", "x", ", 0, 2)", ") + x", 1},
    {"where", "", "where(x > 0, x, ", "x", ")", ""},
    {"condition of where", "where(", "where(", "x > 0", ", x > 0, x < 0)", ", x, 2)", 1},
    {"let body", "", "let a = x in ", "a", "", ""},
    {"let value", "", "let a = ", "x", " in a", ""},
    {"else", "", "x > 0 ? x : ", "x", "", ""},
    {"then", "", "x > 0 ? ", "x", " : 3", ""},
    {"sums in parentheses", "", "(0 + 1 * ", "x", ")", ""},
};

std::string nested(const Nest& nest, std::size_t levels) {
  std::string text(nest.before);
  const bool chain = nest.name == "power";  // x^1^1: the exponent repeats
  for (std::size_t i = 0; i < levels; ++i) text += chain && i > 0 ? "1^" : nest.open;
  text += nest.middle;
  for (std::size_t i = 0; i < levels; ++i) text += nest.close;
  return text += nest.after;
}

TEST(Limits, TheDeepestNestingCompilesOnASmallStack) {
  for (const Nest& nest : nests) {
    SCOPED_TRACE(nest.name);
    const std::string text = nested(nest, max_nesting - nest.already);
    on_small_stack([&] {
      const Compiled compiled = compile(text);
      ASSERT_EQ(compiled.errors(), "");
      EXPECT_EQ(value(compiled, compiled.entry().meaning, {1.0}), 1.0);
      EXPECT_NE(to_text(compiled.tree), "");
    });
  }
}

TEST(Limits, OneLevelDeeperIsAnErrorWithItsPlace) {
  for (const Nest& nest : nests) {
    SCOPED_TRACE(nest.name);
    const std::string text = nested(nest, max_nesting - nest.already + 1);
    on_small_stack([&] {
      const Compiled compiled = compile(text);
      ASSERT_EQ(compiled.diagnostics.size(), 1U) << compiled.errors();
      EXPECT_EQ(compiled.diagnostics[0].message, "the expression nests deeper than 1000");
      EXPECT_GT(compiled.diagnostics[0].column, max_nesting);
      EXPECT_FALSE(compiled.lowered.library);
    });
  }
}

TEST(Limits, AMillionLevelsAreRefusedQuickly) {
  const auto start = std::chrono::steady_clock::now();
  for (const Nest& nest : nests) {
    SCOPED_TRACE(nest.name);
    on_small_stack([&] {
      for (const std::size_t levels : {std::size_t{15'000}, std::size_t{1'000'000}}) {
        const Compiled compiled = compile(nested(nest, levels));
        EXPECT_EQ(compiled.diagnostics.size(), 1U) << compiled.diagnostics[1].message;
        EXPECT_TRUE(has_errors(compiled.diagnostics));
      }
    });
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(Limits, AListIsNotNesting) {
  on_small_stack([] {
    EXPECT_EQ(value("x" + repeat(" + x", 15'000), {1.0}), 15'001.0);
    EXPECT_EQ(value("x" + repeat(" * x / x", 5'000), {1.0}), 1.0);
    EXPECT_EQ(value("where(x > 0" + repeat(" and x > 0", 15'000) + ", x, 2)", {1.0}), 1.0);
  });
}

TEST(Limits, OnTheBytesOfASource) {
  std::string text = "x #";
  text.resize(max_source_bytes, ' ');
  EXPECT_EQ(errors(text), "");
  const Compiled compiled = compile(text + " ");
  ASSERT_EQ(compiled.diagnostics.size(), 1U);
  EXPECT_EQ(compiled.diagnostics[0].message,
            "the text is 262145 bytes long; at most 262144 are read");
  EXPECT_EQ(compiled.diagnostics[0].span.begin, max_source_bytes);
}

TEST(Limits, OnDefinitions) {
  std::string text;
  for (std::size_t i = 0; i < max_definitions; ++i) text += "f" + std::to_string(i) + "(x) = x\n";
  EXPECT_EQ(errors(text), "");
  const Compiled compiled = compile(text + "x");
  ASSERT_EQ(compiled.diagnostics.size(), 1U);
  EXPECT_EQ(compiled.diagnostics[0].message, "the text has more than 1000 definitions");
  EXPECT_EQ(compiled.diagnostics[0].line, max_definitions + 1);
}

}  // namespace
}  // namespace actc::frontend
