// The public interface as its users meet it.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "runtime/actc.h"

namespace actc {
namespace {

std::vector<float> ramp(std::size_t n, float from = -8, float to = 8) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = from + (to - from) * static_cast<float>(i) / static_cast<float>(n);
  return x;
}

std::string message_of(auto work) {
  try {
    work();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Api, TheReadmesTenLines) {
  Module m = compile("swish(x; beta = 1) = x * sigmoid(beta * x)");
  Kernel<float> k = m["swish"].kernel<float>();
  std::vector<float> x = {-2, -1, 0, 1, 2}, y(5), dy(5, 1), dx(5);
  k.forward(x, y, {{"beta", 1.5}});
  k.backward(x, dy, dx, {{"beta", 1.5}});
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double s = 1 / (1 + std::exp(-1.5 * x[i]));
    EXPECT_NEAR(y[i], x[i] * s, 1e-6);
    EXPECT_NEAR(dx[i], s + 1.5 * x[i] * s * (1 - s), 1e-6);
  }
}

TEST(Api, BuiltinsNeedNoText) {
  const Kernel<double> k = builtin("gelu").kernel<double>();
  const std::vector<double> x = {1.0};
  std::vector<double> y(1);
  k.forward(x, y);
  EXPECT_NEAR(y[0], 0.841344746068543, 1e-15);
}

TEST(Api, ABareExpressionIsADefinitionInX) {
  const Function f = compile("x * tanh(log(1 + exp(x)))").entry();
  EXPECT_EQ(f.name(), "");
  EXPECT_EQ(f.inputs(), std::vector<std::string>{"x"});
  const std::vector<float> x = {1.0f};
  std::vector<float> y(1);
  f.kernel<float>().forward(x, y);
  EXPECT_NEAR(y[0], 0.865098388, 1e-6);
}

TEST(Api, IntrospectionTellsWhatAFunctionIs) {
  const Module m = compile("## Soft gate.\ngate(a, b; k = 1.5, c) = a * sigmoid(k * b) + c");
  const Function f = m.entry();
  EXPECT_EQ(f.name(), "gate");
  EXPECT_EQ(f.documentation(), "Soft gate.");
  EXPECT_EQ(f.source(), "a * sigmoid(k * b) + c");
  EXPECT_EQ(f.inputs(), (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(f.parameters().size(), 2u);
  EXPECT_EQ(f.parameters()[0].name, "k");
  EXPECT_EQ(f.parameters()[0].default_value, 1.5);
  EXPECT_EQ(f.parameters()[1].default_value, std::nullopt);
  EXPECT_EQ(f.derivative("a"), "sigmoid(k * b)");
  EXPECT_EQ(f.derivative("c"), "1");
  EXPECT_EQ(f.derivative("a", 2), "0");
}

TEST(Api, DerivativesAreTextThatCompilesAgain) {
  for (const char* name : {"gelu", "mish", "softsign", "squareplus", "xielu", "snake"}) {
    const Function f = builtin(name);
    std::string text = "again(x";
    for (std::size_t i = 0; i < f.parameters().size(); ++i) {
      text += (i == 0 ? "; " : ", ") + f.parameters()[i].name + " = " +
              std::to_string(*f.parameters()[i].default_value);
    }
    const Module again = compile(text + ") = " + f.derivative());
    for (const double x : {-3.1, -0.2, 0.7, 2.9}) {
      EXPECT_NEAR(again.entry().evaluate(std::array{x}), f.evaluate_derivative("x", std::array{x}),
                  1e-5)
          << name;
    }
  }
}

TEST(Api, SecondDerivativesAreDerivativesOfDerivatives) {
  const Module m = compile("f(x) = x^3 * exp(x)");
  const Module d2 = compile("g(x) = " + m.entry().derivative("x", 2));
  const double x = 0.7;
  EXPECT_NEAR(d2.entry().evaluate(std::array{x}), std::exp(x) * (6 * x + 6 * x * x + x * x * x),
              1e-12);
}

TEST(Api, ErrorsCarryPlaceAndSuggestion) {
  const Result<Module> result = try_compile("f(x) = x * sigmod(x)");
  ASSERT_FALSE(result);
  ASSERT_EQ(result.diagnostics().size(), 1u);
  const Diagnostic& d = result.diagnostics()[0];
  EXPECT_EQ(d.line, 1u);
  EXPECT_EQ(d.column, 12u);
  EXPECT_EQ(d.width, 6u);
  EXPECT_NE(d.suggestion.find("sigmoid"), std::string::npos);
  EXPECT_THROW(compile("f(x) = "), Error);
}

TEST(Api, UnknownNamesAreErrorsWithTheNearest) {
  EXPECT_NE(message_of([] { builtin("gelou"); }).find("gelu"), std::string::npos);
  const Kernel<float> k = builtin("swish").kernel<float>();
  EXPECT_NE(message_of([&] { k.bind({{"bta", 1.0}}); }).find("beta"), std::string::npos);
  const Kernel<float> threshold = builtin("threshold").kernel<float>();
  EXPECT_NE(message_of([&] { threshold.bind({{"value", 1.0}}); }).find("`threshold`"),
            std::string::npos);
  EXPECT_NE(message_of([&] { k.bind({{"beta", 1e300}}); }).find("binary32"), std::string::npos);
}

TEST(Api, AWrittenDerivativeThatDisagreesIsAWarningUnlessSurrogate) {
  EXPECT_EQ(compile("f(x) = x^2  d/dx f(x) = 2 * x").warnings().size(), 0u);
  const Module wrong = compile("f(x) = x^2\nd/dx f(x) = 3 * x");
  ASSERT_EQ(wrong.warnings().size(), 1u);
  EXPECT_EQ(wrong.warnings()[0].line, 2u);
  EXPECT_EQ(
      compile("f(x) = sign(x)  d/dx f(x) = surrogate where(abs(x) <= 1, 1, 0)").warnings().size(),
      0u);
}

TEST(Api, AWrittenDerivativeIsTheOneUsed) {
  const Module m =
      compile("binarize(x) = sign(x)  d/dx binarize(x) = surrogate where(abs(x) <= 1, 1, 0)");
  const std::vector<float> x = {-2, -0.5, 0.5, 2}, dy = {1, 2, 3, 4};
  std::vector<float> dx(4);
  m.entry().kernel<float>().backward(x, dy, dx);
  EXPECT_EQ(dx, (std::vector<float>{0, 2, 3, 0}));
}

TEST(Api, ATextsOwnDefinitionHidesTheBuiltinInThatTextOnly) {
  const Module m = compile("sigmoid(x) = 2 * x   f(x) = sigmoid(x) + silu(x)");
  const double x = 0.5;
  const double silu = x / (1 + std::exp(-x));
  EXPECT_NEAR(m["f"].evaluate(std::array{x}), 2 * x + silu, 1e-15);
}

TEST(Api, SeveralInputsHaveAGradientEach) {
  const Module m = compile("swiglu2(a, b; beta = 1, k = 2) = k * a * sigmoid(beta * a) * b");
  const Kernel<float> k = m.entry().kernel<float>({.fused = true});
  const std::vector<float> a = ramp(37), b = ramp(37, 3, -3), dy = ramp(37, 1, 2);
  std::vector<float> y(37), da(37), db(37);
  k.forward({a, b}, y, {{"beta", 0.5}});
  k.backward({a, b}, dy, {da, db}, {{"beta", 0.5}});
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double s = 1 / (1 + std::exp(-0.5 * a[i]));
    EXPECT_NEAR(y[i], 2 * a[i] * s * b[i], 1e-5);
    EXPECT_NEAR(da[i], dy[i] * 2 * b[i] * (s + 0.5 * a[i] * s * (1 - s)), 1e-5);
    EXPECT_NEAR(db[i], dy[i] * 2 * a[i] * s, 1e-5);
  }
}

TEST(Api, FixedParametersGiveTheSameBits) {
  const Function f = builtin("softplus");
  const std::vector<float> x = ramp(1000), dy(1000, 1.25f);
  std::vector<float> y(1000), y_fixed(1000), dx(1000), dx_fixed(1000);
  const Kernel<float> fixed = f.kernel<float>({.fixed = {{"beta", 1.7}}});
  f.kernel<float>().forward(x, y, {{"beta", 1.7}});
  f.kernel<float>().backward(x, dy, dx, {{"beta", 1.7}});
  fixed.forward(x, y_fixed);
  fixed.backward(x, dy, dx_fixed);
  EXPECT_EQ(y, y_fixed);
  EXPECT_EQ(dx, dx_fixed);
  EXPECT_NE(message_of([&] { fixed.bind({{"beta", 2.0}}); }).find("fixed"), std::string::npos);
}

TEST(Api, TheFusedKernelGivesTheBitsOfTheSeparateOnes) {
  for (const char* name : {"gelu", "mish", "elu", "hard_swish", "tanhshrink"}) {
    const Kernel<float> k = builtin(name).kernel<float>({.fused = true});
    const std::vector<float> x = ramp(333), dy = ramp(333, -1, 2);
    std::vector<float> y(333), dx(333), y2(333), dx2(333);
    k.forward(x, y);
    k.backward(x, dy, dx);
    k.bind().forward_backward(x, dy, y2, dx2);
    EXPECT_EQ(y, y2) << name;
    EXPECT_EQ(dx, dx2) << name;
  }
}

TEST(Api, AnElementHasTheSameBitsWhereverItStandsAndInPlace) {
  const Kernel<float> k = builtin("mish").kernel<float>();
  const std::vector<float> x = ramp(200);
  std::vector<float> whole(200);
  k.forward(x, whole);
  for (std::size_t start = 0; start < 40; ++start) {
    for (const std::size_t n : {0u, 1u, 7u, 15u, 16u, 17u, 33u, 100u}) {
      std::vector<float> part(x.begin() + static_cast<long>(start),
                              x.begin() + static_cast<long>(start + n));
      k.forward(part, part);
      EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<long>(start)));
    }
  }
}

