// A row for each mathematical function and number format: the largest error of its compiled kernel
// over a sample of all finite inputs, in units of the last place, against MPFR; and in binary64 at
// the inputs that the literature names as the worst. The tables are printed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "tests/accuracy_support.h"

namespace actc {
namespace {

using test::Mpfr;
using test::Reals;

struct Row {
  const char* name;
  double bounds[2] = {1, 2};  // ULP: binary32, binary64
  const char* text = "";      // the definition, where the name is an operation of the language
  // The same over the reals, for |x| > 1000: where the library's formula would need an exponential
  // beyond even MPFR's numbers.
  const char* tail = "";

  double bound(bool single) const { return bounds[single ? 0 : 1]; }
};

constexpr double far = 1000;

const Row rows[] = {
    {"exp"},
    {"exp2"},
    {"log"},
    {"log2"},
    {"log10"},
    {"log1p"},
    {"expm1"},
    {"tanh"},
    {"sigmoid"},
    {"log1pexp", {1, 2}, "", "f(x) = max(x, 0) + log1p(exp(-abs(x)))"},
    {"log_sigmoid", {1, 2}, "", "f(x) = min(x, 0) - log1p(exp(-abs(x)))"},
    {"logcosh", {1, 2}, "", "f(x) = abs(x) - log(2) + log1p(exp(-2 * abs(x)))"},
    {"mish_ratio"},
    {"tanhshrink"},
    {"erf"},
    {"erfc", {1, 4}},
    {"normcdf", {1, 4}},
    {"normpdf"},
    {"sin"},
    {"cos"},
    {"atan"},
    {"sinh"},
    {"cosh"},
    {"pow"},
    {"rsqrt"},
    {"sqrt", {0.5, 0.5}, "f(x) = sqrt(x)"},
    {"abs", {0, 0}, "f(x) = abs(x)"},
    {"sign", {0, 0}},
    {"floor", {0, 0}, "f(x) = floor(x)"},
    {"ceil", {0, 0}, "f(x) = ceil(x)"},
    {"trunc", {0, 0}, "f(x) = trunc(x)"},
    {"round", {0, 0}, "f(x) = round(x)"},
    {"min", {0, 0}, "f(x, y) = min(x, y)"},
    {"max", {0, 0}, "f(x, y) = max(x, y)"},
    {"copysign", {0, 0}, "f(x, y) = copysign(x, y)"},
    {"clamp", {0, 0}},
};

template <class T>
using Columns = std::vector<std::vector<T>>;

// Powers with results over the whole range and a little beyond, of all bases and of bases near 1;
// integer powers of negative bases; all pairs of some special numbers.
template <class T>
Columns<T> power_samples(std::size_t n) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> bases;
  test::add_representations(bases, Limits::denorm_min(), Limits::max(), n / 2);
  std::mt19937_64 random = test::fixed_random();
  std::uniform_real_distribution<T> unit(-1, 1);
  for (std::size_t i = 0; i < n / 4; ++i) {
    bases.push_back(1 + std::ldexp(unit(random), -static_cast<int>(i % (Limits::digits - 2))));
  }
  Columns<T> columns(2);
  const auto add = [&](T x, T y) {
    if (!std::isfinite(x) || !std::isfinite(y)) return;
    columns[0].push_back(x);
    columns[1].push_back(y);
  };
  const T range = Limits::max_exponent + Limits::digits + 2;
  for (const T base : bases) add(std::abs(base), unit(random) * range / std::log2(std::abs(base)));
  for (std::size_t i = 0; i < n / 4; ++i)
    add(-std::abs(10 * unit(random)), std::round(40 * unit(random)));
  const T specials[] = {0,
                        T(0.5),
                        1,
                        T(1.5),
                        2,
                        3,
                        T(1) / 3,
                        Limits::epsilon(),
                        Limits::min(),
                        Limits::denorm_min(),
                        100,
                        1e15f,
                        31,
                        Limits::max()};
  for (const T x : specials) {
    for (const T y : specials) add(x, y), add(-x, y), add(x, -y), add(-x, -y);
  }
  return columns;
}

template <class T>
Columns<T> columns_for(const Row& row, std::size_t inputs, std::size_t n) {
  if (row.name == std::string("pow")) return power_samples<T>(n);
  const std::vector<T> x = test::samples<T>(n);
  Columns<T> columns = {x};
  std::mt19937_64 random = test::fixed_random();
  while (columns.size() < inputs) {
    columns.push_back(x);
    std::ranges::shuffle(columns.back(), random);
    // Some are equal.
    for (std::size_t i = 0; i < x.size(); i += 8) columns.back()[i] = x[i];
  }
  return columns;
}

template <class T>
std::vector<T> forward(const Function& f, const Columns<T>& columns, bool avx2_only) {
  const std::vector<std::span<const T>> inputs(columns.begin(), columns.end());
  std::vector<T> y(columns[0].size());
  f.kernel<T>({.backward = false, .avx2_only = avx2_only}).bind().forward(inputs, y);
  return y;
}

template <class T>
class MathAccuracy : public testing::Test {};

using Formats = testing::Types<float, double>;
TYPED_TEST_SUITE(MathAccuracy, Formats);

TYPED_TEST(MathAccuracy, EachFunctionIsWithinItsBound) {
  using T = TypeParam;
  constexpr bool single = sizeof(T) == 4;
  fmt::print("{:<12} {:>8} {:>6} {:>10}  at\n", single ? "binary32" : "binary64", "samples",
             "bound", "ULP");
  for (const Row& row : rows) {
    const Function f = *row.text == '\0' ? builtin(row.name) : compile(row.text).entry();
    const Reals exactly(f);
    const Reals exactly_far(*row.tail == '\0' ? f : compile(row.tail).entry());
    const Columns<T> x =
        columns_for<T>(row, f.inputs().size(), test::density(single ? 16000 : 4000));
    const std::vector<T> y = forward(f, x, false);
    double worst = 0;
    std::vector<T> where;
    std::vector<T> at(x.size());
    for (std::size_t i = 0; i < y.size(); ++i) {
      for (std::size_t k = 0; k < x.size(); ++k) at[k] = x[k][i];
      const Reals& reals = std::abs(at[0]) > T(far) ? exactly_far : exactly;
      const double error = test::ulps(y[i], reals.template at<T>(std::span<const T>(at)));
      if (error > worst) {
        worst = error;
        where = at;
      }
    }
    std::string place;
    for (const T v : where) place += fmt::format("{:.{}g} ", v, single ? 9 : 17);
    fmt::print("{:<12} {:>8} {:>6} {:>10.3f}  {}\n", row.name, y.size(), row.bound(single), worst,
               place);
    EXPECT_LE(worst, row.bound(single)) << row.name << " at " << place;
  }
}

// tests/data/worst_binary64.csv; cos also at the inputs of sin, the nearest to multiples of pi/2.
std::map<std::string, std::vector<double>> published_worst_cases() {
  std::ifstream file(ACTC_TEST_DATA "/worst_binary64.csv");
  std::map<std::string, std::vector<double>> cases;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream row(line);
    std::string name, x;
    std::getline(row, name, ',');
    std::getline(row, x, ',');
    cases[name].push_back(std::strtod(x.c_str(), nullptr));
  }
  cases["cos"].insert(cases["cos"].end(), cases["sin"].begin(), cases["sin"].end());
  return cases;
}

