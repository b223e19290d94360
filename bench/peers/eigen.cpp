// Eigen's arrays, as expressions that it fuses into one loop; with exp and log where its expm1 and
// log1p are a call an element.
#include <Eigen/Core>
#include <cmath>
#include <string_view>
#include <utility>

#include "bench/peers/peer.h"

namespace bench {
namespace {

template <class T>
using Array = Eigen::Array<T, Eigen::Dynamic, 1>;

template <class T>
std::function<void()> prepare_for(const Job& job) {
  using In = Eigen::Map<const Array<T>, Eigen::Aligned64>;
  using Out = Eigen::Map<Array<T>, Eigen::Aligned64>;
  const auto n = static_cast<Eigen::Index>(job.n);
  const In x(static_cast<const T*>(job.x), n);
  const In dy(static_cast<const T*>(job.dy), n);
  Out y(static_cast<T*>(job.y), n);
  Out dx(static_cast<T*>(job.dx), n);

  const std::string_view name = job.function;
  const auto softplus = [](const auto& a) { return a.max(T(0)) + (T(1) + (-a.abs()).exp()).log(); };
  static constexpr T k = T(0.79788456080286535588);  // sqrt(2 / pi)
  const auto inner = [](const auto& a) { return k * (a + T(0.044715) * a.cube()); };

  if (job.direction == Direction::forward) {
    const auto run = [=](auto f) -> std::function<void()> { return [=]() mutable { y = f(x); }; };
    if (name == "exp") return run([](const auto& a) { return a.exp(); });
    if (name == "relu") return run([](const auto& a) { return a.max(T(0)); });
    if (name == "leaky_relu") return run([](const auto& a) { return a.max(T(0.01) * a); });
    if (name == "hard_swish") {
      return run([](const auto& a) { return a * (a + T(3)).max(T(0)).min(T(6)) * T(1.0 / 6); });
    }
    if (name == "sigmoid") return run([](const auto& a) { return a.logistic(); });
    if (name == "tanh") return run([](const auto& a) { return a.tanh(); });
    if (name == "elu") {
      return run([](const auto& a) { return (a > T(0)).select(a, a.exp() - T(1)); });
    }
    if (name == "softplus") return run(softplus);
    if (name == "silu") return run([](const auto& a) { return a * a.logistic(); });
    if (name == "mish") {
      return [=]() mutable { y = x * softplus(x).tanh(); };
    }
    if (name == "gelu_tanh") {
      return [=]() mutable { y = T(0.5) * x * (T(1) + inner(x).tanh()); };
    }
    return {};
  }
  if (job.direction != Direction::backward) return {};
  if (name == "relu") {
    return [=]() mutable { dx = (x > T(0)).select(dy, T(0)); };
  }
  if (name == "leaky_relu") {
    return [=]() mutable { dx = (x > T(0)).select(dy, T(0.01) * dy); };
  }
  if (name == "hard_swish") {
    return [=]() mutable {
      dx = (x > T(-3)).select((x < T(3)).select(dy * (x * T(1.0 / 3) + T(0.5)), dy), T(0));
    };
  }
  if (name == "sigmoid") {
    return [=]() mutable { dx = dy * x.logistic() * (T(1) - x.logistic()); };
  }
  if (name == "tanh") {
    return [=]() mutable { dx = dy * (T(1) - x.tanh().square()); };
  }
  if (name == "elu") {
    return [=]() mutable { dx = (x > T(0)).select(dy, dy * x.exp()); };
  }
  if (name == "softplus") {
    return [=]() mutable { dx = dy * x.logistic(); };
  }
  if (name == "silu") {
    return [=]() mutable { dx = dy * x.logistic() * (T(1) + x * (T(1) - x.logistic())); };
  }
  return {};
}

std::function<void()> prepare(const Job& job) {
  if (job.type == Type::f32) return prepare_for<float>(job);
  if (job.type == Type::f64) return prepare_for<double>(job);
  return {};
}

}  // namespace
}  // namespace bench

bench::Peers actc_bench_peers() {
  static constexpr bench::Peer self = {"Eigen", bench::offer<bench::prepare>};
  return {&self, 1};
}