TEST(Api, ArraysLargerThanTheCacheHaveTheSameBitsAtEveryAlignment) {
  constexpr std::size_t n = (std::size_t{16} << 20) / sizeof(float) + 77;
  const Kernel<float> k = builtin("silu").kernel<float>();
  const std::vector<float> x = ramp(n, -20, 20);
  std::vector<float> expected(n);
  for (std::size_t i = 0; i < n; i += 1000) {
    const std::size_t m = std::min<std::size_t>(1000, n - i);
    k.forward(std::span(x).subspan(i, m), std::span(expected).subspan(i, m));
  }
  std::vector<float> y(n + 40, 7);
  for (const std::size_t offset : {0u, 1u, 5u, 15u, 16u}) {
    std::ranges::fill(y, 7.0f);
    k.forward(x, std::span(y).subspan(offset, n));
    EXPECT_TRUE(
        std::equal(expected.begin(), expected.end(), y.begin() + static_cast<long>(offset)));
    EXPECT_TRUE(std::all_of(y.begin(), y.begin() + static_cast<long>(offset),
                            [](float v) { return v == 7; }));
    EXPECT_TRUE(std::all_of(y.begin() + static_cast<long>(offset + n), y.end(),
                            [](float v) { return v == 7; }));
  }
  std::vector<float> in_place = x;
  k.forward(in_place, in_place);
  EXPECT_EQ(in_place, expected);
}

