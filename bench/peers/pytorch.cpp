// PyTorch's operators of the CPU, in their `out` forms where they have one: without autograd, on
// one thread, into arrays that are there. Of mish the gradient has no such form: it makes its
// array.
#include <ATen/Parallel.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/elu_backward.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardswish_backward.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/leaky_relu_backward.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/mish_backward.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sigmoid_backward.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/softplus_backward.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tanh_backward.h>
#include <ATen/ops/threshold_backward.h>
#include <c10/core/InferenceMode.h>

#include <map>
#include <string>

#include "bench/peers/peer.h"

namespace bench {
namespace {

using at::Tensor;

struct Operator {
  void (*forward)(Tensor& y, const Tensor& x);
  void (*backward)(Tensor& dx, const Tensor& dy, const Tensor& saved);
  bool saves_y = false;  // else x
};

const std::map<std::string, Operator, std::less<>>& functions() {
  using T = Tensor&;
  using C = const Tensor&;
  static const std::map<std::string, Operator, std::less<>> table = {
      {"exp", {[](T y, C x) { at::exp_out(y, x); }, nullptr}},
      {"relu",
       {[](T y, C x) { at::relu_out(y, x); },
        [](T dx, C dy, C x) { at::threshold_backward_out(dx, dy, x, 0); }}},
      {"leaky_relu",
       {[](T y, C x) { at::leaky_relu_out(y, x, 0.01); },
        [](T dx, C dy, C x) { at::leaky_relu_backward_out(dx, dy, x, 0.01, false); }}},
      {"hard_swish",
       {[](T y, C x) { at::hardswish_out(y, x); },
        [](T dx, C dy, C x) { at::hardswish_backward_out(dx, dy, x); }}},
      {"sigmoid",
       {[](T y, C x) { at::sigmoid_out(y, x); },
        [](T dx, C dy, C y) { at::sigmoid_backward_out(dx, dy, y); }, true}},
      {"tanh",
       {[](T y, C x) { at::tanh_out(y, x); },
        [](T dx, C dy, C y) { at::tanh_backward_out(dx, dy, y); }, true}},
      {"elu",
       {[](T y, C x) { at::elu_out(y, x, 1, 1, 1); },
        [](T dx, C dy, C x) { at::elu_backward_out(dx, dy, 1, 1, 1, false, x); }}},
      {"softplus",
       {[](T y, C x) { at::softplus_out(y, x, 1, 20); },
        [](T dx, C dy, C x) { at::softplus_backward_out(dx, dy, x, 1, 20); }}},
      {"silu",
       {[](T y, C x) { at::silu_out(y, x); },
        [](T dx, C dy, C x) { at::silu_backward_out(dx, dy, x); }}},
      {"mish",
       {[](T y, C x) { at::mish_out(y, x); },
        [](T dx, C dy, C x) { dx = at::mish_backward(dy, x); }}},
      {"gelu",
       {[](T y, C x) { at::gelu_out(y, x, "none"); },
        [](T dx, C dy, C x) { at::gelu_backward_out(dx, dy, x, "none"); }}},
      {"gelu_tanh",
       {[](T y, C x) { at::gelu_out(y, x, "tanh"); },
        [](T dx, C dy, C x) { at::gelu_backward_out(dx, dy, x, "tanh"); }}},
  };
  return table;
}

at::ScalarType type_of(Type type) {
  switch (type) {
    case Type::f32:
      return at::kFloat;
    case Type::f64:
      return at::kDouble;
    case Type::f16:
      return at::kHalf;
    case Type::bf16:
      return at::kBFloat16;
  }
  return at::kFloat;
}

std::function<void()> prepare(const Job& job) {
  const auto found = functions().find(job.function);
  if (found == functions().end()) return {};
  const Operator f = found->second;
  if (job.direction != Direction::forward && f.backward == nullptr) return {};
  static const c10::InferenceMode no_autograd;
  at::set_num_threads(1);

  const auto array = [&](const void* p) {
    return at::from_blob(const_cast<void*>(p), {static_cast<std::int64_t>(job.n)},
                         at::TensorOptions(type_of(job.type)));
  };
  const Tensor x = array(job.x);
  const Tensor dy = array(job.dy);
  Tensor y = array(job.y);
  const Tensor dx = array(job.dx);
  if (job.direction == Direction::forward) return [=]() mutable { f.forward(y, x); };
  if (job.direction == Direction::both) {
    return [=]() mutable {
      f.forward(y, x);
      Tensor gradient = dx;
      f.backward(gradient, dy, f.saves_y ? y : x);
    };
  }
  if (f.saves_y) f.forward(y, x);
  Tensor first = dx;
  f.backward(first, dy, f.saves_y ? y : x);
  if (first.data_ptr() != dx.data_ptr()) dx.copy_(first);  // mish's
  return [=] {
    Tensor gradient = dx;
    f.backward(gradient, dy, f.saves_y ? y : x);
  };
}

}  // namespace
}  // namespace bench

bench::Peers actc_bench_peers() {
  static constexpr bench::Peer self = {"PyTorch", bench::offer<bench::prepare>};
  return {&self, 1};
}
