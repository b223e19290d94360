// XNNPACK's operators as Debian has them (2022), set up beforehand.
#include <xnnpack.h>

#include <limits>
#include <memory>
#include <string_view>

#include "bench/peers/peer.h"

namespace bench {
namespace {

struct Delete {
  void operator()(xnn_operator_t op) const { xnn_delete_operator(op); }
};

std::function<void()> prepare(const Job& job) {
  if (job.type != Type::f32 || job.direction != Direction::forward) return {};
  if (xnn_initialize(nullptr) != xnn_status_success) return {};
  const std::string_view name = job.function;
  const auto* x = static_cast<const float*>(job.x);
  auto* y = static_cast<float*>(job.y);
  const std::size_t n = job.n;
  xnn_operator_t made = nullptr;
  xnn_status status = xnn_status_invalid_parameter;
  // Operators work on rows of channels: here rows of one, so that all are one array.
  if (name == "relu") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    if (xnn_create_clamp_nc_f32(1, 1, 1, 0, infinity, 0, &made) == xnn_status_success) {
      status = xnn_setup_clamp_nc_f32(made, n, x, y, nullptr);
    }
  } else if (name == "leaky_relu") {
    if (xnn_create_leaky_relu_nc_f32(1, 1, 1, 0.01F, 0, &made) == xnn_status_success) {
      status = xnn_setup_leaky_relu_nc_f32(made, n, x, y, nullptr);
    }
  } else if (name == "hard_swish") {
    if (xnn_create_hardswish_nc_f32(1, 1, 1, 0, &made) == xnn_status_success) {
      status = xnn_setup_hardswish_nc_f32(made, n, x, y, nullptr);
    }
  } else if (name == "sigmoid") {
    if (xnn_create_sigmoid_nc_f32(1, 1, 1, 0, &made) == xnn_status_success) {
      status = xnn_setup_sigmoid_nc_f32(made, n, x, y, nullptr);
    }
  } else if (name == "elu") {
    if (xnn_create_elu_nc_f32(1, 1, 1, 1, 0, &made) == xnn_status_success) {
      status = xnn_setup_elu_nc_f32(made, n, x, y, nullptr);
    }
  }
  if (made == nullptr) return {};
  const std::shared_ptr<xnn_operator> op(made, Delete());
  if (status != xnn_status_success) return {};
  return [op] { xnn_run_operator(op.get(), nullptr); };
}

}  // namespace
}  // namespace bench

bench::Peers actc_bench_peers() {
  static constexpr bench::Peer self = {"XNNPACK, Debian", bench::offer<bench::prepare>};
  return {&self, 1};
}
