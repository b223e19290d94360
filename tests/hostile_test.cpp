// Texts at the limits and past them, through the public interface: each becomes a kernel whose
// values are right, or an error with its place, within two seconds and 1 GiB, on a thread with a
// stack of 1 MiB. The front end's own tests have the messages; these have the whole way.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>

#include <array>
#include <cmath>
#include <ctime>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/frontend.h"
#include "runtime/actc.h"

namespace actc {
namespace {

using frontend::max_nesting;
using frontend::max_source_bytes;

// The budgets are the release build's; sanitizers cost a multiple.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr bool has_budgets = false;
#else
constexpr bool has_budgets = true;
#endif
constexpr double budget_seconds = 2;

void on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, std::size_t{1} << 20), 0);
  pthread_t thread{};
  const auto start = [](void* p) -> void* {
    (*static_cast<std::function<void()>*>(p))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, start, &work), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

class Hostile : public testing::Test {
 protected:
  static void SetUpTestSuite() { builtin("relu").kernel<float>(); }  // LLVM and the library, once

  // Everything that follows, until the end of the test, is `what` and has two seconds of the
  // processor: what other programs take does not count.
  class Clock {
   public:
    explicit Clock(std::string what) : what_(std::move(what)) {}
    ~Clock() {
      const double took = static_cast<double>(std::clock() - start_) / CLOCKS_PER_SEC;
      if (has_budgets) {
        EXPECT_LT(took, budget_seconds) << what_;
      }
      rusage usage{};
      getrusage(RUSAGE_SELF, &usage);
      if (has_budgets) {
        EXPECT_LT(usage.ru_maxrss, 1L << 20) << what_;
      }  // in KiB
    }
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;

   private:
    std::string what_;
    std::clock_t start_ = std::clock();
  };
};

std::string repeat(std::string_view part, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += part;
  return text;
}

// joined(3, " + ", f) is f(0) + f(1) + f(2).
std::string joined(std::size_t count, std::string_view between, auto term) {
  std::string text;
  for (std::size_t k = 0; k < count; ++k) {
    if (k != 0) text += between;
    text += term(std::to_string(k));
  }
  return text;
}

template <class T>
struct Point {
  T y;
  T slope;
};

template <class T>
Point<T> at(const Kernel<T>& kernel, T x) {
  const std::array in = {x};
  const std::array one = {T(1)};
  std::array<T, 1> y{};
  std::array<T, 1> dx{};
  kernel.forward(in, y);
  kernel.backward(in, one, dx);
  return {y[0], dx[0]};
}

// Each kind of nesting; each means x where x is 1, with the slope that is given.
struct Nest {
  std::string_view name;
  std::string_view before, open, middle, close, after;
  std::size_t already = 0;  // levels that stand around it
  double slope = 1;
};

constexpr double infinity = std::numeric_limits<double>::infinity();

const Nest nests[] = {
    {"parentheses", "", "(", "x", ")", ""},
    {"minus", "abs(", "-", "x", "", ")", 1},
    {"plus", "", "+", "x", "", ""},
    {"squares", "", "(", "x", ")^2", "", 0, infinity},  // 2^1000, in binary32
    {"powers of one", "x^1", "^1", "", "", "", 1},
    {"not", "where(", "not ", "x > 0 or x <= 0", "", ", x, x)", 1},
    {"call", "", "abs(", "x", ")", ""},
    {"function", "", "clamp(", "x", ", 0, 2)", ""},
    {"parameter", "swish(0; beta = ", "clamp(", "x", ", 0, 2)", ") + x", 1},
    {"where", "", "where(x > 0, x, ", "x", ")", ""},
    {"where, first branch", "", "where(x > 0, ", "x", ", 3)", ""},
    {"condition of where", "where(", "where(", "x > 0", ", x > 0, x < 0)", ", x, 2)", 1},
    {"let body", "", "let a = x in ", "a", "", ""},
    {"let value", "", "let a = ", "x", " in a", ""},
    {"else", "", "x > 0 ? x : ", "x", "", ""},
    {"then", "", "x > 0 ? ", "x", " : 3", ""},
    {"sums in parentheses", "", "(0 + 1 * ", "x", ")", ""},
};

