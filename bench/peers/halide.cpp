// Halide's JIT, vectorized by the native width and by twice that. tanh as it is written with exp,
// since Halide's own is a call an element.
#include <Halide.h>

#include <memory>
#include <string_view>

#include "bench/peers/peer.h"

namespace bench {
namespace {

using Halide::Expr;

Expr sigmoid(const Expr& x) { return 1.0F / (1.0F + Halide::exp(-x)); }
Expr softplus(const Expr& x) {
  return Halide::max(x, 0.0F) + Halide::log(1.0F + Halide::exp(-Halide::abs(x)));
}
Expr hyperbolic_tangent(const Expr& x) { return 1.0F - 2.0F / (Halide::exp(2.0F * x) + 1.0F); }

Expr formula(std::string_view name, const Expr& x) {
  if (name == "exp") return Halide::exp(x);
  if (name == "relu") return Halide::max(x, 0.0F);
  if (name == "leaky_relu") return Halide::max(x, 0.01F * x);
  if (name == "hard_swish") return x * Halide::clamp(x + 3.0F, 0.0F, 6.0F) * (1.0F / 6);
  if (name == "sigmoid") return sigmoid(x);
  if (name == "tanh") return hyperbolic_tangent(x);
  if (name == "elu") return Halide::select(x > 0.0F, x, Halide::exp(x) - 1.0F);
  if (name == "softplus") return softplus(x);
  if (name == "silu") return x * sigmoid(x);
  if (name == "mish") return x * hyperbolic_tangent(softplus(x));
  if (name == "gelu") return 0.5F * x * (1.0F + Halide::erf(x * 0.70710678F));
  if (name == "gelu_tanh") return x * sigmoid(1.5957691F * (x + 0.044715F * x * x * x));
  return {};
}

template <int times>
std::function<void()> prepare(const Job& job) {
  if (job.type != Type::f32 || job.direction != Direction::forward) return {};
  const auto n = static_cast<int>(job.n);
  const Halide::Buffer<float> x(static_cast<float*>(const_cast<void*>(job.x)), n);
  Halide::Buffer<float> y(static_cast<float*>(job.y), n);
  Halide::Var i;
  Halide::Func f;
  const Expr value = formula(job.function, x(i));
  if (!value.defined()) return {};
  f(i) = value;
  const Halide::Target target = Halide::get_host_target();
  f.vectorize(i, times * target.natural_vector_size<float>());
  f.compile_jit(target);
  return [f, y]() mutable { f.realize(y); };
}

}  // namespace
}  // namespace bench

bench::Peers actc_bench_peers() {
  static constexpr bench::Peer selves[] = {{"Halide", bench::offer<bench::prepare<1>>},
                                           {"Halide, 2 vectors", bench::offer<bench::prepare<2>>}};
  return {selves, 2};
}
