// Gradients of learned parameters.
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/accuracy_support.h"

namespace actc {
namespace {

template <class T>
std::vector<T> normal(std::size_t n, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> distribution;
  std::vector<T> x(n);
  for (T& v : x) v = static_cast<T>(distribution(generator));
  return x;
}

template <class T>
class Learned : public testing::Test {
 protected:
  static BoundKernel<T> kernel(const Function& f) {
    return f.kernel<T>({.fused = true, .learned = true}).bind();
  }
  static double gradient(const BoundKernel<T>& kernel, std::span<const T> x,
                         std::span<const T> dy) {
    std::vector<T> dx(x.size());
    double result = 0;
    kernel.backward(x, dy, dx, std::span(&result, 1));
    return result;
  }
};

using Formats = testing::Types<float, double>;
TYPED_TEST_SUITE(Learned, Formats);

TYPED_TEST(Learned, AreSumsOfTheirTermsRoundedAsIfOnce) {
  using T = TypeParam;
  const test::PrecisionScope precision(256);
  const BoundKernel<T> prelu = this->kernel(builtin("prelu"));
  for (const std::size_t n : {1UL, 31UL, 1000UL, 300'001UL}) {
    std::vector<T> x = normal<T>(n, 1);
    const std::vector<T> dy = normal<T>(n, 2);
    if (n > 100) x[n / 2] = T(-1e7);  // what a plain sum would lose digits to
    test::Mpfr sum = 0;
    test::Mpfr magnitudes = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (x[i] > 0) continue;
      const test::Mpfr term(dy[i] * x[i]);
      sum = sum + term;
      magnitudes = magnitudes + abs(term);
    }
    const double found = this->gradient(prelu, x, dy);
    const int bits = sizeof(T) == 4 ? 40 : 95;
    const double error = static_cast<double>(abs(test::Mpfr(found) - sum));
    EXPECT_LE(error, std::abs(found) * 0x1p-53 + std::ldexp(static_cast<double>(magnitudes), -bits))
        << n;
  }
}

TYPED_TEST(Learned, HaveTheSameBitsInEveryKernelAndPlace) {
  using T = TypeParam;
  const BoundKernel<T> prelu = this->kernel(builtin("prelu"));
  constexpr std::size_t n = 5'000'003;  // more than one call of the kernel
  const std::vector<T> x = normal<T>(n + 1, 3);
  const std::vector<T> dy = normal<T>(n, 4);
  const std::span<const T> part = std::span(x).first(n);
  const double expected = this->gradient(prelu, part, dy);

  std::vector<T> y(n + 1);
  std::vector<T> dx(n + 16);
  double found = 0;
  prelu.forward_backward(part, dy, std::span(y).first(n), std::span(dx).first(n),
                         std::span(&found, 1));
  EXPECT_EQ(found, expected);
  // Other alignments of the output, and in place.
  const std::vector<T> first_dx(dx.begin(), dx.begin() + n);
  for (const std::size_t offset : {1, 2, 4, 6}) {
    const std::span<T> moved = std::span(dx).subspan(offset, n);
    prelu.backward(part, dy, moved, std::span(&found, 1));
    EXPECT_EQ(found, expected);
    EXPECT_TRUE(std::ranges::equal(moved, first_dx)) << offset;
  }
  std::vector<T> both(part.begin(), part.end());
  prelu.backward(both, dy, both, std::span(&found, 1));
  EXPECT_EQ(found, expected);
  // As an array of two axes.
  const std::size_t sizes[] = {n, 1};
  const View<const T> in(x.data(), sizes);
  const View<const T> up(dy.data(), sizes);
  const View<T> out(dx.data(), sizes);
  prelu.backward(std::span(&in, 1), up, std::span(&out, 1), -1, std::span(&found, 1));
  EXPECT_EQ(found, expected);
  // The other gradient is what it is without them.
  std::vector<T> plain(n);
  builtin("prelu").kernel<T>().backward(part, dy, plain);
  EXPECT_EQ(plain, first_dx);
}

TYPED_TEST(Learned, OfSeveralParametersComeInTheirOrder) {
  using T = TypeParam;
  const BoundKernel<T> line = this->kernel(
      compile("line(x; learn a = 2, fixed = 1, learn b = 3) = a * x + b * fixed").entry());
  const std::vector<T> x = {1, 2, 3};
  const std::vector<T> dy = {1, 10, 100};
  std::vector<T> dx(3);
  std::vector<double> found(2);
  line.backward(x, dy, dx, found);
  EXPECT_EQ(found, (std::vector<double>{321, 111}));
  EXPECT_EQ(dx, (std::vector<T>{2, 20, 200}));
}

TYPED_TEST(Learned, OfRowsAreSumsOverAllRows) {
  using T = TypeParam;
  // d/da = sum over rows of dy (a value a row) times 2 a sum(x), plus what is added to each
  // element.
  const Function f = compile("f(x; learn a = 3) = sum(a^2 * x)").entry();
  const BoundKernel<T> kernel = this->kernel(f);
  constexpr std::size_t rows = 5000;  // more than one call
  std::vector<T> x(rows * 3);
  std::vector<T> dy(rows);
  double expected = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    dy[r] = static_cast<T>(r % 7);
    for (std::size_t c = 0; c < 3; ++c) {
      x[3 * r + c] = static_cast<T>(r % 5 + c);
      expected += 6.0 * static_cast<double>(dy[r]) * static_cast<double>(x[3 * r + c]);
    }
  }
  std::vector<T> dx(x.size());
  const std::size_t sizes[] = {rows, 3};
  const std::size_t value_sizes[] = {rows};
  const View<const T> in(x.data(), sizes);
  const View<T> out(dx.data(), sizes);
  double found = 0;
  kernel.backward(std::span(&in, 1), View<const T>(dy.data(), value_sizes), std::span(&out, 1), -1,
                  std::span(&found, 1));
  EXPECT_EQ(found, expected);

