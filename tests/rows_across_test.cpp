// Rows that lie across memory, along another axis than the last: what they give is what rows along
// memory give.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/accuracy_support.h"

namespace actc {
namespace {

// An array [outer, columns, inner]: its rows lie along the second axis.
struct Shape {
  std::size_t outer;
  std::size_t columns;
  std::size_t inner;

  std::size_t size() const { return outer * columns * inner; }
};

template <class T>
std::vector<T> random(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal(0, 3);
  std::vector<T> values(count);
  for (T& v : values) v = T(static_cast<float>(normal(engine)));
  return values;
}

// The same with the rows along the last axis.
template <class T>
std::vector<T> along_memory(const std::vector<T>& across, const Shape& s) {
  std::vector<T> result;
  for (std::size_t o = 0; o < s.outer; ++o) {
    for (std::size_t i = 0; i < s.inner; ++i) {
      for (std::size_t c = 0; c < s.columns; ++c) {
        result.push_back(across[(o * s.columns + c) * s.inner + i]);
      }
    }
  }
  return result;
}

template <class T>
double wide(T value) {
  return static_cast<double>(static_cast<float>(value));
}
template <>
double wide(double value) {
  return value;
}

// Row by row, in units of the largest value of the row.
template <class T>
void expect_near(const std::vector<T>& found, const std::vector<T>& expected, std::size_t columns,
                 double units, const std::string& what) {
  ASSERT_EQ(found.size(), expected.size());
  constexpr double unit = std::same_as<T, bfloat16>  ? 0x1p-8
                          : std::same_as<T, float16> ? 0x1p-11
                          : std::same_as<T, float>   ? 0x1p-24
                                                     : 0x1p-53;
  for (std::size_t row = 0; row < found.size(); row += columns) {
    double largest = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      largest = std::max(largest, std::abs(wide(expected[row + c])));
    }
    for (std::size_t c = 0; c < columns; ++c) {
      ASSERT_LE(std::abs(wide(found[row + c]) - wide(expected[row + c])), units * unit * largest)
          << what << ", column " << c << " of row " << row / columns;
    }
  }
}

template <class T>
class RowsAcross : public testing::Test {
 protected:
  static void check(const Function& f, const Shape& s) {
    const std::string what = f.name() + " of " + std::to_string(s.outer) + " x " +
                             std::to_string(s.columns) + " x " + std::to_string(s.inner);
    const BoundKernel<T> kernel = f.kernel<T>().bind();
    const bool one = f.has_row_value();
    const std::size_t values = one ? s.outer * s.inner : s.size();
    const std::size_t value_columns = one ? 1 : s.columns;
    const Shape of_value{s.outer, value_columns, s.inner};
    const std::vector<T> x = random<T>(s.size(), 1);
    const std::vector<T> dy = random<T>(values, 2);
    std::vector<T> y(values);
    std::vector<T> dx(x.size());
    const std::size_t sizes[] = {s.outer, s.columns, s.inner};
    const std::size_t value_sizes[] = {s.outer, value_columns, s.inner};
    kernel.forward(View<const T>(x.data(), sizes), View<T>(y.data(), value_sizes), 1);
    kernel.backward(View<const T>(x.data(), sizes), View<const T>(dy.data(), value_sizes),
                    View<T>(dx.data(), sizes), 1);

    const std::vector<T> own_x = along_memory(x, s);
    const std::vector<T> own_dy = along_memory(dy, of_value);
    std::vector<T> own_y(values);
    std::vector<T> own_dx(x.size());
    const std::size_t own[] = {s.outer * s.inner, s.columns};
    const std::size_t own_value[] = {s.outer * s.inner, value_columns};
    kernel.forward(View<const T>(own_x.data(), own), View<T>(own_y.data(), own_value));
    kernel.backward(View<const T>(own_x.data(), own), View<const T>(own_dy.data(), own_value),
                    View<T>(own_dx.data(), own));
    expect_near(along_memory(y, of_value), own_y, value_columns, 4, what);
    expect_near(along_memory(dx, s), own_dx, s.columns, 8, what + ", gradient");
  }
};

using Formats = testing::Types<float, double, float16, bfloat16>;
TYPED_TEST_SUITE(RowsAcross, Formats);

TYPED_TEST(RowsAcross, GiveWhatRowsAlongMemoryGive) {
  for (const char* name : {"softmax", "log_softmax", "logsumexp", "standardize", "hardmax"}) {
    for (const std::size_t inner : {3, 4, 33, 130}) {
      this->check(builtin(name), {2, 37, inner});
    }
  }
  this->check(builtin("softmax"), {3, 1, 50});
  this->check(builtin("sparsemax"), {1, 20, 70});
  this->check(compile("f(x) = x * column_index - max(x)").entry(), {2, 9, 21});
}

TEST(RowsAcrossMemory, AreComputedInPlace) {
  const std::size_t sizes[] = {40, 50};
  std::vector<float> x = random<float>(2000, 1);
  std::vector<float> y(x.size());
  const BoundKernel<float> kernel = builtin("softmax").kernel<float>().bind();
  kernel.forward(View<const float>(x.data(), sizes), View<float>(y.data(), sizes), 0);
  kernel.forward(View<const float>(x.data(), sizes), View<float>(x.data(), sizes), 0);
  EXPECT_EQ(x, y);
}

TEST(RowsAcrossMemory, HaveTheSameBitsWhateverRowsStandBesideThem) {
  constexpr std::size_t columns = 300;
  constexpr std::size_t rows = 200;
  const std::vector<float> x = random<float>(columns * rows, 1);
  const BoundKernel<float> kernel = builtin("softmax").kernel<float>().bind();
  const auto of_rows = [&](const BoundKernel<float>& by, std::size_t first, std::size_t count) {
    const std::size_t sizes[] = {columns, count};
    const std::ptrdiff_t strides[] = {rows, 1};
    std::vector<float> y(columns * count);
    by.forward(View<const float>(x.data() + first, sizes, strides), View<float>(y.data(), sizes),
               0);
    return y;
  };
  const std::vector<float> all = of_rows(kernel, 0, rows);
  EXPECT_EQ(of_rows(kernel.on(threads(3)), 0, rows), all);
  for (const auto& [first, count] : {std::pair{1, 199}, std::pair{7, 5}, std::pair{100, 64}}) {
    const std::vector<float> some = of_rows(kernel, first, count);
    for (std::size_t i = 0; i < some.size(); ++i) {
      ASSERT_EQ(some[i], all[i / count * rows + first + i % count]);
    }
  }
}

// `bits`: what is allowed of the magnitudes, beside a unit of the sum.
template <class T>
void expect_sums_in_bounds(int bits) {
  constexpr std::size_t columns = 1000000;
  constexpr std::size_t rows = 5;
  const std::vector<T> x = random<T>(columns * rows, 1);
  const std::size_t sizes[] = {columns, rows};
  const std::size_t value_sizes[] = {1, rows};
  std::vector<T> y(rows);
  compile("f(x) = sum(x)")
      .entry()
      .kernel<T>()
      .bind()
      .forward(View<const T>(x.data(), sizes), View<T>(y.data(), value_sizes), 0);
  const test::PrecisionScope precision(300);
  for (std::size_t row = 0; row < rows; ++row) {
    test::Mpfr sum = 0;
    test::Mpfr magnitudes = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      sum = sum + test::Mpfr(x[c * rows + row]);
      magnitudes = magnitudes + abs(test::Mpfr(x[c * rows + row]));
    }
    const T ulp = std::abs(y[row] - std::nextafter(y[row], T(0)));
    EXPECT_LE(abs(test::Mpfr(y[row]) - sum), test::Mpfr(ulp) + ldexp(magnitudes, -bits)) << row;
  }
}

TEST(RowsAcrossMemory, OfAMillionColumnsAreSummedInTheirBounds) {
  expect_sums_in_bounds<float>(40);
  expect_sums_in_bounds<double>(95);
}

// Neither axis has its elements side by side, in one of the arrays.
TEST(RowsAcrossMemory, MayLieNowhereSideBySide) {
  constexpr std::size_t columns = 30;
  constexpr std::size_t rows = 20;
  const std::vector<float> x = random<float>(2 * columns * rows, 1);
  const BoundKernel<float> kernel = builtin("softmax").kernel<float>().bind();
  std::vector<float> packed;
  for (std::size_t i = 0; i < columns * rows; ++i) packed.push_back(x[2 * i]);
  const std::size_t sizes[] = {rows, columns};
  const std::ptrdiff_t strides[] = {2 * columns, 2};
  std::vector<float> expected(packed.size());
  std::vector<float> y(packed.size());
  kernel.forward(View<const float>(packed.data(), sizes), View<float>(expected.data(), sizes));
  kernel.forward(View<const float>(x.data(), sizes, strides), View<float>(y.data(), sizes));
  EXPECT_EQ(y, expected);
}

}  // namespace
}  // namespace actc