std::string nested(const Nest& nest, std::size_t levels) {
  std::string text(nest.before);
  text += repeat(nest.open, levels);
  text += nest.middle;
  text += repeat(nest.close, levels);
  return text += nest.after;
}

TEST_F(Hostile, TheDeepestNestingHasForwardAndGradientOnASmallStack) {
  for (const Nest& nest : nests) {
    SCOPED_TRACE(nest.name);
    on_small_stack([&] {
      const Clock clock{std::string(nest.name)};
      const Result<Module> module = try_compile(nested(nest, max_nesting - nest.already));
      ASSERT_TRUE(module) << render(module.diagnostics()[0]);
      const Result<Kernel<float>> kernel = module->entry().try_kernel<float>();
      ASSERT_TRUE(kernel) << render(kernel.diagnostics()[0]);
      const Point<float> p = at(*kernel, 1.0f);
      EXPECT_EQ(p.y, 1.0f);
      EXPECT_EQ(p.slope, static_cast<float>(nest.slope));
      EXPECT_EQ(module->entry().evaluate(std::array{1.0}), 1.0);
    });
  }
}

TEST_F(Hostile, OneLevelDeeperIsRefusedWithItsPlace) {
  for (const Nest& nest : nests) {
    SCOPED_TRACE(nest.name);
    const Clock clock{std::string(nest.name)};
    const Result<Module> module = try_compile(nested(nest, max_nesting - nest.already + 1));
    ASSERT_FALSE(module);
    ASSERT_EQ(module.diagnostics().size(), 1u);
    EXPECT_EQ(module.diagnostics()[0].message, "the expression nests deeper than 1000");
    EXPECT_EQ(module.diagnostics()[0].line, 1u);
    EXPECT_GT(module.diagnostics()[0].column, max_nesting);
  }
}

TEST_F(Hostile, AMillionLevelsAreRefusedWithTheirPlace) {
  for (const Nest& nest : nests) {
    SCOPED_TRACE(nest.name);
    const std::size_t fitting = max_source_bytes / (nest.open.size() + nest.close.size()) - 100;
    for (const std::size_t levels : {fitting, std::size_t{1'000'000}}) {
      const std::string text = nested(nest, levels);
      on_small_stack([&] {
        const Clock clock{std::string(nest.name)};
        const Result<Module> module = try_compile(text);
        ASSERT_FALSE(module);
        EXPECT_GE(module.diagnostics()[0].line, 1u);
      });
    }
  }
}

// A tower's value is what its format makes of it: a constant exponent past the largest number is
// inf, as it is for whoever types it into NumPy.
TEST_F(Hostile, PowersOfPowersOverflowToInf) {
  const auto kernel = [](const std::string& text) { return compile(text).entry().kernel<float>(); };
  EXPECT_EQ(at(kernel("x^2^2^2"), 1.5f).y, std::pow(1.5f, 16.0f));
  for (const std::size_t twos : {6, 9, 12}) {
    const Clock clock("tower of " + std::to_string(twos));
    const Kernel<float> tower = kernel("x" + repeat("^2", twos));
    EXPECT_EQ(at(tower, 0.5f).y, 0.0f);
    EXPECT_EQ(at(tower, 1.0f).y, 1.0f);
    EXPECT_EQ(at(tower, 2.0f).y, std::numeric_limits<float>::infinity());
  }
  on_small_stack([] {
    const Clock clock("a tower of constants at the limit of nesting");
    const Result<Module> module = try_compile("x" + repeat("^2", max_nesting));
    ASSERT_TRUE(module);
    const Result<Kernel<float>> tower = module->entry().try_kernel<float>();
    if (tower) {
      EXPECT_EQ(at(*tower, 2.0f).y, std::numeric_limits<float>::infinity());
    } else {
      EXPECT_NE(tower.diagnostics()[0].message.find("operations"), std::string::npos);
    }
  });
}

