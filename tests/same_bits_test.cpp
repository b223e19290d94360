// An element's result depends on the element alone: not on its place, the length, the alignment,
// the array that it is written to, or the floating-point environment of the caller; and that is
// left as it was.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "runtime/actc.h"
#include "tests/jit_support.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace actc {
namespace {

// The bits of an element, all NaNs being one: which of its operands' an operation passes on is not
// laid down.
template <class T>
std::uint64_t bits_of(T x) {
  if (std::isnan(x)) return ~std::uint64_t{0};
  if constexpr (sizeof(T) == 2) {
    return x.bits();
  } else {
    return ir::to_bits(x);
  }
}

std::vector<Function> functions_of_one_input() {
  std::vector<Function> functions = standard_library().functions();
  std::erase_if(functions, [](const Function& f) {
    // The bits of what is over a row depend on how long the row is, draws on where an element is.
    return f.inputs().size() != 1 || f.is_over_rows() || f.is_random() ||
           std::ranges::any_of(f.parameters(),
                               [](const ParameterInfo& p) { return !p.default_value.has_value(); });
  });
  return functions;
}

// Inputs of every kind, so that branches for rare ones are taken in some vectors and not in others.
template <class T>
std::vector<T> mixed_inputs(std::size_t n) {
  std::vector<T> x;
  for (const float special : test::special_floats<float>()) x.push_back(T(special));
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0, 4);
  std::uniform_real_distribution<double> exponent(-40, 40);
  while (x.size() < n) {
    x.push_back(T(x.size() % 5 == 0 ? std::copysign(std::exp2(exponent(random)), normal(random))
                                    : normal(random)));
  }
  std::ranges::shuffle(x, random);
  x.resize(n);
  return x;
}

template <class T>
class SameBits : public testing::Test {
 protected:
  static constexpr std::size_t longest = 200;
  static constexpr std::size_t shifts = 64;  // elements: more than a line of any format

  struct Reference {
    std::vector<T> x, dy, y, dx;
  };

  // Each element computed in a call of its own.
  static Reference one_by_one(const BoundKernel<T>& kernel) {
    Reference r;
    r.x = mixed_inputs<T>(longest + shifts);
    r.dy = mixed_inputs<T>(longest + 2 * shifts);
    r.dy.erase(r.dy.begin(), r.dy.begin() + shifts);
    r.y.resize(r.x.size());
    r.dx.resize(r.x.size());
    for (std::size_t i = 0; i < r.x.size(); ++i) {
      kernel.forward(std::span<const T>(r.x).subspan(i, 1), std::span<T>(r.y).subspan(i, 1));
      kernel.backward(std::span<const T>(r.x).subspan(i, 1), std::span<const T>(r.dy).subspan(i, 1),
                      std::span<T>(r.dx).subspan(i, 1));
    }
    return r;
  }

  static void expect_equal(std::span<const T> found, std::span<const T> expected,
                           const std::string& where) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_EQ(bits_of(found[i]), bits_of(expected[i])) << where << ", element " << i;
    }
  }
};
using Elements = testing::Types<float, double, float16, bfloat16>;
TYPED_TEST_SUITE(SameBits, Elements);

