// What emitted texts look like, and that their languages accept them.
#include <gtest/gtest.h>

#include <string>

#include "emit_support.h"
#include "run_program.h"
#include "runtime/actc.h"

namespace actc {
namespace {

using testing::TemporaryFolder;

TEST(Emitted, NamesThatALanguageHasTakenAreChanged) {
  const TemporaryFolder folder;
  const Function f =
      compile(
          "## Ends with a backslash \\\n"
          "new(lambda, np; double = 2, sin = 1, erf = 3) = lambda * double + sin * erf(np) * erf")
          .entry();
  testing::write_file(folder / "a.c", f.emit(Language::c));
  testing::write_file(folder / "a.py", f.emit(Language::python));
  testing::write_file(folder / "a.js",
                      "\"use strict\";\n" + f.emit(Language::javascript) +
                          "if (!(new_(1, 0.5) > 3.56 && new_(1, 0.5) < 3.57)) throw 1;\n");
  const auto c = test::shell("cc -std=c11 -Wall -Wextra -Werror -c -o " + (folder / "a.o") + " " +
                             (folder / "a.c"));
  EXPECT_EQ(c.exit_code, 0) << c.errors;
  const auto python = test::shell(test::numpy(folder / "a.py"));
  EXPECT_EQ(python.exit_code, 0) << python.errors;
  const auto javascript = test::shell(test::node(folder / "a.js"));
  EXPECT_EQ(javascript.exit_code, 0) << javascript.errors;
}

TEST(Emitted, FixedParametersAreConstants) {
  const Function swish = builtin("swish");
  const KernelOptions fixed = {.fixed = {{"beta", 1.5}}};
  EXPECT_NE(swish.emit(Language::javascript, fixed).find("sigmoid(1.5 * x)"), std::string::npos);
  EXPECT_NE(swish.emit(Language::latex, fixed).find("\\sigma(1.5 \\, x)"), std::string::npos);
  EXPECT_NE(swish.emit(Language::c, fixed).find("float swish(float x) {"), std::string::npos);
  EXPECT_THROW(swish.emit(Language::c, {.fixed = {{"gamma", 1}}}), Error);
}

TEST(Emitted, WhatALanguageCannotSayIsAnError) {
  EXPECT_THROW(builtin("softmax").emit(Language::c), Error);
  EXPECT_THROW(builtin("softmax").emit(Language::javascript), Error);
  EXPECT_THROW(builtin("dropout").emit(Language::python), Error);
  EXPECT_NO_THROW(builtin("dropout").emit(Language::latex));
}

TEST(EmittedMathML, IsWellFormed) {
  const TemporaryFolder folder;
  std::string pages = "<all>";
  for (const Function& f : standard_library().functions()) pages += f.emit(Language::mathml);
  for (const Function& f : compile(test::typed_definitions).functions())
    pages += f.emit(Language::mathml);
  testing::write_file(folder / "all.xml", pages + "</all>");
  // Of the elements that take a number of arguments each has it.
  testing::write_file(folder / "check.py", R"(import sys
import xml.etree.ElementTree as tree
counts = {'mfrac': 2, 'msup': 2, 'msub': 2, 'munder': 2}
seen = 0
for e in tree.parse(sys.argv[1]).iter():
    name = e.tag.rsplit('}')[-1]
    if name in counts:
        assert len(e) == counts[name], tree.tostring(e)
    if name in ('mi', 'mn', 'mo', 'mtext'):
        assert e.text and len(e) == 0, tree.tostring(e)
    seen += name == 'math'
assert seen > 150, seen
)");
  const auto run = test::shell(
      "command -v python3 > /dev/null || { echo 'no python3: install it' >&2; exit 1; }; "
      "python3 " +
      (folder / "check.py") + " " + (folder / "all.xml"));
  EXPECT_EQ(run.exit_code, 0) << run.errors;
}

TEST(EmittedLaTeX, IsBalanced) {
  const auto count = [](const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
      ++found;
    return found;
  };
  for (const Function& f : standard_library().functions()) {
    const std::string text = f.emit(Language::latex);
    EXPECT_EQ(count(text, "{"), count(text, "}")) << text;
    EXPECT_EQ(count(text, "("), count(text, ")")) << text;
    EXPECT_EQ(count(text, "\\left"), count(text, "\\right")) << text;
    EXPECT_EQ(count(text, "\\begin"), count(text, "\\end")) << text;
    EXPECT_EQ(text.find("real_"), std::string::npos) << text;
  }
}

TEST(EmittedLaTeX, LooksAsAPersonWouldWriteIt) {
  EXPECT_EQ(builtin("relu").emit(Language::latex), R"(\begin{aligned}
\operatorname{relu}(x) &= \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases} \\
\operatorname{relu}'(x) &= \begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}
\end{aligned}
)");
  EXPECT_EQ(builtin("silu").emit(Language::latex), R"(\begin{aligned}
\operatorname{silu}(x) &= x \, \sigma(x) \\
\operatorname{silu}'(x) &= \sigma(x) + x \, \sigma'(x)
\end{aligned}
)");
  EXPECT_EQ(builtin("mish").emit(Language::latex), R"(\begin{aligned}
\operatorname{mish}(x) &= x \, \tanh\left(\ln\left(1 + e^{x}\right)\right) \\
\operatorname{mish}'(x) &= \tanh\left(\ln\left(1 + e^{x}\right)\right) + x \, \operatorname{sech}^{2}\left(\ln\left(1 + e^{x}\right)\right) \, \sigma(x)
\end{aligned}
)");
  EXPECT_EQ(builtin("softmax").emit(Language::latex), R"(\begin{aligned}
\operatorname{softmax}(x)_{i} &= \begin{cases} \frac{e^{x_{i} - t}}{\sum_{j} e^{x_{j} - t}} & \text{if } t > -\infty \\ 0 & \text{otherwise} \end{cases} \\
&\quad \text{where } t = \max_{j} x_{j} \\
\frac{\partial L}{\partial x_{i}} &= \begin{cases} \frac{e^{x_{i} - t}}{u} \, \left(g_{i} - \sum_{j} g_{j} \, \frac{e^{x_{j} - t}}{u}\right) & \text{if } t > -\infty \\ 0 & \text{otherwise} \end{cases} \\
&\quad \text{where } t = \max_{j} x_{j} \\
&\quad \text{and } u = \sum_{j} e^{x_{j} - t} \\
&\quad \text{and } g_{i} = \frac{\partial L}{\partial \operatorname{softmax}(x)_{i}}
\end{aligned}
)");
  const Function mixed = compile(
                             "f(x; alpha, w1) = -x^2 / 2 + 1e-30 * sqrt(alpha) - "
                             "w1 * (x - 1/3)^1.5 * sin(x)^2")
                             .entry();
  EXPECT_NE(
      mixed.emit(Language::latex)
          .find("f(x; \\alpha, w_{1}) &= -0.5 \\, x^{2} + 10^{-30} \\, \\sqrt{\\alpha} - w_{1} "
                "\\, \\left(x - \\frac{1}{3}\\right)^{1.5} \\, \\sin^{2}(x) \\\\\n"
                "\\frac{\\partial}{\\partial x} f(x; \\alpha, w_{1}) &="),
      std::string::npos)
      << mixed.emit(Language::latex);
}

TEST(EmittedMathML, HasOneElementALine) {
  EXPECT_EQ(
      builtin("relu").emit(Language::mathml),
      R"(<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow><mi>relu</mi><mo>&#x2061;</mo><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow><mo>=</mo><mrow><mo>{</mo><mtable><mtr><mtd><mi>x</mi></mtd><mtd><mtext>if&#xA0;</mtext><mi>x</mi><mo>&gt;</mo><mn>0</mn></mtd></mtr><mtr><mtd><mn>0</mn></mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow></mrow></math>
<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow><mi>relu</mi><mo lspace="0" rspace="0">&#x2032;</mo><mo>&#x2061;</mo><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow><mo>=</mo><mrow><mo>{</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mtext>if&#xA0;</mtext><mi>x</mi><mo>&gt;</mo><mn>0</mn></mtd></mtr><mtr><mtd><mn>0</mn></mtd><mtd><mtext>otherwise</mtext></mtd></mtr></mtable></mrow></mrow></math>
)");
}

TEST(EmittedNumPy, ReadsAsNumPyIsWritten) {
  EXPECT_EQ(builtin("relu").emit(Language::python),
            R"(# relu: Rectified linear unit (Nair and Hinton, 2010).
# y = where(x > 0, x, 0)
import numpy as np


def relu(x):
    """Rectified linear unit (Nair and Hinton, 2010)."""
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        return np.where(x <= 0, 0.0, x)


def relu_grad(x):
    """The derivative with respect to x."""
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        return np.where(x > 0, 1.0, 0.0)
)");
  EXPECT_EQ(builtin("mish").emit(Language::python), R"(# mish: Mish (Misra, 2019).
# y = x * tanh(log1pexp(x))
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def log1pexp(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def mish(x):
    """Mish (Misra, 2019)."""
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        return np.maximum(-1e307, x) * np.tanh(log1pexp(x))


def mish_grad(x):
    """The derivative with respect to x."""
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        t1 = log1pexp(x)
        t2 = np.maximum(-1e307, np.minimum(1e307, x)) * (4 * sigmoid(2 * t1) * sigmoid(-2 * t1) * sigmoid(x))
        return np.tanh(t1) + t2
)");
}

TEST(EmittedJavaScript, IsPlainFunctions) {
  EXPECT_EQ(builtin("swish").emit(Language::javascript),
            R"(// swish: Sigmoid linear unit with a slope (Ramachandran et al., 2017).
// y = x * sigmoid(beta * x)
function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}
function swish(x, beta = 1) {
  return Math.max(-1e307, x) * sigmoid(beta * x);
}
function swish_grad(x, beta = 1) {
  const t1 = beta * x;
  const t2 = sigmoid(t1);
  return t2 + Math.max(-1e307, Math.min(1e307, t1)) * (t2 * sigmoid(-t1));
}
)");
}

}  // namespace
}  // namespace actc