TEST(Api, ArraysThatDoNotFitAreErrors) {
  const Kernel<float> k = builtin("relu").kernel<float>();
  std::vector<float> a(20), b(19);
  EXPECT_NE(message_of([&] { k.forward(a, b); }).find("19 elements"), std::string::npos);
  const std::span<float> all(a);
  EXPECT_NE(message_of([&] { k.forward(all.first(10), all.subspan(1, 10)); }).find("overlaps"),
            std::string::npos);
  EXPECT_EQ(message_of([&] { k.forward(all.first(10), all.subspan(10, 10)); }), "no error");
  EXPECT_EQ(message_of([&] { k.backward(a, a, a); }), "no error");
  EXPECT_EQ(message_of([&] { k.forward(std::span<float>(), std::span<float>()); }), "no error");
  EXPECT_NE(message_of([&] { k.bind().forward_backward(a, a, a, b); }).find("fused"),
            std::string::npos);
  EXPECT_NE(message_of([&] { Kernel<float>().forward(a, a); }).find("empty"), std::string::npos);
  const Kernel<float> gate = compile("g(a, b) = a * b").entry().kernel<float>();
  EXPECT_NE(message_of([&] { gate.forward(a, a); }).find("2 inputs"), std::string::npos);
}

TEST(Api, KernelsOutliveTheirModules) {
  Kernel<float> k;
  {
    const Module m = compile("f(x) = x * x + 1");
    k = m.entry().kernel<float>();
  }
  std::vector<float> x = {3};
  k.forward(x, x);
  EXPECT_EQ(x[0], 10);
}

TEST(Api, ThreadsCompileAndRunAtOnce) {
  std::vector<std::thread> threads;
  std::array<bool, 8> right{};
  for (std::size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&right, t] {
      right[t] = true;
      for (int round = 0; round < 5; ++round) {
        const double c = static_cast<double>(t) + round;
        const Module m = compile("f(x; c = " + std::to_string(c) + ") = x * tanh(x) + c");
        const Kernel<float> k = m.entry().kernel<float>();
        std::vector<float> x = ramp(100), y(100);
        k.forward(x, y);
        for (std::size_t i = 0; i < x.size(); ++i) {
          right[t] = right[t] && std::abs(y[i] - (x[i] * std::tanh(x[i]) + c)) < 1e-4;
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (const bool r : right) EXPECT_TRUE(r);
}

TEST(Api, EveryStageCanBePrinted) {
  const Function f = builtin("silu");
  EXPECT_NE(f.emit<float>(Stage::ast).find("sigmoid"), std::string::npos);
  EXPECT_NE(f.emit<float>(Stage::ir).find("call sigmoid"), std::string::npos);
  EXPECT_NE(f.emit<float>(Stage::grad).find("outputs"), std::string::npos);
  EXPECT_NE(f.emit<float>(Stage::lowered).find("binary32"), std::string::npos);
  EXPECT_NE(f.emit<float>(Stage::llvm).find("define"), std::string::npos);
  EXPECT_NE(f.emit<float>(Stage::assembly).find("ret"), std::string::npos);
}

}  // namespace
}  // namespace actc