TYPED_TEST(SameBits, AtEveryLengthAndPlace) {
  using T = TypeParam;
  for (const Function& f : functions_of_one_input()) {
    const BoundKernel<T> kernel = f.kernel<T>({.fused = true}).bind();
    const auto r = this->one_by_one(kernel);
    std::vector<T> y(r.x.size()), dx(r.x.size());
    for (std::size_t n = 0; n <= this->longest; ++n) {
      // The place of an element in its vector, and the alignment of the arrays, change with n too.
      const std::size_t begin = 7 * n % this->shifts;
      const auto x = std::span<const T>(r.x).subspan(begin, n);
      const auto dy = std::span<const T>(r.dy).subspan(begin, n);
      const std::string where = f.name() + ", length " + std::to_string(n);
      const auto expected_y = std::span<const T>(r.y).subspan(begin, n);
      const auto expected_dx = std::span<const T>(r.dx).subspan(begin, n);
      kernel.forward(x, std::span(y).first(n));
      this->expect_equal(std::span<const T>(y).first(n), expected_y, where);
      kernel.backward(x, dy, std::span(dx).first(n));
      this->expect_equal(std::span<const T>(dx).first(n), expected_dx, where + ", gradient");
      std::ranges::fill(y, T(0));
      std::ranges::fill(dx, T(0));
      kernel.forward_backward(x, dy, std::span(y).first(n), std::span(dx).first(n));
      this->expect_equal(std::span<const T>(y).first(n), expected_y, where + ", both");
      this->expect_equal(std::span<const T>(dx).first(n), expected_dx, where + ", both, gradient");
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TYPED_TEST(SameBits, AtEveryAlignment) {
  using T = TypeParam;
  for (const Function& f : functions_of_one_input()) {
    const BoundKernel<T> kernel = f.kernel<T>().bind();
    const auto r = this->one_by_one(kernel);
    const std::size_t n = this->longest;
    std::vector<T> x(r.x.size()), dy(r.x.size()), y(r.x.size()), dx(r.x.size());
    for (std::size_t shift = 0; shift < this->shifts; ++shift) {
      const std::size_t other = (5 * shift + 3) % this->shifts;
      std::copy_n(r.x.begin(), n, x.begin() + static_cast<std::ptrdiff_t>(shift));
      std::copy_n(r.dy.begin(), n, dy.begin() + static_cast<std::ptrdiff_t>(other));
      const auto from = std::span<const T>(x).subspan(shift, n);
      kernel.forward(from, std::span(y).subspan(other, n));
      kernel.backward(from, std::span<const T>(dy).subspan(other, n),
                      std::span(dx).subspan(other, n));
      const std::string where = f.name() + ", shift " + std::to_string(shift);
      this->expect_equal(std::span<const T>(y).subspan(other, n), std::span<const T>(r.y).first(n),
                         where);
      this->expect_equal(std::span<const T>(dx).subspan(other, n),
                         std::span<const T>(r.dx).first(n), where + ", gradient");
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TYPED_TEST(SameBits, InPlace) {
  using T = TypeParam;
  for (const Function& f : functions_of_one_input()) {
    const BoundKernel<T> kernel = f.kernel<T>({.fused = true}).bind();
    const auto r = this->one_by_one(kernel);
    for (std::size_t n = 0; n <= this->longest; n += 1 + n / 20) {
      const auto x = std::span<const T>(r.x).first(n);
      const auto dy = std::span<const T>(r.dy).first(n);
      const auto expected_y = std::span<const T>(r.y).first(n);
      const auto expected_dx = std::span<const T>(r.dx).first(n);
      const std::string where = f.name() + ", length " + std::to_string(n);
      std::vector<T> a(x.begin(), x.end());
      kernel.forward(a, a);
      this->expect_equal(a, expected_y, where);
      a.assign(x.begin(), x.end());
      kernel.backward(a, dy, a);
      this->expect_equal(a, expected_dx, where + ", gradient over x");
      std::vector<T> b(dy.begin(), dy.end());
      kernel.backward(x, b, b);
      this->expect_equal(b, expected_dx, where + ", gradient over dy");
      a.assign(x.begin(), x.end());
      b.assign(dy.begin(), dy.end());
      kernel.forward_backward(a, b, a, b);
      this->expect_equal(a, expected_y, where + ", both");
      this->expect_equal(b, expected_dx, where + ", both, gradient");
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

#if defined(__x86_64__)

// Bits of MXCSR.
constexpr unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
constexpr unsigned down = 0x2000, up = 0x4000, toward_zero = 0x6000;
constexpr unsigned exception_masks = 0x1f80, sticky_flags = 0x003f;

class Environment {
 public:
  explicit Environment(unsigned control) : before_(_mm_getcsr()) { _mm_setcsr(control); }
  ~Environment() { _mm_setcsr(before_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  unsigned before_;
};

struct Setting {
  const char* name;
  unsigned control;
};
// Without masks an exception is a SIGFPE: the end of the test.
constexpr Setting settings[] = {
    {"subnormal numbers flushed", exception_masks | flush_to_zero | denormals_are_zero},
    {"rounding down", exception_masks | down},
    {"rounding up", exception_masks | up},
    {"rounding toward zero", exception_masks | toward_zero},
    {"exceptions trapped", 0},
    {"all of it", flush_to_zero | denormals_are_zero | up}};

// All magnitudes and both signs, subnormal numbers too; and where activations do their work.
template <class T>
std::vector<T> all_magnitudes() {
  if constexpr (sizeof(T) == 2) {
    std::vector<T> x;
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
      x.push_back(T::from_bits(static_cast<std::uint16_t>(bits)));
    }
    return x;
  } else {
    using L = std::numeric_limits<T>;
    std::vector<T> x = {0, L::denorm_min(), L::infinity(), L::quiet_NaN()};
    const T step = sizeof(T) == 4 ? T(1.0052) : T(1.0352);
    for (T m = 3 * L::denorm_min(); m <= L::max() / step;
         m = std::max(m * step, m + L::denorm_min()))
      x.push_back(m);
    for (T m = T(0x1p-10); m < 128; m += T(0x1.03p-6)) x.push_back(m);
    const std::size_t positive = x.size();
    for (std::size_t i = 0; i < positive; ++i) x.push_back(-x[i]);
    return x;
  }
}

template <class T>
class CallersEnvironment : public testing::Test {};
TYPED_TEST_SUITE(CallersEnvironment, Elements);

TYPED_TEST(CallersEnvironment, ChangesNoResultAndIsAsItWas) {
  using T = TypeParam;
  const std::vector<T> x = all_magnitudes<T>();
  const std::size_t n = x.size();
  const std::vector<T> dy(n, T(1));
  std::vector<T> y(n), dx(n), other_y(n), other_dx(n);
  for (const Function& f : functions_of_one_input()) {
    const BoundKernel<T> kernel = f.kernel<T>().bind();
    kernel.forward(x, y);
    kernel.backward(x, dy, dx);
    for (const auto& [name, control] : settings) {
      unsigned after = 0;
      unsigned short x87_before = 0, x87_after = 0;
      asm volatile("fnstcw %0" : "=m"(x87_before));
      {
        const Environment environment(control);
        kernel.forward(x, other_y);
        kernel.backward(x, dy, other_dx);
        after = _mm_getcsr();
      }
      asm volatile("fnstcw %0" : "=m"(x87_after));
      EXPECT_EQ(after & ~sticky_flags, control) << f.name() << ", " << name;
      EXPECT_EQ(x87_after, x87_before) << f.name() << ", " << name;
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(bits_of(other_y[i]), bits_of(y[i])) << f.name() << "(" << x[i] << "), " << name;
        ASSERT_EQ(bits_of(other_dx[i]), bits_of(dx[i]))
            << f.name() << "'(" << x[i] << "), " << name;
      }
    }
  }
}

TYPED_TEST(CallersEnvironment, IsAsItWasWhereAKernelRefusesOrHasNothingToDo) {
  using T = TypeParam;
  const BoundKernel<T> kernel = builtin("gelu").kernel<T>().bind();
  const Environment environment(exception_masks | flush_to_zero | up);
  kernel.forward(std::span<const T>(), std::span<T>());
  EXPECT_EQ(_mm_getcsr() & ~sticky_flags, exception_masks | flush_to_zero | up);
}

#endif

}  // namespace
}  // namespace actc
