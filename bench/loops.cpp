// What a C++ author writes who wants an activation and its gradient: one line of <cmath> each, and
// the compiler's own vectorization where it finds one.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "bench/kernels.h"

namespace bench {
namespace {

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

struct Relu {
  static float f(float x) { return x > 0 ? x : 0; }
  static float slope(float x) { return x > 0 ? 1.0f : 0.0f; }
};

struct LeakyRelu {
  static float f(float x) { return x > 0 ? x : 0.01f * x; }
  static float slope(float x) { return x > 0 ? 1.0f : 0.01f; }
};

struct HardSwish {
  static float f(float x) { return x * std::clamp(x + 3, 0.0f, 6.0f) / 6; }
  static float slope(float x) { return x <= -3 ? 0.0f : x >= 3 ? 1.0f : x / 3 + 0.5f; }
};

struct Sigmoid {
  static float f(float x) { return sigmoid(x); }
  static float slope(float x) {
    const float s = sigmoid(x);
    return s * (1 - s);
  }
};

struct Tanh {
  static float f(float x) { return std::tanh(x); }
  static float slope(float x) {
    const float t = std::tanh(x);
    return 1 - t * t;
  }
};

struct Elu {
  static float f(float x) { return x > 0 ? x : std::expm1(x); }
  static float slope(float x) { return x > 0 ? 1.0f : std::exp(x); }
};

struct Softplus {
  static float f(float x) { return std::max(x, 0.0f) + std::log1p(std::exp(-std::abs(x))); }
  static float slope(float x) { return sigmoid(x); }
};

struct Silu {
  static float f(float x) { return x * sigmoid(x); }
  static float slope(float x) {
    const float s = sigmoid(x);
    return s * (1 + x * (1 - s));
  }
};

struct Mish {
  static float f(float x) { return x * std::tanh(Softplus::f(x)); }
  static float slope(float x) {
    const float t = std::tanh(Softplus::f(x));
    return t + x * (1 - t * t) * sigmoid(x);
  }
};

struct GeluTanh {
  static constexpr float k = 0.7978845608f;  // sqrt(2 / pi)

  static float f(float x) { return 0.5f * x * (1 + std::tanh(k * (x + 0.044715f * x * x * x))); }
  static float slope(float x) {
    const float t = std::tanh(k * (x + 0.044715f * x * x * x));
    return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * k * (1 + 3 * 0.044715f * x * x);
  }
};

struct Gelu {
  static constexpr float half_root = std::numbers::sqrt2_v<float> / 2;
  static constexpr float density = half_root * std::numbers::inv_sqrtpi_v<float>;

  static float f(float x) { return 0.5f * x * (1 + std::erf(x * half_root)); }
  static float slope(float x) {
    return 0.5f * (1 + std::erf(x * half_root)) + x * density * std::exp(-0.5f * x * x);
  }
};

template <class Function>
void forward(const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = Function::f(x[i]);
}

template <class Function>
void backward(const float* x, const float* dy, float* dx, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) dx[i] = dy[i] * Function::slope(x[i]);
}

template <class Function>
constexpr UnaryKernel loop(std::string_view name) {
  return {name, &forward<Function>, &backward<Function>};
}

}  // namespace

std::span<const UnaryKernel> plain_loops() {
  static constexpr std::array loops = {
      loop<Relu>("relu"),
      loop<LeakyRelu>("leaky_relu"),
      loop<HardSwish>("hard_swish"),
      loop<Sigmoid>("sigmoid"),
      loop<Tanh>("tanh"),
      loop<Elu>("elu"),
      loop<Softplus>("softplus"),
      loop<Silu>("silu"),
      loop<Mish>("mish"),
      loop<GeluTanh>("gelu_tanh"),
      loop<Gelu>("gelu"),
      loop<Sigmoid>("sigmoid_fast"),
      loop<Tanh>("tanh_fast"),
      loop<Mish>("mish_fast"),
      loop<Gelu>("gelu_fast"),
  };
  return loops;
}

}  // namespace bench