  // Through a value of the row and beside it.
  const BoundKernel<T> both =
      this->kernel(compile("g(x; learn a = 2) = a * x - max(x) * a").entry());
  const std::vector<T> row = {1, 4, 2};
  const std::vector<T> up = {1, 10, 100};
  std::vector<T> dxs(3);
  both.backward(row, up, dxs, std::span(&found, 1));
  EXPECT_EQ(found, 1 * (1 - 4) + 10 * (4 - 4) + 100 * (2 - 4));
}

TYPED_TEST(Learned, CarryInfinitiesAndNan) {
  using T = TypeParam;
  constexpr T inf = std::numeric_limits<T>::infinity();
  const BoundKernel<T> prelu = this->kernel(builtin("prelu"));
  EXPECT_EQ(this->gradient(prelu, std::vector<T>{-1, -inf, -2}, std::vector<T>{1, 1, 1}),
            -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(
      std::isnan(this->gradient(prelu, std::vector<T>{-1, -inf, -inf}, std::vector<T>{1, 1, -1})));
}

// The change of the value at x with parameter k, by differences of 30 right digits.
class LearnedReals {
 public:
  explicit LearnedReals(const Function& f) {
    const ir::Library& library = *detail::ModuleState::of(f).library;
    const ir::FunctionId id = *library.find(f.name());
    graph_ = ir::expand_meaning(ir::simplify(library[id].meaning, library), library);
    for (const ir::Parameter& p : library[id].parameters) {
      parameters_.push_back(ir::from_rational<test::Mpfr>(*p.default_value));
    }
  }
  test::Mpfr slope(double x, std::size_t k, std::optional<double> parameter = {}) const {
    const test::Mpfr h = ldexp(test::Mpfr(1), -200);
    std::vector<test::Mpfr> at = parameters_;
    if (parameter) at[k] = test::Mpfr(*parameter);
    const test::Mpfr in[] = {test::Mpfr(x)};
    std::vector<test::Mpfr> up = at;
    std::vector<test::Mpfr> down = at;
    up[k] = at[k] + h;
    down[k] = at[k] - h;
    return (ir::evaluate<test::Mpfr>(graph_, in, up)[0] -
            ir::evaluate<test::Mpfr>(graph_, in, down)[0]) /
           (h + h);
  }

 private:
  ir::Graph graph_;
  std::vector<test::Mpfr> parameters_;
};

TEST(LearnedOfBuiltIns, AreThoseOfTheirFormulas) {
  const test::PrecisionScope precision(512);
  constexpr std::size_t n = 600;
  const std::vector<double> x = normal<double>(n, 5);
  const std::vector<double> dy = normal<double>(n, 6);
  int tried = 0;
  for (const Function& f : standard_library().functions()) {
    if (f.documentation().empty() || f.inputs().size() != 1) continue;
    std::vector<std::size_t> learned;
    for (std::size_t k = 0; k < f.parameters().size(); ++k) {
      if (f.parameters()[k].learned) learned.push_back(k);
    }
    if (learned.empty()) continue;
    const LearnedReals reals(f);
    std::vector<double> found(learned.size());
    std::vector<double> dx(n);
    f.kernel<double>({.learned = true}).bind().backward(x, dy, dx, found);
    for (std::size_t p = 0; p < learned.size(); ++p) {
      ++tried;
      // One for all; then one for each of three channels.
      test::Mpfr sum = 0;
      test::Mpfr magnitudes = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const test::Mpfr term = test::Mpfr(dy[i]) * reals.slope(x[i], learned[p]);
        sum = sum + term;
        magnitudes = magnitudes + abs(term);
      }
      EXPECT_LE(static_cast<double>(abs(test::Mpfr(found[p]) - sum)),
                1e-13 * static_cast<double>(magnitudes))
          << f.name();

      const std::string name = f.parameters()[learned[p]].name;
      const std::size_t sizes[] = {4, 3, 50};
      std::vector<double> values = {0.25, 0.5, 1.25};
      std::vector<double> gradient(3);
      const View<const double> in[] = {View<const double>(x.data(), sizes),
                                       channels<const double>(values, 3, 1)};
      const View<double> out[] = {View<double>(dx.data(), sizes), channels<double>(gradient, 3, 1)};
      f.kernel<double>({.as_inputs = {name}})
          .bind()
          .backward(in, View<const double>(dy.data(), sizes), out);
      for (std::size_t c = 0; c < 3; ++c) {
        test::Mpfr own = 0;
        for (std::size_t i = 0; i < n; ++i) {
          if (i / 50 % 3 == c)
            own = own + test::Mpfr(dy[i]) * reals.slope(x[i], learned[p], values[c]);
        }
        EXPECT_LE(static_cast<double>(abs(test::Mpfr(gradient[c]) - own)),
                  1e-13 * static_cast<double>(magnitudes))
            << f.name() << ", channel " << c;
      }
    }
  }
  EXPECT_GE(tried, 5);  // prelu, star_relu and xielu
}

TEST(LearnedErrors, SayWhatIsMissing) {
  const std::vector<float> x = {1};
  std::vector<float> dx(1);
  std::vector<double> found(2);
  const auto error_of = [&](const BoundKernel<float>& kernel) -> std::string {
    try {
      kernel.backward(x, x, dx, found);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(
      error_of(builtin("prelu").kernel<float>().bind()),
      "`prelu` was compiled without `learned`: set it in KernelOptions, for a definition with "
      "a `learn` parameter");
  EXPECT_EQ(error_of(builtin("relu").kernel<float>({.learned = true}).bind()),
            "`relu` was compiled without `learned`: set it in KernelOptions, for a definition with "
            "a `learn` parameter");
  EXPECT_EQ(error_of(builtin("prelu").kernel<float>({.learned = true}).bind()),
            "`prelu` learns 1 (a), 2 gradients were given for that");
}

}  // namespace
}  // namespace actc
