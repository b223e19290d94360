// What a C++ author writes who wants an activation and its gradient: one line of <cmath> each, and
// the compiler's own vectorization where it finds one. Built twice: with -O3, and with -ffast-math
// too, by which g++ calls the vector functions of libmvec.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include "bench/peers/peer.h"

namespace bench {
namespace {

template <class T>
T sigmoid(T x) {
  return 1 / (1 + std::exp(-x));
}

struct Exp {
  static constexpr std::string_view name = "exp";
  template <class T>
  static T f(T x) {
    return std::exp(x);
  }
  template <class T>
  static T slope(T x) {
    return std::exp(x);
  }
};

struct Relu {
  static constexpr std::string_view name = "relu";
  template <class T>
  static T f(T x) {
    return x > 0 ? x : 0;
  }
  template <class T>
  static T slope(T x) {
    return x > 0 ? 1 : 0;
  }
};

struct LeakyRelu {
  static constexpr std::string_view name = "leaky_relu";
  template <class T>
  static T f(T x) {
    return x > 0 ? x : T(0.01) * x;
  }
  template <class T>
  static T slope(T x) {
    return x > 0 ? T(1) : T(0.01);
  }
};

struct HardSwish {
  static constexpr std::string_view name = "hard_swish";
  template <class T>
  static T f(T x) {
    return x * std::clamp(x + 3, T(0), T(6)) / 6;
  }
  template <class T>
  static T slope(T x) {
    return x <= -3 ? T(0) : x >= 3 ? T(1) : x / 3 + T(0.5);
  }
};

struct Sigmoid {
  static constexpr std::string_view name = "sigmoid";
  template <class T>
  static T f(T x) {
    return sigmoid(x);
  }
  template <class T>
  static T slope(T x) {
    const T s = sigmoid(x);
    return s * (1 - s);
  }
};

struct Tanh {
  static constexpr std::string_view name = "tanh";
  template <class T>
  static T f(T x) {
    return std::tanh(x);
  }
  template <class T>
  static T slope(T x) {
    const T t = std::tanh(x);
    return 1 - t * t;
  }
};

struct Elu {
  static constexpr std::string_view name = "elu";
  template <class T>
  static T f(T x) {
    return x > 0 ? x : std::expm1(x);
  }
  template <class T>
  static T slope(T x) {
    return x > 0 ? T(1) : std::exp(x);
  }
};

struct Softplus {
  static constexpr std::string_view name = "softplus";
  template <class T>
  static T f(T x) {
    return std::max(x, T(0)) + std::log1p(std::exp(-std::abs(x)));
  }
  template <class T>
  static T slope(T x) {
    return sigmoid(x);
  }
};

struct Silu {
  static constexpr std::string_view name = "silu";
  template <class T>
  static T f(T x) {
    return x * sigmoid(x);
  }
  template <class T>
  static T slope(T x) {
    const T s = sigmoid(x);
    return s * (1 + x * (1 - s));
  }
};

struct Mish {
  static constexpr std::string_view name = "mish";
  template <class T>
  static T f(T x) {
    return x * std::tanh(Softplus::f(x));
  }
  template <class T>
  static T slope(T x) {
    const T t = std::tanh(Softplus::f(x));
    return t + x * (1 - t * t) * sigmoid(x);
  }
};

struct GeluTanh {
  static constexpr std::string_view name = "gelu_tanh";
  template <class T>
  static constexpr T k = T(0.79788456080286535588);  // sqrt(2 / pi)

  template <class T>
  static T f(T x) {
    return T(0.5) * x * (1 + std::tanh(k<T> * (x + T(0.044715) * x * x * x)));
  }
  template <class T>
  static T slope(T x) {
    const T t = std::tanh(k<T> * (x + T(0.044715) * x * x * x));
    return T(0.5) * (1 + t) + T(0.5) * x * (1 - t * t) * k<T> * (1 + T(0.134145) * x * x);
  }
};

struct Gelu {
  static constexpr std::string_view name = "gelu";
  template <class T>
  static constexpr T half_root = std::numbers::sqrt2_v<T> / 2;
  template <class T>
  static constexpr T density = half_root<T> * std::numbers::inv_sqrtpi_v<T>;

  template <class T>
  static T f(T x) {
    return T(0.5) * x * (1 + std::erf(x * half_root<T>));
  }
  template <class T>
  static T slope(T x) {
    return T(0.5) * (1 + std::erf(x * half_root<T>)) + x * density<T> * std::exp(T(-0.5) * x * x);
  }
};

template <class F, class T>
std::function<void()> run(const Job& job) {
  const auto* x = static_cast<const T*>(job.x);
  const auto* dy = static_cast<const T*>(job.dy);
  auto* y = static_cast<T*>(job.y);
  auto* dx = static_cast<T*>(job.dx);
  const std::size_t n = job.n;
  switch (job.direction) {
    case Direction::forward:
      return [=] {
        for (std::size_t i = 0; i < n; ++i) y[i] = F::f(x[i]);
      };
    case Direction::backward:
      return [=] {
        for (std::size_t i = 0; i < n; ++i) dx[i] = dy[i] * F::slope(x[i]);
      };
    case Direction::both:
      return [=] {
        for (std::size_t i = 0; i < n; ++i) {
          y[i] = F::f(x[i]);
          dx[i] = dy[i] * F::slope(x[i]);
        }
      };
  }
  return {};
}

template <class... F>
std::function<void()> run_named(const Job& job) {
  std::function<void()> found;
  const auto try_one = [&]<class One>(One) {
    if (One::name != job.function) return;
    if (job.type == Type::f32) found = run<One, float>(job);
    if (job.type == Type::f64) found = run<One, double>(job);
  };
  (try_one(F()), ...);
  return found;
}

std::function<void()> prepare(const Job& job) {
  return run_named<Exp, Relu, LeakyRelu, HardSwish, Sigmoid, Tanh, Elu, Softplus, Silu, Mish,
                   GeluTanh, Gelu>(job);
}

}  // namespace
}  // namespace bench

bench::Peers actc_bench_peers() {
#ifdef __FAST_MATH__
  static constexpr bench::Peer self = {"C++ loop, -ffast-math", bench::offer<bench::prepare>};
#else
  static constexpr bench::Peer self = {"C++ loop", bench::offer<bench::prepare>};
#endif
  return {&self, 1};
}
