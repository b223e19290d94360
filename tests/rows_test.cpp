// What is over a row: values and gradients against MPFR, the rows that are special, shapes.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/accuracy_support.h"

namespace actc {
namespace {

using test::Mpfr;
using test::PrecisionScope;

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan = std::numeric_limits<double>::quiet_NaN();

using Row = std::vector<double>;

std::vector<Mpfr> exactly(const Row& row) {
  std::vector<Mpfr> result;
  for (const double x : row) result.emplace_back(x);
  return result;
}

// A definition over the reals, of one row.
class RowReals {
 public:
  explicit RowReals(const Function& f) {
    const ir::Library& library = *detail::ModuleState::of(f).library;
    const ir::FunctionId id = *library.find(f.name());
    graph_ = ir::expand_meaning(ir::simplify(library[id].meaning, library), library);
    for (const ParameterInfo& p : f.parameters()) parameters_.emplace_back(p.default_value.value());
  }

  std::vector<Mpfr> value(std::span<const std::vector<Mpfr>> inputs) const {
    return ir::evaluate_row<Mpfr>(graph_, inputs, parameters_, inputs[0].size())[0];
  }

  // The sum of dy times the change of the value with each element of input k: its gradient, by
  // differences so small, of numbers with so many digits, that 30 of them are right.
  std::vector<Mpfr> gradient(std::vector<std::vector<Mpfr>> inputs, std::size_t k,
                             const std::vector<Mpfr>& dy) const {
    const Mpfr h = ldexp(Mpfr(1), -200);
    std::vector<Mpfr> result;
    for (Mpfr& x : inputs[k]) {
      const Mpfr at = x;
      x = at + h;
      const std::vector<Mpfr> up = value(inputs);
      x = at - h;
      const std::vector<Mpfr> down = value(inputs);
      x = at;
      Mpfr sum = 0;
      for (std::size_t c = 0; c < dy.size(); ++c) {
        sum = sum + dy[c] * (up[up.size() == 1 ? 0 : c] - down[down.size() == 1 ? 0 : c]);
      }
      result.push_back(sum / (h + h));
    }
    return result;
  }