TEST(MathWorstCases, InBinary64AreWithinTheBounds) {
  const auto cases = published_worst_cases();
  EXPECT_GE(cases.size(), 16u);
  fmt::print("{:<12} {:>8} {:>6} {:>10}  at\n", "binary64", "cases", "bound", "ULP");
  for (const Row& row : rows) {
    const auto found = cases.find(row.name);
    if (found == cases.end()) continue;
    const Function f = *row.text == '\0' ? builtin(row.name) : compile(row.text).entry();
    const Reals exactly(f);
    const Columns<double> x = {found->second};
    const std::vector<double> y = forward(f, x, false);
    double worst = 0, at = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double error = test::ulps(y[i], exactly.at(x[0][i]));
      if (error > worst) worst = error, at = x[0][i];
    }
    fmt::print("{:<12} {:>8} {:>6} {:>10.3f}  {:a}\n", row.name, y.size(), row.bound(false), worst,
               at);
    EXPECT_LE(worst, row.bound(false)) << row.name << " at " << at;
  }
}

// So the bounds hold for both.
TYPED_TEST(MathAccuracy, Avx2AndAvx512ComputeTheSameBits) {
  using T = TypeParam;
  for (const Row& row : rows) {
    const Function f = *row.text == '\0' ? builtin(row.name) : compile(row.text).entry();
    const Columns<T> x = columns_for<T>(row, f.inputs().size(), 4000);
    const std::vector<T> wide = forward(f, x, false);
    const std::vector<T> narrow = forward(f, x, true);
    std::size_t different = 0;
    for (std::size_t i = 0; i < wide.size(); ++i) {
      if (std::isnan(wide[i]) && std::isnan(narrow[i])) continue;
      different += std::bit_cast<test::Bits<T>>(wide[i]) != std::bit_cast<test::Bits<T>>(narrow[i]);
    }
    EXPECT_EQ(different, 0u) << row.name;
  }
}

TEST(MathReference, TheFormulasForTheTailsAreTheLibrarys) {
  for (const Row& row : rows) {
    if (*row.tail == '\0') continue;
    const Reals meaning(builtin(row.name));
    const Reals tail(compile(row.tail).entry());
    for (double x = -1999.75; x < 2000; x += 12.5) {
      const Mpfr exact = meaning.at(x);
      const Mpfr difference = abs(exact - tail.at(x));
      EXPECT_TRUE(difference <= ldexp(test::unit_at<double>(exact), -10))
          << row.name << " at " << x;
    }
  }
}

}  // namespace
}  // namespace actc