// Formulas that are wide, deep or of a derivative that grows: a kernel or an error at the
// definition, never more than the budget.
struct Large {
  std::string name;
  std::string text;
  bool must_compile = false;
};

std::vector<Large> large_formulas() {
  std::vector<Large> all;
  const auto sum = [&](const std::string& name, std::size_t terms, auto term,
                       bool must_compile = false) {
    all.push_back(
        {name + ", " + std::to_string(terms) + " terms", joined(terms, " + ", term), must_compile});
  };
  using S = const std::string&;
  for (const std::size_t n : {1'000, 3'000}) {
    sum("products", n, [](S k) { return "x * " + k + ".5"; }, true);
    sum("x", 3 * n, [](S) { return std::string("x"); }, true);
    sum("quotients", n, [](S k) { return "1 / (x + " + k + ")"; });
    sum("roots", n, [](S k) { return "sqrt(abs(x) + " + k + ")"; });
  }
  for (const std::size_t n : {10, 100, 2'000}) {
    sum("gated exponentials", n, [](S k) { return "where(x > " + k + ", exp(x), 0)"; }, n <= 100);
    sum("gates", n, [](S k) { return "where(x > " + k + ", x * " + k + ", 0)"; }, n <= 100);
    sum("booleans", n, [](S k) { return "(x > " + k + ") * x"; }, n <= 100);
  }
  for (const std::size_t n : {50, 150, 300, 1'000}) {
    sum("tanh", n, [](S k) { return "tanh(x * " + k + ".5)"; }, n <= 100);
    sum("sin", n, [](S k) { return "sin(x * " + k + ".5)"; }, n <= 50);
    sum("powers", n, [](S k) { return "x^" + k + ".5"; }, n <= 100);
    sum("integer powers", n, [](S k) { return "x^" + k; }, n <= 50);
    sum("pow", n, [](S k) { return "pow(x, x + " + k + ")"; });
  }
  for (const std::size_t n : {10, 40, 1'000}) {
    all.push_back({"a product of selections, " + std::to_string(n),
                   joined(n, " * ", [](S k) { return "where(x > " + k + ", x + " + k + ", 2)"; }),
                   n <= 40});
    all.push_back({"a product, " + std::to_string(n),
                   joined(n, " * ", [](S k) { return "(x + " + k + ")"; }), true});
  }
  for (const std::size_t n : {8, 20, 900}) {
    const std::string depth = std::to_string(n) + " deep";
    all.push_back({"tanh, " + depth, repeat("tanh(0.9 * ", n) + "x" + repeat(")", n), n <= 20});
    all.push_back({"exp, " + depth, repeat("exp(-", n / 2) + "x" + repeat(")", n / 2), n <= 20});
    all.push_back({"mish, " + depth, repeat("mish(", n) + "x" + repeat(")", n), n <= 8});
    all.push_back({"max, " + depth,
                   repeat("max(x, ", n) + "x" + joined(n, "", [](S k) { return " - " + k + ")"; }),
                   n <= 8});
    all.push_back({"x^x, " + depth, repeat("x^", n) + "x", false});
    all.push_back(
        {"tent maps, " + depth, repeat("abs(1 - 2 * ", n) + "x" + repeat(")", n), n <= 8});
  }
  for (const std::size_t n : {5, 14, 500}) {
    std::string doubling = "f0(x) = tanh(x)\n";
    std::string branching = "f0(x) = where(x > 0, x, x / 2)\n";
    for (std::size_t k = 1; k < n; ++k) {
      const std::string before = "f" + std::to_string(k - 1);
      const std::string name = "f" + std::to_string(k) + "(x) = ";
      doubling += name + before + "(x) * " + before + "(x + 1)\n";
      branching += name + before + "(" + before + "(x))\n";
    }
    all.push_back({"doubling, " + std::to_string(n) + " definitions", doubling, n <= 5});
    all.push_back(
        {"branches of branches, " + std::to_string(n) + " definitions", branching, n <= 5});
  }
  return all;
}

template <class T>
void expect_kernel_or_error(const Large& formula) {
  const Result<Module> module = try_compile(formula.text);
  const auto expect_error = [&](std::span<const Diagnostic> diagnostics) {
    EXPECT_FALSE(formula.must_compile) << diagnostics[0].message;
    EXPECT_GE(diagnostics[0].line, 1u);
    EXPECT_GE(diagnostics[0].column, 1u);
    EXPECT_FALSE(diagnostics[0].message.empty());
  };
  if (!module) return expect_error(module.diagnostics());
  const Result<Kernel<T>> kernel = module->entry().template try_kernel<T>();
  if (!kernel) return expect_error(kernel.diagnostics());
  // Right as far as rounding lets it: the formulas are chosen for their size.
  const double x = 0.75;
  const Point<T> got = at(*kernel, static_cast<T>(x));
  const auto close = [](double a, double b) {
    return (std::isnan(a) && std::isnan(b)) || a == b ||
           std::abs(a - b) <= 2e-3 * std::max(1.0, std::abs(b)) ||
           std::abs(b) > std::numeric_limits<T>::max();
  };
  const double y = module->entry().evaluate(std::array{x});
  EXPECT_TRUE(close(got.y, y)) << got.y << " for " << y;
  try {
    const double slope = module->entry().evaluate_derivative("x", std::array{x});
    EXPECT_TRUE(close(got.slope, slope)) << got.slope << " for " << slope;
  } catch (const Error& e) {
    // The evaluator opens every call: its graph may be the larger one.
    EXPECT_NE(std::string(e.what()).find("operations"), std::string::npos);
  }
}

TEST_F(Hostile, LargeFormulasBecomeKernelsOrErrors) {
  for (const Large& formula : large_formulas()) {
    SCOPED_TRACE(formula.name);
    on_small_stack([&] {
      const Clock clock(formula.name);
      expect_kernel_or_error<float>(formula);
    });
    on_small_stack([&] {
      const Clock clock(formula.name);
      expect_kernel_or_error<double>(formula);
    });
  }
}

TEST_F(Hostile, ChainsOfReductionsBecomeKernelsOrErrors) {
  const auto chain = [](std::size_t length) {
    std::string text = "f(x0) = ";
    for (std::size_t i = 0; i < length; ++i) {
      const std::string x = "x" + std::to_string(i);
      text += "let x" + std::to_string(i + 1) + " = " + x + " - max(sin(" + x + ")) in ";
    }
    return text + "x" + std::to_string(length);
  };
  EXPECT_TRUE(compile(chain(3)).entry().try_kernel<float>());
  for (const std::size_t length : {20U, 60U, 500U}) {
    const auto kernel = compile(chain(length)).entry().try_kernel<double>();
    EXPECT_TRUE(kernel || !kernel.diagnostics()[0].message.empty());
  }
  EXPECT_FALSE(compile(chain(500)).entry().try_kernel<float>());
}

TEST_F(Hostile, AFunctionOverTheRealsAloneIsRefusedNotCompiled) {
  for (const char* text :
       {"real_exp(x)", "f(x) = real_log(x)\nd/dx f(x) = 1 / x\ng(x) = f(2 * x)"}) {
    for (const bool stabilize : {true, false}) {
      const auto kernel = compile(text).entry().try_kernel<float>({.stabilize = stabilize});
      ASSERT_FALSE(kernel) << text;
      EXPECT_NE(kernel.diagnostics()[0].message.find("no number format computes"),
                std::string::npos);
    }
  }
}

TEST_F(Hostile, AFormulaThatIsTooLargeIsShownAtItsDefinition) {
  const Module module =
      compile("## Small.\nsmall(x) = x\nlarge(x) =\n  " +
              joined(1'000, " + ", [](const std::string& k) { return "tanh(x * " + k + ".5)"; }));
  const Result<Kernel<float>> kernel = module["large"].try_kernel<float>();
  ASSERT_FALSE(kernel);
  ASSERT_EQ(kernel.diagnostics().size(), 1u);
  const Diagnostic& d = kernel.diagnostics()[0];
  EXPECT_EQ(d.message, "`large` needs more than 20000 operations with its gradient in binary32");
  EXPECT_EQ(d.line, 3u);
  EXPECT_EQ(d.column, 1u);
  EXPECT_EQ(d.width, 5u);
  EXPECT_EQ(d.line_text, "large(x) =");
  EXPECT_NE(d.suggestion, "");
  EXPECT_TRUE(module["small"].try_kernel<float>());
}

TEST_F(Hostile, HigherDerivativesGrowToAnErrorNotWithoutEnd) {
  const Clock clock("derivatives of mish");
  const Module module = compile("m(x) = mish(mish(x)) * tanh(x)");
  bool refused = false;
  for (int order = 1; order <= 12 && !refused; ++order) {
    try {
      EXPECT_NE(module.entry().derivative("x", order), "");
    } catch (const Error& e) {
      refused = true;
      EXPECT_NE(
          std::string(e.what()).find("the derivative of `m` needs more than 20000 operations"),
          std::string::npos)
          << e.what();
    }
  }
}

TEST_F(Hostile, ManyInputsAndParametersCompile) {
  const auto list = [](std::size_t n, std::string_view name, std::string_view between) {
    return joined(n, between, [&](const std::string& k) { return std::string(name) + k; });
  };
  const std::size_t n = 200;
  const std::string text = "f(" + list(n, "x", ", ") + "; " + list(n, "p", ", ") +
                           ") = " + list(n, "x", " + ") + " + " + list(n, "p", " * ");
  const Clock clock("200 inputs and 200 parameters");
  const Kernel<double> kernel = compile(text).entry().kernel<double>();
  const std::vector<double> x(3, 2.0);
  std::vector<double> y(3);
  const std::vector<std::span<const double>> inputs(n, x);
  Parameters parameters;
  for (std::size_t k = 0; k < n; ++k) parameters["p" + std::to_string(k)] = 1;
  std::vector<std::vector<double>> gradients(n, std::vector<double>(3));
  std::vector<std::span<double>> outputs(gradients.begin(), gradients.end());
  const BoundKernel<double> bound = kernel.bind(parameters);
  bound.forward(inputs, y);
  bound.backward(inputs, x, outputs);
  EXPECT_EQ(y[2], 2.0 * n + 1);
  EXPECT_EQ(gradients[n - 1][0], 2.0);
}

TEST_F(Hostile, TextsThatAreNoTextAreRefusedAtTheirPlace) {
  const std::pair<std::string, std::uint32_t> texts[] = {
      {"", 1},
      {" \n\t\n", 1},
      {"# only a comment", 1},
      {std::string("x +\0 1", 6), 1},
      {"x + 1\n\xff\xfe", 2},
      {"x\n+ \xc3", 2},
      {"x +\n\xed\xa0\x80", 2},
  };
  for (const auto& [text, line] : texts) {
    const Result<Module> module = try_compile(text);
    ASSERT_FALSE(module) << text;
    EXPECT_EQ(module.diagnostics()[0].line, line) << render(module.diagnostics()[0]);
    EXPECT_GE(module.diagnostics()[0].column, 1u) << text;
  }
}

TEST_F(Hostile, EveryBytePairIsATextOrAnError) {
  for (int a = 0; a < 256; ++a) {
    for (const char b : std::string("x(1^-\n#\"\\\x80\xff\0", 12)) {
      const std::string text = {static_cast<char>(a), b, 'x'};
      const Result<Module> module = try_compile(text);
      if (!module) {
        EXPECT_GE(module.diagnostics()[0].line, 1u);
      }
    }
  }
}

TEST_F(Hostile, ATextCutAnywhereIsATextOrAnError) {
  const std::string text =
      "## A gate.\ngate(a, b; k = 1.5e-3, learn c) =\n  let t = where(isnan(a), 0x10, -a^2) in\n"
      "  t > 1 and not (b < 2.) ? sigmoid(k * b; ) + c : max(a, b)\n"
      "d/dx gate(x) = surrogate x # done\nbinary32 gate(a, b; k, c) = from_bits(bits(a))\n";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    const Result<Module> head = try_compile(text.substr(0, cut));
    if (!head) {
      EXPECT_GE(head.diagnostics()[0].line, 1u) << cut;
    }
    const Result<Module> tail = try_compile(text.substr(cut));
    if (!tail) {
      EXPECT_GE(tail.diagnostics()[0].line, 1u) << cut;
    }
  }
}

TEST_F(Hostile, TheLargestTextIsCompiledAndOneByteMoreIsRefused) {
  std::string text = "x * 2 #";
  text.resize(max_source_bytes, '!');
  EXPECT_EQ(at(compile(text).entry().kernel<float>(), 3.0f).y, 6.0f);
  const Clock clock("a text past the limit");
  const Result<Module> module = try_compile(text + "!");
  ASSERT_FALSE(module);
  EXPECT_EQ(module.diagnostics()[0].line, 1u);
  ASSERT_FALSE(try_compile(repeat("x + ", 20'000'000) + "x"));
}

TEST_F(Hostile, ConstantsPastTheFormatAreInfNotErrors) {
  const Module module = compile("f(x) = x * 1e300");
  EXPECT_EQ(at(module.entry().kernel<float>(), 1.0f).y, std::numeric_limits<float>::infinity());
  EXPECT_EQ(at(module.entry().kernel<double>(), 1.0).y, 1e300);
  EXPECT_EQ(at(compile("x * 1e200 * 1e200").entry().kernel<double>(), 1.0).y, infinity);
  EXPECT_FALSE(try_compile("x * 1e400"));
}

TEST_F(Hostile, ArraysThatOverlapInPartAreRefusedInEveryCall) {
  std::vector<float> a(40, 1.0f);
  const std::span<float> all(a);
  const Kernel<float> k = compile("f(a, b) = a * b").entry().kernel<float>({.fused = true});
  const auto x = all.first(10);
  const auto y = all.subspan(10, 10);
  const auto z = all.subspan(20, 10);
  const auto askew = all.subspan(5, 10);
  EXPECT_NO_THROW(k.forward({x, y}, z));
  EXPECT_NO_THROW(k.backward({x, y}, z, {x, y}));
  EXPECT_THROW(k.forward({x, y}, askew), Error);
  EXPECT_THROW(k.backward({x, y}, z, {askew, z}), Error);
  EXPECT_THROW(k.backward({x, y}, z, {z, z}), Error);
  EXPECT_THROW(k.backward({x, y}, askew, {all.subspan(6, 10), z}), Error);
  EXPECT_THROW(k.backward({x, y}, z.first(9), {x, y}), Error);
  EXPECT_THROW(k.backward({x, y.first(9)}, z, {x, y}), Error);
  EXPECT_THROW(k.backward({x, y}, z, {x}), Error);
  EXPECT_THROW(k.forward({x}, z), Error);
  const std::array<std::span<const float>, 2> inputs = {x, y};
  const std::array<std::span<float>, 2> gradients = {x, y};
  EXPECT_THROW(k.bind().forward_backward(inputs, z, x, gradients), Error);
  EXPECT_NO_THROW(k.bind().forward_backward(inputs, z, all.subspan(30, 10), gradients));
  EXPECT_NO_THROW(k.forward({all.first(0), all.first(0)}, all.first(0)));
}

}  // namespace
}  // namespace actc