 private:
  ir::Graph graph_;
  std::vector<Mpfr> parameters_;
};

struct Sample {
  std::size_t columns;
  double spread;
  double centre;
};

// Inputs for one row; a mask has zeros and ones.
std::vector<Row> inputs_of(const Function& f, const Sample& s, std::mt19937& generator) {
  std::vector<Row> inputs;
  for (const std::string& name : f.inputs()) {
    std::normal_distribution<double> normal(inputs.empty() ? s.centre : 0, s.spread);
    Row& row = inputs.emplace_back();
    for (std::size_t c = 0; c < s.columns; ++c) {
      const bool mask = name == "mask" && f.name() == "masked_softmax";
      row.push_back(mask ? static_cast<double>(c % 3 != 1) : normal(generator));
    }
  }
  return inputs;
}

// What is over a row, and the gated units.
std::vector<Function> functions_of_arrays() {
  std::vector<Function> functions = standard_library().functions();
  std::erase_if(functions, [](const Function& f) {
    const bool gated = f.inputs() == std::vector<std::string>{"a", "b"};
    return f.is_random() || (!f.is_over_rows() && !gated);
  });
  return functions;
}

double largest(const std::vector<Mpfr>& values) {
  Mpfr result = 0;
  for (const Mpfr& v : values) result = abs(v) > result ? abs(v) : result;
  return static_cast<double>(result);
}

TEST(Rows, ValuesAndGradientsOfTheStandardLibraryAreThoseOfTheirFormulas) {
  const PrecisionScope precision(512);
  std::mt19937 generator(7);
  for (const Function& f : functions_of_arrays()) {
    const RowReals reals(f);
    const Kernel<double> kernel = f.kernel<double>();
    for (const Sample& s : {Sample{1, 1, 0}, {2, 3, 0}, {19, 1, 0}, {40, 30, 5}, {33, 2, -1e4}}) {
      const std::vector<Row> inputs = inputs_of(f, s, generator);
      const std::size_t size = f.has_row_value() ? 1 : s.columns;
      Row y(size);
      Row dy(size);
      for (double& d : dy) d = std::normal_distribution<double>()(generator);
      std::vector<Row> gradients(inputs.size(), Row(s.columns));
      const std::vector<std::span<const double>> in(inputs.begin(), inputs.end());
      const std::vector<std::span<double>> out(gradients.begin(), gradients.end());
      const BoundKernel<double> bound = kernel.bind();
      bound.forward(in, y);
      bound.backward(in, dy, out);

      std::vector<std::vector<Mpfr>> exact;
      for (const Row& row : inputs) exact.push_back(exactly(row));
      const std::vector<Mpfr> value = reals.value(exact);
      const auto near = [&](const Row& found, const std::vector<Mpfr>& expected, double scale,
                            const std::string& what) {
        for (std::size_t c = 0; c < found.size(); ++c) {
          const Mpfr& e = expected[expected.size() == 1 ? 0 : c];
          ASSERT_LE(static_cast<double>(abs(Mpfr(found[c]) - e)), 1e-13 * scale)
              << f.name() << ", " << what << ", " << s.columns << " columns about " << s.centre
              << ", column " << c << ": " << found[c];
        }
      };
      // Differences from a mean are as exact as the mean, a sum as its terms.
      const bool centred = f.name() == "standardize" || f.name() == "layer_norm" ||
                           f.name() == "var" || f.name() == "biased_softmax";
      const double terms = centred ? largest(exact[0]) * largest(value) : 0;
      near(y, value, std::max(largest(value), terms), "value");
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        const std::vector<Mpfr> expected = reals.gradient(exact, k, exactly(dy));
        // Where terms as large as dy cancel, dy's size counts.
        near(gradients[k], expected,
             std::max({largest(expected), largest(exactly(dy)),
                       centred ? largest(exact[0]) * largest(expected) : 0}),
             "gradient of " + f.inputs()[k]);
      }
    }
  }
}

TEST(Rows, SoftmaxInBinary32IsWithin4Ulp) {
  const PrecisionScope precision(256);
  const RowReals reals(builtin("softmax"));
  const Kernel<float> kernel = builtin("softmax").kernel<float>();
  const Kernel<float> typed = compile("exp(x) / sum(exp(x))").entry().kernel<float>();
  std::mt19937 generator(11);
  for (const double spread : {0.1, 1.0, 10.0, 30.0}) {
    for (const std::size_t columns : {1U, 7U, 300U, 2049U}) {
      std::normal_distribution<float> normal(0, static_cast<float>(spread));
      std::vector<float> x(columns);
      for (float& v : x) v = normal(generator);
      std::vector<float> y(columns);
      kernel.forward(x, y);
      const std::vector<std::vector<Mpfr>> exact = {exactly(Row(x.begin(), x.end()))};
      const std::vector<Mpfr> value = reals.value(exact);
      for (std::size_t c = 0; c < columns; ++c) {
        EXPECT_LE(test::ulps<float>(y[c], value[c]), 4) << x[c];
      }
      typed.forward(x, y);
      for (std::size_t c = 0; c < columns; ++c) {
        EXPECT_LE(test::ulps<float>(y[c], value[c]), 4) << x[c];
      }
    }
  }
}

Row forward(const Function& f, const Row& x, std::size_t size = 0) {
  Row y(size == 0 ? x.size() : size);
  f.kernel<double>().forward(x, y);
  return y;
}

Row backward(const Function& f, const Row& x, const Row& dy) {
  Row dx(x.size());
  f.kernel<double>().backward(x, dy, dx);
  return dx;
}

TEST(Rows, SumsAreRoundedAsIfOnce) {
  // Plain summation gives 0, or loses what is small.
  EXPECT_EQ(forward(compile("sum(x)").entry(), {1e100, 1, -1e100, 3}, 1)[0], 4);
  std::vector<float> many(1'000'000, 0.1F);
  many[0] = 1e8F;
  float total = 0;
  compile("sum(x)").entry().kernel<float>().forward(many, std::span(&total, 1));
  EXPECT_EQ(total, static_cast<float>(1e8 + 999'999 * double{0.1F}));
  EXPECT_EQ(forward(compile("sum(x)").entry(), {inf, 1, 2}, 1)[0], inf);
  EXPECT_TRUE(std::isnan(forward(compile("sum(x)").entry(), {inf, -inf, 2}, 1)[0]));
}

TEST(Rows, ExtremesCarryNan) {
  for (const char* text : {"max(x)", "min(x)"}) {
    const Kernel<double> kernel = compile(text).entry().kernel<double>();
    for (std::size_t at = 0; at < 70; ++at) {
      Row x(70, 1.0);
      x[at] = nan;
      double y = 0;
      kernel.forward(x, std::span(&y, 1));
      EXPECT_TRUE(std::isnan(y)) << text << " at " << at;
    }
  }
  EXPECT_EQ(forward(compile("max(x)").entry(), {-inf, -inf}, 1)[0], -inf);
  EXPECT_EQ(forward(compile("min(x)").entry(), {3, -2, 5}, 1)[0], -2);
}

TEST(Rows, TiesOfAnExtremeShareItsGradient) {
  const Row x = {1, 5, 5, 2};
  EXPECT_EQ(backward(compile("max(x)").entry(), x, {1}), (Row{0, 0.5, 0.5, 0}));
  EXPECT_EQ(backward(compile("min(x)").entry(), x, {3}), (Row{3, 0, 0, 0}));
  EXPECT_EQ(forward(builtin("hardmax"), x), (Row{0, 1, 0, 0}));
  EXPECT_EQ(backward(builtin("hardmax"), x, {1, 2, 3, 4}), (Row{0, 0, 0, 0}));
}

TEST(Rows, SoftmaxOfSpecialRows) {
  const Function f = builtin("softmax");
  EXPECT_EQ(forward(f, {1e4, 1e4}), (Row{0.5, 0.5}));
  EXPECT_EQ(forward(f, {-1e4, -1e4}), (Row{0.5, 0.5}));
  EXPECT_EQ(forward(f, {0, -inf}), (Row{1, 0}));
  EXPECT_EQ(forward(f, {-inf, -inf}), (Row{0, 0}));
  EXPECT_EQ(forward(f, {3}), (Row{1}));
  EXPECT_EQ(forward(f, {0, inf}), (Row{0, 1}));
  EXPECT_EQ(forward(f, {inf, 2, inf}), (Row{0.5, 0, 0.5}));
  for (const double y : forward(f, {0, nan, 1})) EXPECT_TRUE(std::isnan(y));
  EXPECT_EQ(backward(f, {-inf, -inf}, {1, 2}), (Row{0, 0}));
  EXPECT_EQ(backward(f, {0, -inf}, {1, 2}), (Row{0, 0}));
  EXPECT_EQ(backward(f, {3}, {5}), (Row{0}));

  EXPECT_EQ(forward(builtin("log_softmax"), {-inf, -inf}), (Row{-inf, -inf}));
  EXPECT_EQ(forward(builtin("log_softmax"), {0, -inf}), (Row{0, -inf}));
  EXPECT_EQ(backward(builtin("log_softmax"), {-inf, -inf}, {1, 2}), (Row{0, 0}));
  EXPECT_EQ(forward(builtin("logsumexp"), {-inf, -inf}, 1), (Row{-inf}));
  EXPECT_EQ(forward(builtin("logsumexp"), {inf, 1}, 1), (Row{inf}));
  EXPECT_EQ(backward(builtin("logsumexp"), {-inf, -inf}, {1}), (Row{0, 0}));

  const Function sparse = builtin("sparsemax");
  EXPECT_EQ(forward(sparse, {-inf, -inf}), (Row{0, 0}));
  EXPECT_EQ(backward(sparse, {-inf, -inf}, {1, 2}), (Row{0, 0}));
  EXPECT_EQ(forward(sparse, {inf, 2, inf}), (Row{0.5, 0, 0.5}));
  EXPECT_EQ(forward(sparse, {0, -inf}), (Row{1, 0}));
  for (const double y : forward(sparse, {0, nan, 1})) EXPECT_TRUE(std::isnan(y));

  const Kernel<double> masked = builtin("masked_softmax").kernel<double>();
  const Row x = {1, 2, 3};
  const Row none = {0, 0, 0};
  Row y(3);
  masked.forward({x, none}, y);
  EXPECT_EQ(y, (Row{0, 0, 0}));
}

// The nearest point of the simplex, and the gradient for dy, by sorting.
struct Projection {
  std::vector<Mpfr> value, gradient;
  Mpfr gap{inf};  // from the threshold to the element that is nearest to it without lying on it
};

template <class T>
Projection project(const std::vector<T>& x, const std::vector<T>& dy) {
  std::vector<T> order = x;
  std::ranges::sort(order, std::greater());
  const Mpfr most(order[0]);
  Mpfr sum = 0;
  Mpfr threshold = 0;
  for (std::size_t k = 0; k < order.size() && std::isfinite(order[k]); ++k) {
    sum = sum + (Mpfr(order[k]) - most);
    const Mpfr count(static_cast<double>(k + 1));
    if ((Mpfr(order[k]) - most) * count > sum - 1) threshold = (sum - 1) / count;
  }
  Projection p;
  Mpfr mean = 0;
  Mpfr support = 0;
  for (std::size_t c = 0; c < x.size(); ++c) {
    const Mpfr above = Mpfr(x[c]) - most - threshold;
    p.value.push_back(above > 0 ? above : Mpfr(0));
    if (above > 0) mean = mean + Mpfr(dy[c]), support = support + 1;
    if (above != 0 && abs(above) < p.gap) p.gap = abs(above);
  }
  for (std::size_t c = 0; c < x.size(); ++c) {
    p.gradient.push_back(p.value[c] > 0 ? Mpfr(dy[c]) - mean / support : Mpfr(0));
  }
  return p;
}

// Random rows, and such as are hard for a search for the threshold: geometric spacing towards it
// from either side, the slowest for Newton's method (each element of a group many times as far
// from the threshold as those of the next, which are fewer), ties, ties at the threshold.
template <class T>
std::vector<std::vector<T>> rows_to_project() {
  std::mt19937 generator(3);
  std::vector<std::vector<T>> rows = {{-3, -3, -3}, {1, 0, 0}, {0.5, 0.5, -0.5, -2}, {7}};
  for (const std::size_t columns : {1U, 2U, 5U, 64U, 1000U, 3000U}) {
    for (const double spread : {1e-3, 0.1, 1.0, 30.0}) {
      for (const double centre : {0.0, 1e4, -1e4}) {
        std::vector<T>& row = rows.emplace_back();
        std::normal_distribution<double> normal(centre, spread);
        for (std::size_t c = 0; c < columns; ++c) row.push_back(static_cast<T>(normal(generator)));
        if (columns == 64) row[5] = row[63] = static_cast<T>(-inf);
      }
    }
    rows.emplace_back(columns, T(1e4));
    rows.emplace_back(columns, T(-1e4));
    for (const double ratio : {0.5, 0.9, 0.999}) {
      std::vector<T> down;
      for (std::size_t c = 0; c < columns; ++c) down.push_back(-std::pow(T(ratio), T(c)));
      rows.push_back(down);
      for (T& v : down) v = -1 - v;
      rows.push_back(down);
    }
    std::vector<T>& groups = rows.emplace_back(2, T(0));
    for (double size = 0.3 * static_cast<double>(columns), far = 0.49; size >= 1; size *= 0.7) {
      groups.insert(groups.end(), static_cast<std::size_t>(size), static_cast<T>(-0.5 - far));
      far *= 0.42;
    }
  }
  return rows;
}

template <class T>
void expect_projections(double bound) {
  const PrecisionScope precision(512);
  const Kernel<T> kernel = builtin("sparsemax").kernel<T>();
  std::mt19937 generator(5);
  std::normal_distribution<T> normal;
  std::size_t gradients = 0;
  const std::vector<std::vector<T>> rows = rows_to_project<T>();
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const std::vector<T>& x = rows[r];
    std::vector<T> y(x.size());
    std::vector<T> dy(x.size());
    std::vector<T> dx(x.size());
    for (T& d : dy) d = normal(generator);
    kernel.forward(x, y);
    kernel.backward(x, dy, dx);
    const Projection exact = project(x, dy);
    const auto near = [&](const std::vector<T>& found, const std::vector<Mpfr>& expected,
                          double scale, const char* what) {
      for (std::size_t c = 0; c < x.size(); ++c) {
        ASSERT_LE(static_cast<double>(abs(Mpfr(found[c]) - expected[c])), bound * scale)
            << what << " of row " << r << " of " << x.size() << " columns, column " << c;
      }
    };
    near(y, exact.value, largest(exact.value), "value");
    // Rounding may take what is nearer to the threshold than that to its other side.
    if (exact.gap < bound) continue;
    near(dx, exact.gradient, largest(exactly(Row(dy.begin(), dy.end()))), "gradient");
    ++gradients;
  }
  EXPECT_GE(gradients, rows.size() * 3 / 4);
}

TEST(Rows, SparsemaxIsTheProjectionOnTheSimplex) {
  expect_projections<double>(1e-13);
  expect_projections<float>(3 * 0x1p-23);
}

#if defined(__x86_64__)
TEST(Rows, ManyShortLoopsAreNoHugeGraph) {
  const KernelOptions options = {.avx2_only = true};
  const std::string code = builtin("sparsemax").emit<float>(Stage::assembly, options);
  EXPECT_NE(code.find("ymm"), std::string::npos) << "what is huge has vectors of 128 bits";
}
#endif

TEST(Rows, FormulasAsPeopleWriteThemAreShiftSafe) {
  const Function naive = compile("exp(x) / sum(exp(x))").entry();
  const Function log_naive = compile("x - log(sum(exp(x)))").entry();
  for (const double centre : {0.0, 1e4, -1e4}) {
    const Row x = {centre, centre + 1, centre - 3, centre + 0.5};
    const Row dy = {1, -2, 0.5, 3};
    EXPECT_EQ(forward(naive, x), forward(builtin("softmax"), x));
    const Row expected = backward(builtin("softmax"), x, dy);
    const Row found = backward(naive, x, dy);
    for (std::size_t c = 0; c < x.size(); ++c) EXPECT_NEAR(found[c], expected[c], 1e-15);
    const Row logs = forward(log_naive, x);
    const Row expected_logs = forward(builtin("log_softmax"), x);
    for (std::size_t c = 0; c < x.size(); ++c) EXPECT_NEAR(logs[c], expected_logs[c], 1e-15);
  }
}

TEST(Rows, TheDerivedGradientOfSoftmaxIsTheKnownOne) {
  const Function f = compile("f(x) = let z = exp(x - detach(max(x))) in z / sum(z)").entry();
  EXPECT_EQ(f.derivative(),
            "let t1 = exp(x - detach(max(x))) in t1 / sum(t1) * (dy - sum(t1 / sum(t1) * dy))");
  const std::string shown = builtin("softmax").emit<float>(Stage::stable);
  EXPECT_NE(
      shown.find("let t3 = share(t2, sum(t2)) in where(t1 > -inf, t3 * (dy - sum(dy * t3)), 0)"),
      std::string::npos)
      << shown;
}

// Too large for the cache: stored around it, from where each row is aligned.
TEST(Rows, OfALargeArrayHaveTheSameBitsAsByThemselves) {
  const BoundKernel<float> kernel = builtin("standardize").kernel<float>().bind();
  for (const std::size_t columns : {300UL, 1024UL, 1031UL}) {
    const std::size_t rows = (std::size_t{5} << 20) / columns;
    std::vector<float> x(rows * columns);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 1009) * 0.37F - 9;
    std::vector<float> y(x.size());
    const std::size_t sizes[] = {rows, columns};
    kernel.forward(View<const float>(x.data(), sizes), View<float>(y.data(), sizes));
    std::vector<float> alone(columns);
    for (std::size_t row = 0; row < rows; row += 97) {
      kernel.forward(std::span<const float>(x).subspan(row * columns, columns), alone);
      EXPECT_TRUE(std::ranges::equal(alone, std::span(y).subspan(row * columns, columns)))
          << "row " << row << " of " << columns << " columns";
    }
  }
}

template <class T>
void expect_written_alone() {
  const std::vector<T> x(40, T(1.0F));
  std::vector<T> y(10, T(7.0F));
  const std::size_t sizes[] = {5, 8};
  const std::size_t one_a_row[] = {5, 1};
  const std::ptrdiff_t apart[] = {2, 1};
  compile("f(x) = sum(x)")
      .entry()
      .kernel<T>()
      .bind()
      .forward(View<const T>(x.data(), sizes), View<T>(y.data(), one_a_row, apart));
  for (std::size_t i = 0; i < y.size(); ++i) {
    EXPECT_EQ(static_cast<float>(y[i]), i % 2 == 0 ? 8 : 7) << i;
  }
}

TEST(Rows, AValueOfARowIsWrittenAlone) {
  expect_written_alone<float>();
  expect_written_alone<double>();
  expect_written_alone<float16>();
  expect_written_alone<bfloat16>();
}

TEST(Rows, ARowHasTheSameBitsWhereverItStands) {
  const Kernel<float> kernel = builtin("softmax").kernel<float>();
  constexpr std::size_t columns = 77;
  constexpr std::size_t rows = 5;
  std::vector<float> x(rows * columns + 3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % columns) * 0.37F - 9;
  std::vector<float> alone(columns);
  kernel.forward(std::span(x).subspan(columns, columns), alone);
  std::vector<float> all(rows * columns);
  const std::size_t sizes[] = {rows, columns};
  kernel.forward(View<const float>(x.data(), sizes), View<float>(all.data(), sizes));
  EXPECT_TRUE(std::ranges::equal(std::span(all).subspan(columns, columns), alone));

  // Along the first axis, in place, of an array whose rows are further apart than they are long.
  std::vector<float> wide(columns * 8);
  for (std::size_t c = 0; c < columns; ++c) wide[8 * c + 2] = x[columns + c];
  const std::size_t tall[] = {columns, 3};
  const std::ptrdiff_t strides[] = {8, 1};
  const View<float> view(wide.data() + 1, tall, strides);
  kernel.forward(view, view, 0);
  for (std::size_t c = 0; c < columns; ++c) EXPECT_EQ(wide[8 * c + 2], alone[c]);
  EXPECT_EQ(wide[0], 0);
  EXPECT_EQ(wide[8 * 2 + 4], 0);
}

TEST(Rows, HalfPrecisionIsComputedInBinary32) {
  const Kernel<bfloat16> narrow = builtin("softmax").kernel<bfloat16>();
  const Kernel<float> wide = builtin("softmax").kernel<float>();
  const Kernel<bfloat16> index = builtin("hardmax").kernel<bfloat16>();
  for (const std::size_t columns : {1U, 31U, 200U}) {
    std::vector<bfloat16> x(columns);
    std::vector<float> same(columns);
    for (std::size_t c = 0; c < columns; ++c) {
      x[c] = bfloat16(static_cast<float>((c * 37) % 64) / 8);
      same[c] = static_cast<float>(x[c]);
    }
    std::vector<bfloat16> y(columns);
    std::vector<float> expected(columns);
    narrow.forward(x, y);
    wide.forward(same, expected);
    for (std::size_t c = 0; c < columns; ++c) {
      // The order of summation is another.
      EXPECT_NEAR(static_cast<float>(y[c]), expected[c], expected[c] / 250) << c;
    }
    index.forward(x, y);
    const auto first = std::ranges::max_element(same) - same.begin();
    for (std::size_t c = 0; c < columns; ++c) {
      EXPECT_EQ(static_cast<float>(y[c]), c == static_cast<std::size_t>(first) ? 1 : 0);
    }
  }
}

std::string error_of(const auto& work) {
  try {
    work();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Rows, ShapesThatDoNotFitAreErrors) {
  const Kernel<float> kernel = builtin("softmax").kernel<float>();
  std::vector<float> x(60);
  std::vector<float> y(60);
  const auto run = [&](std::vector<std::size_t> of_x, std::vector<std::size_t> of_y,
                       std::ptrdiff_t axis = -1, std::size_t shift = 0) {
    float* out = shift == 0 ? y.data() : x.data() + shift;
    return error_of(
        [&] { kernel.forward(View<const float>(x.data(), of_x), View<float>(out, of_y), axis); });
  };
  EXPECT_EQ(run({3, 4}, {4, 3}),
            "`softmax`: the output, of shape [4, 3], does not fit: the input `x` has the "
            "shape [3, 4]");
  EXPECT_EQ(run({3, 4}, {3, 4}, 2),
            "`softmax`: there is no axis 2 in the shape [3, 4] of the input `x`: axes are -2 "
            "to 1");
  EXPECT_EQ(run({3, 0}, {3, 0}),
            "`softmax`: the input `x`, of shape [3, 0], has rows without elements");
  EXPECT_EQ(run({0, 3}, {0, 3}), "no error");
  EXPECT_EQ(run({3, 4}, {3, 4}, -1, 2),
            "`softmax`: the output overlaps the input `x` without being the same array: use "
            "the same one or another");
  EXPECT_EQ(run({std::size_t{1} << 40, std::size_t{1} << 40}, {1}),
            "an array of shape [1099511627776, 1099511627776] does not fit in memory");
  const std::size_t sizes[] = {3, 4};
  const std::ptrdiff_t negative[] = {-4, 1};
  const std::ptrdiff_t none[] = {0, 1};
  const View<float> whole(y.data(), sizes);
  EXPECT_EQ(
      error_of([&] { kernel.forward(View<const float>(x.data() + 8, sizes, negative), whole); }),
      "`softmax`: the input `x`, of shape [3, 4], has the stride -4 along axis 0: "
      "strides are not negative");
  EXPECT_EQ(error_of([&] {
              kernel.forward(View<const float>(x.data(), sizes),
                             View<float>(y.data(), sizes, none));
            }),
            "`softmax`: the output, of shape [3, 4], has the stride 0 along axis 0, and is "
            "written to");
  const Kernel<float> sum = compile("sum(x)").entry().kernel<float>();
  EXPECT_EQ(error_of([&] { sum.forward(View<const float>(x.data(), sizes), whole); }),
            "`the formula`: the output, of shape [3, 4], does not fit: it has one value for "
            "each row of the input `x`, of shape [3, 4], along axis 1");
}

}  // namespace
}  // namespace actc
